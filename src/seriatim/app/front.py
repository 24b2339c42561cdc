"""The door that is open from the first second: 503 until the server behind it is ready, and while it is overloaded."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from seriatim.gateway.pressure import Pressure
from seriatim.gateway.transport.contract import Accept, Connection, MessageReceiver, Refusal, UpgradeRequest
from seriatim.protocol.resources import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

RETRY_AFTER_S = 2
OVERLOADED = "the server has more to do than it can"
LIVE = "/health/live"
"""Answers 200 as long as the process does: for who restarts one that does not. `/health` asks for the database, too."""
API = "/v1/"
"""What is refused under pressure; the page's files cost little, and `/health` must not blame a process for its load."""


class Front:
    """The ASGI application and the WebSocket acceptor of a process, before and after its parts exist.

    A database that cannot be reached at start keeps nobody from being told so: every request gets `unavailable` with a
    time to come back, in the shape of every other refusal. So do handshakes and requests that come while the event loop
    is behind (gateway/pressure.py); who is connected is served on.
    """

    def __init__(self, process: str | None = None) -> None:
        self.process = process
        """What its supervisor calls this process; None: it has no supervisor."""
        self._app: App | None = None
        self._accept: Accept | None = None
        self.pressure = Pressure()
        self.why = "the server is starting"
        """What is missing, in words."""

    @property
    def is_open(self) -> bool:
        """Whether the server behind it is ready."""
        return self._app is not None

    def open(self, app: App, accept: Accept) -> None:
        """Let requests and handshakes through from now on."""
        self._app = app
        self._accept = accept
        self.pressure.begin()

    def shut(self) -> None:
        """Let nothing through any more."""
        self._app = self._accept = None
        self.why = "the server stops"
        self.pressure.end()

    def accept(self, request: UpgradeRequest, connection: Connection) -> MessageReceiver | Refusal:
        """Pass a handshake on, or refuse it with a time to come back."""
        if self._accept is None:
            return Refusal(503, self.why, retry_after_s=RETRY_AFTER_S)
        if self.pressure.sends_away():
            return Refusal(503, OVERLOADED, retry_after_s=RETRY_AFTER_S)
        return self._accept(request, connection)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["path"] == LIVE:
            await _answer(send, 200, b'{"status":"ok"}', [(b"content-type", b"application/json")])
        elif self._app is None:
            await _unavailable(send, self.why)
        elif scope["path"].startswith(API) and self.pressure.sends_away():
            await _unavailable(send, OVERLOADED)
        else:
            await self._app(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _unavailable(send: Send, why: str) -> None:
    problem = Problem(
        type="about:blank",
        title="Unavailable",
        status=503,
        code="unavailable",
        detail=why,
        retry_after_ms=RETRY_AFTER_S * 1000,
    )
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"%d" % RETRY_AFTER_S)]
    await _answer(send, 503, msgspec.json.encode(problem), headers)


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [*headers, (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
