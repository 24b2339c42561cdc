"""The door that is open from the first second: it says 503 until the server behind it is ready."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from seriatim.gateway.transport.contract import Accept, Connection, MessageReceiver, Refusal, UpgradeRequest
from seriatim.protocol.resources import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

RETRY_AFTER_S = 2


class Front:
    """The ASGI application and the WebSocket acceptor of a process, before and after its parts exist.

    A database that cannot be reached at start keeps nobody from being told so: every request gets `unavailable` with a
    time to come back, in the shape of every other refusal.
    """

    def __init__(self) -> None:
        self._app: App | None = None
        self._accept: Accept | None = None
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

    def accept(self, request: UpgradeRequest, connection: Connection) -> MessageReceiver | Refusal:
        """Pass a handshake on, or refuse it with a time to come back."""
        if self._accept is None:
            return Refusal(503, self.why, retry_after_s=RETRY_AFTER_S)
        return self._accept(request, connection)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif self._app is None:
            await self._unavailable(send)
        else:
            await self._app(scope, receive, send)

    async def _unavailable(self, send: Send) -> None:
        problem = Problem(
            type="about:blank",
            title="Unavailable",
            status=503,
            code="unavailable",
            detail=self.why,
            retry_after_ms=RETRY_AFTER_S * 1000,
        )
        headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"%d" % RETRY_AFTER_S)]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode(problem)})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
