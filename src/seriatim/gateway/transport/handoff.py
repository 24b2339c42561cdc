"""Takes an upgraded socket over from the HTTP side, same port and process: the only file that touches picows.

`WSProtocol`'s constructor is not public API: the pin in pyproject.toml and tests/contracts/test_websocket.py guard it.
"""

import asyncio
from typing import Any

import structlog
from picows import WSAutoPingStrategy, WSFrame, WSListener, WSTransport, WSUpgradeResponse, picows
from picows import WSUpgradeResponseWithListener as Answer

from seriatim.gateway.transport.listener import Listener
from seriatim.gateway.transport.upgrade import PATH, Upgraded
from seriatim.protocol.codes import CloseCode

WRITE_HIGH_BYTES, WRITE_LOW_BYTES = 64 * 1024, 16 * 1024
"""The marks between which a receiver is told to stop and to go on writing."""
_READ_BUFFER_BYTES = 2048
"""The least that picows takes. Its buffer never shrinks, so small client frames keep it small."""
_WSProtocol: Any = getattr(picows, "WSProtocol")  # noqa: B009 - the stub does not name it
_parse = _WSProtocol.buffer_updated


class _Quiet:
    """picows' logger: a client's bad frame is not our log line, and a logger per connection costs a kilobyte."""

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802 - the interface of logging
        return False

    def ignore(self, *_words: object) -> None: ...

    debug = info = warning = error = log = ignore

    def exception(self, message: str, *_words: object) -> None:
        structlog.get_logger().exception("websocket_parser_failed", words=message)


_QUIET = _Quiet()


class _Nobody(asyncio.Protocol):
    """Takes nothing; by one function for all, since uvloop keeps what it finds here for the life of each socket."""

    @staticmethod
    def data_received(data: bytes) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride]


_NOBODY = _Nobody()


class _Frames(WSListener):
    """Hands each frame to our checks."""

    __slots__ = ("_listener",)

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def on_ws_connected(self, transport: WSTransport) -> None:
        # The handshake would stay for the life of the connection: 2 kB.
        request = transport.request
        request.headers = transport.response.headers = None  # pyright: ignore[reportAttributeAccessIssue]
        request.method = request.path = request.version = b""
        transport.underlying_transport.set_write_buffer_limits(WRITE_HIGH_BYTES, WRITE_LOW_BYTES)
        self._listener.open(transport)  # pyright: ignore[reportArgumentType] - takes any int as a close code

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        del transport
        rsv = frame.rsv1 or frame.rsv2 or frame.rsv3
        self._listener.frame(frame.msg_type, frame.fin, rsv, frame.get_payload_as_bytes())  # pyright: ignore[reportArgumentType]

    def pause_writing(self) -> None:
        self._listener.paused()

    def resume_writing(self) -> None:
        self._listener.resumed()


class _Handoff(_WSProtocol):
    """The protocol of an upgraded socket; kept in uvicorn's set of connections so that its shutdown finds it."""

    __slots__ = ("_connections", "_listener")

    def __init__(self, upgraded: Upgraded, message_bytes: int, connections: set[Any]) -> None:
        def answer(_request: object) -> Answer:
            response = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": upgraded.listener.subprotocol})
            return Answer(response, _Frames(upgraded.listener))

        pings = (False, 20, 20, WSAutoPingStrategy.PING_WHEN_IDLE, False)  # the session has its own heartbeat
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            None, None, False, answer, _QUIET, True, None, *pings, message_bytes, None, _READ_BUFFER_BYTES
        )  # fmt: skip
        self._listener = upgraded.listener
        self._connections = connections
        connections.add(self)

    def buffer_updated(self, nbytes: int) -> None:
        _parse(self, nbytes)
        if self.transport.is_close_frame_sent:
            self._listener.failed()

    def feed(self, data: bytes) -> None:
        """Parse bytes that were read before the socket was ours."""
        view = memoryview(data)
        while view:
            buffer = self.get_buffer(len(view))
            count = min(len(buffer), len(view))
            buffer[:count] = view[:count]
            self.buffer_updated(count)
            view = view[count:]

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(exc)  # pyright: ignore[reportUnknownMemberType]
        self._listener.gone()

    def shutdown(self) -> None:
        """Close, as uvicorn's shutdown asks of every connection."""
        self._listener.close(CloseCode.RESTART, "restart")


def hand_over(
    transport: asyncio.Transport, upgraded: Upgraded, rest: bytes, message_bytes: int, connections: set[Any]
) -> None:
    """Answer 101 and let picows own `transport`; `rest` are the bytes read after the request's head.

    The library gets a request of our own making: it would refuse what browsers send (`Connection: keep-alive,
    Upgrade`), and its read buffer would grow with the cookies and stay so.
    """
    protocol = _Handoff(upgraded, message_bytes, connections)
    protocol.connection_made(transport)
    # uvloop keeps the data_received of the last protocol that was not buffered: without this the HTTP side would stay.
    transport.set_protocol(_NOBODY)
    transport.set_protocol(protocol)
    request = (
        f"GET {PATH} HTTP/1.1\r\nHost: local\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {upgraded.key}\r\n\r\n"
    )
    protocol.feed(request.encode() + rest)
