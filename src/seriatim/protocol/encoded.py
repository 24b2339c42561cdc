"""Server frames as bytes that are ready for a socket: encoded once per subprotocol, then shared by all recipients."""

from collections.abc import Callable
from typing import Any

import msgspec

from seriatim.core.ids import ConversationId
from seriatim.protocol.answers import Event
from seriatim.protocol.codec import CODECS, Codec, Subprotocol
from seriatim.protocol.entries import Entry

Framing = Callable[[bytes], bytes]
"""Puts a payload into one WebSocket frame of its subprotocol's kind; handed in by the gateway, which owns sockets."""


class Wire:
    """One subprotocol on one transport: a server frame in, bytes for the socket out."""

    __slots__ = ("_encode", "_framing", "binary", "codec")

    def __init__(self, subprotocol: Subprotocol, framing: Framing) -> None:
        self.codec: Codec = CODECS[subprotocol]
        self.binary = self.codec.binary
        self._encode = self.codec.encode
        self._framing = framing

    def encode(self, frame: Any) -> bytes:
        """Return the bytes of one server frame, framed."""
        return self._framing(self._encode(frame))


def wires(text: Framing, binary: Framing) -> dict[Subprotocol, Wire]:
    """Return the wire of each subprotocol, by the framing of text and of binary messages."""
    return {
        subprotocol: Wire(subprotocol, binary if CODECS[subprotocol].binary else text) for subprotocol in Subprotocol
    }


class EncodedEvents(msgspec.Struct, gc=False):
    """Consecutive entries of one conversation on their way to many sessions.

    Each subprotocol's bytes are made and joined at their first use, then shared: a session gets a burst with one call
    and one piece of memory, however many entries it holds.
    """

    epoch: str
    conversation_id: ConversationId
    entries: list[Entry]
    json: bytes | None = None
    msgpack: bytes | None = None

    @property
    def seq(self) -> int:
        """The last entry's."""
        return self.entries[-1].seq

    def framed(self, wire: Wire) -> bytes:
        """Return the bytes for one session's wire."""
        found = self.msgpack if wire.binary else self.json
        if found is None:
            epoch, encode = self.epoch, wire.encode
            found = b"".join([encode(Event(epoch=epoch, entry=entry)) for entry in self.entries])
            if wire.binary:
                self.msgpack = found
            else:
                self.json = found
        return found
