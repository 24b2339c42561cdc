"""The rules of RFC 6455 that the parser leaves out: fragments, UTF-8, control frames, closing. Knows no library."""

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from seriatim.protocol.codec import CODECS, Subprotocol
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.limits import CONTROL_FRAMES_PER_S, FRAGMENTS, LIMITS

if TYPE_CHECKING:
    from seriatim.gateway.transport.contract import MessageReceiver

log = structlog.get_logger()

CONTINUATION, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9
CLOSE_WITHIN_S = 1.0
"""How long a peer has to answer our close frame, and a last write to leave."""
_REASON_BYTES = 123
_STANDARD_CODES = frozenset((1000, 1001, 1002, 1003, *range(1007, 1015)))
_OWN_CODES = range(3000, 5000)


class Wire(Protocol):
    """What the listener needs of the parser's side of a connection."""

    @property
    def underlying_transport(self) -> asyncio.Transport: ...
    @property
    def is_close_frame_sent(self) -> bool: ...
    def send_close(self, close_code: int, close_message: bytes, /) -> None: ...
    def send_pong(self, message: bytes, /) -> None: ...


class Listener:
    """One WebSocket between the parser and its receiver: checks what comes in, and is the receiver's `Connection`."""

    __slots__ = (
        "_control_count",
        "_control_since",
        "_ending",
        "_fragment_bytes",
        "_fragments",
        "_message_bytes",
        "_opcode",
        "_wire",
        "address",
        "receiver",
        "subprotocol",
    )

    def __init__(self, address: str, subprotocol: Subprotocol, message_bytes: int = LIMITS.frame_bytes) -> None:
        self.address = address
        self.subprotocol = subprotocol
        self._opcode = BINARY if CODECS[subprotocol].binary else TEXT
        self._message_bytes = message_bytes
        self._wire: Wire | None = None
        self.receiver: MessageReceiver | None = None
        """Set once the handshake is accepted."""
        self._ending: asyncio.TimerHandle | None = None
        """Runs from the moment a close frame is sent, whoever sent it; nothing is delivered any more."""
        self._fragments: list[bytes] | None = None
        self._fragment_bytes = 0
        self._control_count = 0
        self._control_since = 0.0

    def open(self, wire: Wire) -> None:
        """Begin: from now on frames are delivered and writes go out."""
        self._wire = wire

    # From the parser.

    def frame(self, opcode: int, fin: bool | int, rsv: bool | int, payload: bytes) -> None:
        """Take one unmasked frame whose opcode and length the parser has checked."""
        if opcode == self._opcode and fin and not rsv and self._fragments is None and self._ending is None:
            self._deliver(payload)
        elif self._ending is not None:
            if opcode == CLOSE:
                self._end()
        elif rsv:
            self.close(CloseCode.PROTOCOL_ERROR, "no extension was negotiated: reserved bits must be 0")
        elif opcode >= CLOSE:
            self._control(opcode, payload)
        else:
            self._fragment(opcode, fin, payload)

    def failed(self) -> None:
        """End within a second, even when the peer does not read: the parser itself has sent a close frame."""
        if self._ending is None and self._wire is not None:
            self._end_writing()
            self._ending = asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, self.abort)

    def paused(self) -> None:
        """Pass on that the write buffer is above its mark."""
        if self.receiver is not None:
            self.receiver.paused()

    def resumed(self) -> None:
        """Pass on that the write buffer is below its mark."""
        if self.receiver is not None:
            self.receiver.resumed()

    def gone(self) -> None:
        """Tell the receiver, once, that the TCP connection has ended."""
        if self._ending is not None:
            self._ending.cancel()
        receiver, self.receiver, self._wire = self.receiver, None, None
        if receiver is not None:
            receiver.closed()

    # For the receiver: `Connection`.

    def write(self, framed: bytes) -> None:
        """Send framed bytes; dropped once a close frame was sent or the peer is gone."""
        wire = self._wire
        # The raw write skips the library's own check, and the library closes by itself on a bad frame.
        if wire is not None and not wire.is_close_frame_sent:
            wire.underlying_transport.write(framed)

    def close(self, code: int, reason: str) -> None:
        """Send one close frame and end the TCP connection within a second."""
        if self._wire is None or self._ending is not None:
            return
        self._fragments = None
        self._end_writing()
        cut = reason.encode()[:_REASON_BYTES].decode(errors="ignore").encode()
        self._wire.send_close(int(code), cut)
        self._ending = asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, self.abort)

    def abort(self) -> None:
        """End the TCP connection now."""
        if self._wire is not None:
            self._wire.underlying_transport.abort()

    def buffered_bytes(self) -> int:
        """Return the bytes written but not yet taken by the kernel."""
        return 0 if self._wire is None else self._wire.underlying_transport.get_write_buffer_size()

    def transport(self) -> asyncio.WriteTransport | None:
        """Return the transport, until a close frame is sent or the peer is gone."""
        return None if self._wire is None or self._ending is not None else self._wire.underlying_transport

    # Within.

    def _end_writing(self) -> None:
        if self.receiver is not None:
            self.receiver.ending()

    def _deliver(self, payload: bytes) -> None:
        if self._opcode == TEXT and not payload.isascii():
            try:
                payload.decode()
            except UnicodeDecodeError:
                self.close(CloseCode.BAD_UTF8, "the text is not valid UTF-8")
                return
        if self.receiver is not None:
            try:
                self.receiver.received(payload)
            except Exception:  # an edge: a bug above must end this connection, not the others read in the same tick
                log.exception("receiver_failed")
                self.close(CloseCode.SERVER_ERROR, "internal error")

    def _fragment(self, opcode: int, fin: bool | int, payload: bytes) -> None:
        fragments = self._fragments
        if (opcode == CONTINUATION) != (fragments is not None):
            words = "a continuation of nothing" if fragments is None else "a new message inside a fragmented one"
            self.close(CloseCode.PROTOCOL_ERROR, words)
            return
        if fragments is None:
            if opcode != self._opcode:
                self.close(CloseCode.UNSUPPORTED_DATA, f"{self.subprotocol} has no frames of this type")
                return
            fragments = self._fragments = []
            self._fragment_bytes = 0
        fragments.append(payload)
        self._fragment_bytes += len(payload)
        if len(fragments) > FRAGMENTS or self._fragment_bytes > self._message_bytes:
            self.close(CloseCode.MESSAGE_TOO_BIG, f"{self._message_bytes} bytes in {FRAGMENTS} fragments at most")
        elif fin:
            self._fragments = None
            self._deliver(b"".join(fragments))

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self._peer_closes(payload)
            return
        now = asyncio.get_running_loop().time()
        if now - self._control_since >= 1.0:
            self._control_since, self._control_count = now, 0
        self._control_count += 1
        if self._control_count > CONTROL_FRAMES_PER_S:
            self.close(CloseCode.RATE, f"{CONTROL_FRAMES_PER_S} control frames a second at most")
        elif opcode == PING and self._wire is not None:
            self._wire.send_pong(payload)

    def _peer_closes(self, payload: bytes) -> None:
        """Echo a close frame; the parser lets codes pass that must never be on the wire (0, 1006, 5000)."""
        code = int.from_bytes(payload[:2], "big") if payload else CloseCode.NORMAL
        if code in _STANDARD_CODES or code in _OWN_CODES:
            self.close(code, "")
        else:
            self.close(CloseCode.PROTOCOL_ERROR, f"{code} is no close code")
        self._end()

    def _end(self) -> None:
        """Both close frames have passed: the server ends the TCP connection first (RFC 6455 section 7.1.1)."""
        if self._wire is not None:
            self._wire.underlying_transport.close()
