"""What the transport and the sessions above it promise each other: messages in, framed bytes out."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from seriatim.protocol.codec import Subprotocol


class Sink(Protocol):
    """Takes framed bytes and hands them to the kernel at once: a transport without any check."""

    def write(self, framed: bytes, /) -> None:
        """Send bytes."""
        ...


class Connection(Protocol):
    """One open WebSocket, as the transport offers it; every call is made on the event loop and none blocks."""

    @property
    def address(self) -> str:
        """The peer's address without its port, for limits per address."""
        ...

    @property
    def subprotocol(self) -> Subprotocol:
        """What was negotiated; text frames for JSON, binary ones for MessagePack."""
        ...

    def write(self, framed: bytes) -> None:
        """Send bytes made by `frame()`, any number of frames; dropped once a close frame was sent or the peer is gone.

        They are handed to the kernel at once, so merge what belongs together before the call.
        """
        ...

    def transport(self) -> Sink | None:
        """Return what `write` writes to, for those who write to very many.

        It is not to be used after `ending` or `closed`.
        """
        ...

    def close(self, code: int, reason: str) -> None:
        """Send one close frame, take nothing more from the peer, and end the TCP connection within a second.

        Calls after the first do nothing. `reason` is cut to 123 bytes.
        """
        ...

    def abort(self) -> None:
        """End the TCP connection now; what is still buffered is lost."""
        ...

    def buffered_bytes(self) -> int:
        """Return the bytes written but not yet taken by the kernel."""
        ...


class MessageReceiver(Protocol):
    """What the transport calls, always on the event loop. An exception out of `received` closes with 4003."""

    def received(self, payload: bytes | memoryview) -> None:
        """Take one assembled message, valid UTF-8 if it is text; a memoryview is only valid during the call."""
        ...

    def paused(self) -> None:
        """Stop writing where possible: the write buffer is above its mark."""
        ...

    def resumed(self) -> None:
        """Go on writing: the write buffer is below its low mark again."""
        ...

    def ending(self) -> None:
        """Write to the transport no more: a close frame is sent."""
        ...

    def closed(self) -> None:
        """Take note that the connection is gone; called exactly once, and nothing is called after it."""
        ...


class UpgradeRequest(NamedTuple):
    """A handshake that has passed the transport's own checks (path, key, version, origin, subprotocol)."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case; repeated fields are joined with `, `."""
    address: str
    origin: str | None
    subprotocol: Subprotocol


class Refusal(NamedTuple):
    """An HTTP answer in the place of the upgrade."""

    status: int
    reason: str
    retry_after_s: int | None = None


Accept = Callable[[UpgradeRequest, Connection], MessageReceiver | Refusal]
"""Decides on a handshake, synchronously; the connection may be kept, but not used before this has returned."""
