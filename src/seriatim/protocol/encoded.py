"""Server frames as bytes that are ready for a socket: encoded once per subprotocol, then shared by all recipients."""

from collections.abc import Callable
from typing import Any

from seriatim.core.ids import ConversationId
from seriatim.core.trace import Trace
from seriatim.protocol.answers import Event
from seriatim.protocol.codec import CODECS, Codec, Subprotocol
from seriatim.protocol.entries import Entry

Framing = Callable[[bytes], bytes]
"""Puts a payload into one WebSocket frame of its subprotocol's kind; handed in by the gateway, which owns sockets."""


class Wire:
    """One subprotocol on one transport: a server frame in, bytes for the socket out."""

    __slots__ = ("_encode", "_framing", "codec", "index")

    def __init__(self, subprotocol: Subprotocol, framing: Framing) -> None:
        self.codec: Codec = CODECS[subprotocol]
        self.index = list(Subprotocol).index(subprotocol)
        """Place of this subprotocol's bytes in an `EncodedEvent`."""
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


class EncodedEvent:
    """An entry on its way to many sessions: each subprotocol's bytes are made at their first use and kept."""

    __slots__ = ("_bytes", "conversation_id", "entry", "epoch", "seq", "trace")

    def __init__(self, epoch: str, entry: Entry, trace: Trace | None = None) -> None:
        self.epoch = epoch
        self.entry = entry
        self.conversation_id: ConversationId = entry.conversation_id
        self.seq = entry.seq
        self.trace = trace
        """Of a sampled send, on the gateway that took it."""
        self._bytes: list[bytes | None] = [None] * len(Subprotocol)

    def framed(self, wire: Wire) -> bytes:
        """Return this event's bytes for one session's wire."""
        found = self._bytes[wire.index]
        if found is None:
            found = self._bytes[wire.index] = wire.encode(Event(epoch=self.epoch, entry=self.entry))
        return found
