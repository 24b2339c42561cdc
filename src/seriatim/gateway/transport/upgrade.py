"""Which handshakes become a WebSocket: path, method, version, key, origin, subprotocol, rate; then `Accept`."""

import base64
import binascii
import math
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from seriatim.gateway.transport.contract import Accept, Refusal, UpgradeRequest
from seriatim.gateway.transport.listener import Listener
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.limits import HANDSHAKES_PER_S, LIMITS

PATH = "/v1/ws"
_KEY_BYTES = 16
LONGEST_RETRY_S = 30
"""Nobody is told to stay away longer: with what rises in the meantime, later places are guesses."""


class Handshake(NamedTuple):
    """What one upgrade request says, as the HTTP parser read it; `path` is without its query."""

    method: str
    http_version: str
    path: str
    fields: list[tuple[bytes, bytes]]
    address: str


class Upgraded(NamedTuple):
    """A handshake that was accepted; `key` goes into the answer."""

    key: str
    listener: Listener


class Doorway:
    """Decides on all handshakes of one process.

    `origins` are the pages that may connect (`https://chat.example`); None means those of the host that the request
    itself names. A missing Origin is a program, not a page, and may connect: it cannot be tricked into it.
    """

    def __init__(
        self,
        accept: Accept,
        *,
        origins: frozenset[str] | None = None,
        message_bytes: int = LIMITS.frame_bytes,
        handshakes_per_s: int = HANDSHAKES_PER_S,
    ) -> None:
        self.message_bytes = message_bytes
        self.draining = False
        """Set before a restart: every handshake is refused with 503."""
        self._accept = accept
        self._origins = origins
        self._per_s = handshakes_per_s
        self._left = float(handshakes_per_s)
        self._counted_at = self._promised_at = time.monotonic()

    def decide(self, handshake: Handshake) -> Upgraded | Refusal:
        """Return the accepted connection, not yet open, or the HTTP answer that refuses it."""
        headers = _joined(handshake.fields)
        refusal = _malformed(handshake, headers) or self._foreign(headers) or self._busy()
        if refusal is not None:
            return refusal
        subprotocol = _subprotocol(headers.get("sec-websocket-protocol", ""))
        if subprotocol is None:
            known = ", ".join(Subprotocol)
            return Refusal(HTTPStatus.BAD_REQUEST, f"Sec-WebSocket-Protocol names none of {known}")
        listener = Listener(handshake.address, subprotocol, self.message_bytes)
        request = UpgradeRequest(handshake.path, headers, handshake.address, headers.get("origin"), subprotocol)
        receiver = self._accept(request, listener)
        if isinstance(receiver, Refusal):
            return receiver
        listener.receiver = receiver
        return Upgraded(headers["sec-websocket-key"], listener)

    def _foreign(self, headers: Mapping[str, str]) -> Refusal | None:
        origin = headers.get("origin")
        if origin is None:
            return None
        origin = origin.lower()
        own = _is_of(origin, headers["host"].lower()) if self._origins is None else origin in self._origins
        return None if own else Refusal(HTTPStatus.FORBIDDEN, "this Origin may not connect")

    def _busy(self) -> Refusal | None:
        """Take one token of the handshake rate, or a later place."""
        now = time.monotonic()
        self._left = min(float(self._per_s), self._left + (now - self._counted_at) * self._per_s)
        self._counted_at = now
        if self.draining:
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "this server restarts", 1)
        if self._left < 1.0:
            self._promised_at = max(self._promised_at, now) + 1 / self._per_s
            after_s = min(LONGEST_RETRY_S, math.ceil(self._promised_at - now))
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many handshakes at once", after_s)
        self._left -= 1.0
        return None


def _joined(fields: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in fields:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _malformed(handshake: Handshake, headers: Mapping[str, str]) -> Refusal | None:
    """Return why this is no handshake of ours (RFC 6455 section 4.2.1)."""
    if handshake.path != PATH:
        return Refusal(HTTPStatus.NOT_FOUND, f"WebSockets live at {PATH}")
    if handshake.method != "GET":
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "a handshake is a GET")
    if headers.get("sec-websocket-version") != "13":
        return Refusal(HTTPStatus.UPGRADE_REQUIRED, "Sec-WebSocket-Version is 13")
    body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if handshake.http_version != "1.1" or body or not _is_key(headers.get("sec-websocket-key", "")):
        return Refusal(HTTPStatus.BAD_REQUEST, "a handshake is HTTP/1.1, has no body, and a key of 16 bytes")
    return None


def _is_of(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc == host
    except ValueError:  # no URL at all: `http://[`
        return False


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.encode("ascii"), validate=True)) == _KEY_BYTES
    except (UnicodeEncodeError, binascii.Error):
        return False


def _subprotocol(offered: str) -> Subprotocol | None:
    names = [name.strip() for name in offered.split(",")]
    return next((known for known in Subprotocol if known in names), None)
