"""Addresses at which programs leave messages: made by who governs a conversation, called by who knows them."""

import hashlib
import hmac
import secrets
from typing import Final, NamedTuple
from uuid import UUID

from seriatim.core.clock import Clock
from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import ConversationId, DeviceId, random_id, uuid7
from seriatim.core.names import clean_name
from seriatim.features.webhooks import rules, store
from seriatim.log.access import Action, authorize
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.http.requests import HTTP_FRAME_ID
from seriatim.protocol.http.webhooks import WEBHOOKS, IncomingWebhookAddress, NewIncomingWebhook
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

SECRET_BYTES: Final = 24
UUID_VERSION, UUID_VARIANT = 0x8 << 76, 0x2 << 62


class Call(NamedTuple):
    """What somebody posted: the parts of the address, the kind of content, and a key if he gave one."""

    webhook_id: int
    secret: str
    content_type: str
    content: bytes
    key: str | None = None


class Wish(NamedTuple):
    """The message that a call asks for, and the name under which it is shown."""

    command: SendMessage
    sender: Sender
    via: str


async def make(
    connection: Connection, sender: Sender, conversation_id: ConversationId, wish: NewIncomingWebhook
) -> IncomingWebhookAddress:
    """Make an address; what comes in there is said by the sender, under the webhook's name.

    Raises:
        NotFound, Forbidden: the sender may not change this conversation's settings.
        BadRequest: the name cannot be shown.
        Conflict: `full`: there are 20.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.SET_SETTINGS)
    name, webhook_id, secret = clean_name(wish.name), random_id(), secrets.token_urlsafe(SECRET_BYTES)
    await store.lock(connection, conversation_id)
    if await store.count(connection, store.COUNT_INCOMING, conversation_id) >= WEBHOOKS:
        raise Conflict(f"at most {WEBHOOKS} webhooks", reason="full")
    await store.add_incoming(
        connection,
        webhook_id,
        conversation_id,
        name=name,
        secret_hash=_hash(secret),
        created_by=sender.user_id,
    )
    details = {"webhook_id": webhook_id, "name": name, "direction": "incoming"}
    await audited(connection, sender.user_id, Act.MAKE_WEBHOOK, conversation_id, details=details)
    return IncomingWebhookAddress(webhook_id=webhook_id, path=f"/v1/hooks/{webhook_id}/{secret}")


async def called(call: Call, database: Database, clock: Clock) -> Wish:
    """Return what a call wants said; the same call gives the same wish, so that its retry says nothing twice.

    The same is what has the same key, whenever it comes; without a key, the same content within a minute.

    Raises:
        NotFound: there is no such address, or its secret is another.
        BadRequest: what was posted is no message.
        Unavailable.
    """
    async with database.read() as connection:
        webhook = await store.called(connection, call.webhook_id)
    if not hmac.compare_digest(webhook.secret_hash if webhook else b"", _hash(call.secret)) or webhook is None:
        raise NotFound("there is no such webhook")
    message = rules.payload_of(call.content_type, call.content)
    body, via = rules.body_of(message), rules.via_of(message, webhook.name)
    if call.key is not None:
        client_id = _uuid(hashlib.sha256(call.key.encode()).digest())
    else:
        body_hash = hashlib.sha256(call.content).digest()
        async with database.transaction() as connection:
            client_id = await store.call_key(connection, call.webhook_id, body_hash, uuid7(), clock.now())
    command = SendMessage(id=HTTP_FRAME_ID, client_id=client_id, conversation_id=webhook.conversation_id, body=body)
    return Wish(command, Sender(webhook.created_by, DeviceId(call.webhook_id)), via)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _uuid(digest: bytes) -> UUID:
    """Return a UUID of one's own making (RFC 9562, version 8) that holds the beginning of a hash."""
    value = int.from_bytes(digest[:16], "big") & ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=value | UUID_VERSION | UUID_VARIANT)
