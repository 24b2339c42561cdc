"""uvicorn's HTTP/1.1 protocol with the limits that it leaves out: size and time of a request's head and body."""

import asyncio
import socket
from enum import IntEnum
from http import HTTPStatus
from typing import Any, NamedTuple

import httptools
import msgspec
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import is_ssl

from seriatim.core.errors import BadRequest, Forbidden, NotFound, RateLimited, TooLarge, Unavailable
from seriatim.gateway.transport.contract import Refusal
from seriatim.gateway.transport.handoff import hand_over
from seriatim.gateway.transport.upgrade import Doorway, Handshake
from seriatim.protocol.resources import Problem

_PIPELINED = 16
"""Most requests that may wait behind an unanswered one."""
FULL_RETRY_S = 5
"""When to come again where every place is taken."""
_CODES = {error.status: error.code for error in (BadRequest, Forbidden, NotFound, TooLarge, RateLimited, Unavailable)}
"""What a refusal is called where the rest of the server has a word for it; else HTTP's own."""


class HttpLimits(NamedTuple):
    """What one HTTP request may be: beyond it 431, 408 and 413."""

    head_bytes: int = 16 * 1024
    head_fields: int = 100
    head_s: float = 10.0
    """From the first byte of a head to its last; a TLS handshake has as long."""
    idle_s: float = 30.0
    """Between requests, and before the first byte."""
    body_bytes: int = 256 * 1024
    body_bytes_per_s: int = 1024
    body_window_s: float = 10.0
    """A body has to keep its rate in each window of this length; one that is whole sooner is not measured."""
    linger_s: float = 1.0
    """How long a refused client may go on sending: closing at once would reset the connection before it reads why."""
    connections: int | None = None
    """Most of them at once, WebSockets among them; beyond it 503. None: what the open files allow."""


class _Refused(Exception):
    """Stops the parser; the answer has been sent."""


class _Stage(IntEnum):
    BETWEEN, HEAD, BODY = range(3)


class HttpEdge(HttpToolsProtocol):
    """One HTTP connection, from its first byte to its end or to the hand-over of its socket."""

    def __init__(self, doorway: Doorway, limits: HttpLimits, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._doorway = doorway
        self._limits = limits
        self.timeout_keep_alive = limits.idle_s  # pyright: ignore[reportAttributeAccessIssue] - any seconds will do
        self._running: RequestResponseCycle | None = None
        """The request that the application is answering; `cycle` is the last one read, which may wait behind it."""
        self._stage = _Stage.BETWEEN
        self._requests = 0
        self._head_bytes = 0
        self._body_bytes = 0
        self._body_bytes_before = 0
        """Bytes of the body when the present window began."""
        self._refused = False
        self._deadline: asyncio.TimerHandle | None = None
        self._deadline_of: tuple[_Stage, int] | None = None

    # From the event loop.

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.server, self.client = _addresses(transport)
        self.scheme = "https" if is_ssl(transport) else "http"
        self.timeout_keep_alive_task = self.loop.call_later(self._limits.idle_s, self.timeout_keep_alive_handler)
        if self._limits.connections is not None and len(self.connections) > self._limits.connections:
            self._refuse(Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "this server has no place left", FULL_RETRY_S))

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        self._unset_keepalive_if_required()
        self._disconnect_running()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        try:
            while data:
                data = self._feed(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self._upgrade(data[upgrade.args[0] :])
                return
            self.cycle.keep_alive = False  # an upgrade that we do not know: answered as an ordinary, last request
        except httptools.HttpParserError:
            if not self._refused:  # else the parser only says that one of our own calls has stopped it
                self._refuse(Refusal(HTTPStatus.BAD_REQUEST, "this is not HTTP/1.1"))
        if not self._refused:
            self._set_deadline()

    # From the parser.

    def on_message_begin(self) -> None:
        self._stage = _Stage.HEAD
        self._requests += 1
        self._head_bytes = self._body_bytes = self._body_bytes_before = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > self._limits.head_fields:
            self._refuse(Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many header fields"))
            raise _Refused

    def on_headers_complete(self) -> None:
        self._stage = _Stage.BODY
        refusal = self._judge_head()
        if refusal is not None:
            self._refuse(refusal)
            raise _Refused
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._refuse(self._too_large())
            raise _Refused
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stage = _Stage.BETWEEN
        super().on_message_complete()

    # Within.

    def _should_upgrade_to_ws(self) -> bool:
        return True

    def _feed(self, data: bytes) -> bytes:
        """Parse as much as the head's allowance permits; return the rest."""
        before = self._stage, self._requests
        room = None if self._stage is _Stage.BODY else self._limits.head_bytes - self._head_bytes
        part = data[:room]
        assert self.parser is not None, "data after the end of the connection"
        self.parser.feed_data(part)
        began_here = before == (_Stage.BETWEEN, self._requests - 1)
        if self._stage is _Stage.HEAD and (began_here or before == (_Stage.HEAD, self._requests)):
            self._head_bytes += len(part)
            if self._head_bytes >= self._limits.head_bytes:
                self._refuse(Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request's head is too large"))
                return b""
        return data[len(part) :]

    def _judge_head(self) -> Refusal | None:
        fields = [name for name, _ in self.headers]
        assert self.parser is not None, "the parser calls"
        version, hosts = self.parser.get_http_version(), fields.count(b"host")
        if version not in {"1.0", "1.1"}:
            return Refusal(HTTPStatus.BAD_REQUEST, "this is not HTTP/1.1")
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            return Refusal(HTTPStatus.BAD_REQUEST, "a request names one Host")
        if self._answering() is not None and len(self.pipeline) >= _PIPELINED:
            return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many requests before the first answer")
        length = next((value for name, value in self.headers if name == b"content-length"), b"0")
        return self._too_large() if int(length) > self._limits.body_bytes else None

    def _too_large(self) -> Refusal:
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {self._limits.body_bytes} bytes")

    def _set_deadline(self) -> None:
        """Let the clock run for what the client owes us now: the rest of a head or of a body."""
        wanted = None
        if self._stage is not _Stage.BETWEEN:
            wanted = self._stage, self._requests
        elif self._answering() is None:
            wanted = _Stage.HEAD, self._requests + 1  # stray line ends before a request do not win time
        if wanted == self._deadline_of:
            return
        self._forget_deadline()
        self._deadline_of = wanted
        if wanted is not None:
            body = wanted[0] is _Stage.BODY
            seconds, act = (self._limits.body_window_s, self._weigh_body) if body else (self._limits.head_s, self._late)
            self._deadline = self.loop.call_later(seconds, act)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._deadline_of = None

    def _late(self) -> None:
        self._refuse(Refusal(HTTPStatus.REQUEST_TIMEOUT, "the request took too long to arrive"))

    def _weigh_body(self) -> None:
        came = self._body_bytes - self._body_bytes_before
        # While the application does not take what came, the client cannot send: that is not its fault.
        if came < self._limits.body_bytes_per_s * self._limits.body_window_s and not self.flow.read_paused:
            self._late()
            return
        self._body_bytes_before = self._body_bytes
        self._deadline = self.loop.call_later(self._limits.body_window_s, self._weigh_body)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer in the place of the application, and end the connection."""
        self._refused = True
        self._forget_deadline()
        self._unset_keepalive_if_required()
        if not self._may_answer():
            self.transport.close()
            return
        self.flow.resume_reading()
        self.transport.write(_answer(refusal))
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._deadline = self.loop.call_later(self._limits.linger_s, self.transport.abort)
        else:
            self.transport.close()

    def _answering(self) -> RequestResponseCycle | None:
        """Return the request that the application has not answered completely."""
        return self._running if self._running and not self._running.response_complete else None

    def _disconnect_running(self) -> None:
        """Tell the application that its client is gone; uvicorn tells only the last of pipelined requests."""
        cycle = self._answering()
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _may_answer(self) -> bool:
        """Say whether the next answer is ours to give, and keep the application from giving it."""
        cycle = self._answering()
        if cycle is None:
            return True
        self._disconnect_running()
        return self._stage is _Stage.BODY and not self.pipeline and not cycle.response_started

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is no HTTP."""
        self._refuse(Refusal(HTTPStatus.BAD_REQUEST, msg))

    def _upgrade(self, rest: bytes) -> None:
        if self._answering() is not None:
            self._refuse(Refusal(HTTPStatus.BAD_REQUEST, "an upgrade waits for the answers before it"))
            return
        decided = self._doorway.decide(
            Handshake(
                method=self.scope["method"],
                http_version=self.scope["http_version"],
                path=self.url.partition(b"?")[0].decode("latin-1"),
                fields=self.headers,
                address=self.client[0] if self.client else "",
            )
        )
        if isinstance(decided, Refusal):
            self._refuse(decided)
            return
        transport, connections = self.transport, self.connections
        self._let_go()
        hand_over(transport, decided, rest, self._doorway.message_bytes, connections)

    def _let_go(self) -> None:
        """Break the cycles between this object, its parser and its last request: 1 kB for each WebSocket else."""
        self._forget_deadline()
        self.connections.discard(self)
        vars(self).update(parser=None, cycle=None, _running=None, flow=None, scope=None, headers=None, transport=None)


def _addresses(transport: asyncio.Transport) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
    """Return the server's address and the client's, asked of the socket itself.

    uvloop, asked as uvicorn asks it, keeps both answers as long as the socket lives: 300 bytes for each WebSocket.
    """
    known = transport.get_extra_info("socket")
    if known is None:
        return None, None
    asked = socket.socket(known.family, known.type, known.proto, fileno=known.fileno())
    try:
        server, client = asked.getsockname(), asked.getpeername()
        return (str(server[0]), int(server[1])), (str(client[0]), int(client[1]))
    except OSError:  # it has gone again
        return None, None
    finally:
        asked.detach()


def _answer(refusal: Refusal) -> bytes:
    status = HTTPStatus(refusal.status)
    code = _CODES.get(status, status.name.lower())
    problem = Problem(
        type=f"urn:seriatim:code:{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        code=code,
        detail=refusal.reason,
        retry_after_ms=None if refusal.retry_after_s is None else refusal.retry_after_s * 1000,
    )
    body = msgspec.json.encode(problem)
    lines = [
        f"HTTP/1.1 {int(status)} {status.phrase}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "connection: close",
    ]
    if refusal.retry_after_s is not None:
        lines.append(f"retry-after: {refusal.retry_after_s}")
    if status is HTTPStatus.UPGRADE_REQUIRED:
        lines.append("sec-websocket-version: 13")
    return "\r\n".join([*lines, "", ""]).encode() + body
