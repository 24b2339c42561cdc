"""The listening socket and uvicorn around it, with signals, draining and stopping left to whoever runs the process."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvicorn

from seriatim.gateway.transport.http import HttpEdge, HttpLimits
from seriatim.gateway.transport.upgrade import Doorway

BACKLOG = 4096
_TICK_S = 1.0
"""How often uvicorn renews its Date header."""
_NO_LIMITS_NAMED = HttpLimits()
MOST_FILES = 1_048_576
SPARE_FILES = 256
"""Open files that connections leave to the rest of the process: the database's pools, the page's files, the log."""


class StartupFailed(Exception):
    """The application refused to start; its own log says why."""


def listening_socket(host: str, port: int, *, reuse_port: bool = False) -> socket.socket:
    """Return a bound and listening socket; port 0 lets the kernel choose.

    With `reuse_port` several may listen on one port, each with a queue of its own.

    Raises:
        OSError: the address is in use or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=reuse_port)
    # Inherited by what it accepts; asyncio sets it only where the protocol is named. Without it the body of an answer,
    # written after its head, waits 40 ms for the peer's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def room_for_connections() -> int:
    """Let this process open as many files as its hard limit allows, and return how many of them may be connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a system with another, lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(1, (wanted if soft == resource.RLIM_INFINITY else soft) - SPARE_FILES)


class HttpServer:
    """One process's HTTP and WebSocket server on one listening socket; TLS when a certificate is given."""

    def __init__(
        self,
        app: Any,
        doorway: Doorway,
        listener: socket.socket,
        *,
        limits: HttpLimits = _NO_LIMITS_NAMED,
        certificate: Path | None = None,
        key: Path | None = None,
        stop_within_s: int = 5,
    ) -> None:
        if limits.connections is None:
            limits = limits._replace(connections=room_for_connections())
        edge = cast("type[asyncio.Protocol]", partial(HttpEdge, doorway, limits))
        self._doorway = doorway
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                app,
                http=edge,
                ws="none",
                loop="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=int(limits.idle_s),
                timeout_graceful_shutdown=stop_within_s,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            ),
            handshake_within_s=limits.head_s,
        )

    async def serve(self) -> None:
        """Serve until `stop`; the application's lifespan lies within.

        Raises:
            StartupFailed: the application's lifespan failed.
        """
        try:
            await self._uvicorn.serve([self._listener])
        except SystemExit:
            raise StartupFailed from None
        finally:
            self._listener.close()
            self._uvicorn.ended.set()

    async def started(self) -> None:
        """Wait until connections are accepted."""
        await self._uvicorn.began.wait()

    def begin_drain(self) -> None:
        """Accept no connection and no handshake any more; what is open goes on."""
        self._doorway.draining = True
        self._uvicorn.stop_accepting()

    async def stop(self) -> None:
        """End `serve`: requests under way get their answers, WebSockets the code 1012, the rest is cut."""
        self._doorway.draining = True
        self._uvicorn.should_exit = True
        self._uvicorn.stopping.set()
        await self._uvicorn.ended.wait()


class _Uvicorn(uvicorn.Server):
    """uvicorn that leaves signals alone: its own handling raises SIGTERM again, and nothing after `serve` would run."""

    def __init__(self, config: uvicorn.Config, *, handshake_within_s: float) -> None:
        super().__init__(config)
        self._handshake_within_s = handshake_within_s
        self.servers: list[asyncio.Server] = []
        self.began = asyncio.Event()
        self.stopping = asyncio.Event()
        self.ended = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn's own way to listen leaves a TLS handshake the event loop's 60 s, in which a client holds a socket.
        await super().startup([])
        config, loop = self.config, asyncio.get_running_loop()
        protocol = partial(
            cast("Callable[..., asyncio.Protocol]", config.http_protocol_class),
            config=config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        within_s = self._handshake_within_s if config.ssl else None
        self.servers = [
            await loop.create_server(
                protocol, sock=listener, ssl=config.ssl, backlog=BACKLOG, ssl_handshake_timeout=within_s
            )
            for listener in sockets or ()
        ]
        self.began.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self.stopping.wait()

    def stop_accepting(self) -> None:
        for server in self.servers:
            server.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpEdge):
                connection.transport.abort()
