"""Identities: distinct integer types, so that a checker refuses a user where a conversation is meant."""

import hashlib
import hmac
import secrets
import time
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", int)
DeviceId = NewType("DeviceId", int)
ConversationId = NewType("ConversationId", int)
SessionId = NewType("SessionId", str)

MAX_ID = 2**53 - 1
"""Largest id and seq: the largest integer that JavaScript's numbers hold exactly."""


def random_id() -> int:
    """Return a random id in 1..MAX_ID; the caller's primary key finds the (one in 10^7 at 10^8 rows) collision."""
    return secrets.randbelow(MAX_ID) + 1


def conversation_id_of(secret: bytes, device_id: DeviceId, client_id: UUID, attempt: int = 0) -> ConversationId:
    """Return the id of the conversation that this device's `create` with this key makes, so that a retry finds it.

    `attempt` is raised by one when the id is taken by another device's key (a collision of 53 bits).
    """
    text = b"%d:%s:%d" % (device_id, client_id.bytes, attempt)
    digest = hmac.digest(secret, text, hashlib.sha256)
    return ConversationId(int.from_bytes(digest[:8], "big") % MAX_ID + 1)


def uuid7(now_ms: int | None = None) -> UUID:
    """Return a time-ordered UUID: 48 bits of milliseconds, then random bits.

    Source: RFC 9562 section 5.7.
    """
    milliseconds = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
