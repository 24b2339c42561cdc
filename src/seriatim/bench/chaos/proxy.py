"""A TCP proxy between clients and server whose connections can be cut, stalled, slowed, crumbled and made deaf."""

import asyncio
import socket
from collections import deque
from typing import cast

HELD_BYTES = 1 << 20
"""A direction that holds so much back reads no more."""
CONNECT_WITHIN_S = 5.0
SEND_BYTES = 130
"""No send is smaller, no ping, read or fetch is larger; what they say is masked."""


class _End(asyncio.Protocol):
    """One end of a proxied connection: what it reads goes to the other end."""

    def __init__(self, line: "Line", *, is_client: bool) -> None:
        self.line = line
        self.is_client = is_client
        self.transport: asyncio.Transport | None = None
        self.held: deque[tuple[float, bytes]] = deque()
        self.held_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def other(self) -> "_End":
        return self.line.server if self.is_client else self.line.client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        connection: socket.socket = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line.made(self)

    def data_received(self, data: bytes) -> None:
        line = self.line
        if line.is_deaf and not self.is_client:
            return
        if line.deafens and self.is_client and len(data) >= SEND_BYTES:
            line.go_deaf()
        if not self.held and not line.is_slow and self.other.transport is not None:
            self.other.write(data)
            return
        self.held.append((line.due_at(), data))
        self.held_bytes += len(data)
        if self.held_bytes > HELD_BYTES and self.transport is not None:
            self.transport.pause_reading()
        self.pump()

    def pump(self) -> None:
        """Pass on what is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self.line.loop.time()
        if self.other.transport is None:
            return  # until it is connected: Python 3.11.2 reads on, though `connection_made` paused reading
        while self.held and self.held[0][0] <= now and self.line.stalled_until <= now:
            _, data = self.held.popleft()
            self.held_bytes -= len(data)
            if self.line.crumbs > 0 and len(data) > 1:
                self.line.crumbs -= 1
                self.held.appendleft((now + 0.001, data[1:]))
                self.held_bytes += len(data) - 1
                data = data[:1]
            self.other.write(data)
        if self.held:
            at = max(self.held[0][0], self.line.stalled_until)
            self._timer = self.line.loop.call_at(at, self.pump)
        elif self.transport is not None and not self.other.is_full:
            self.transport.resume_reading()

    is_full = False

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def pause_writing(self) -> None:
        self.is_full = True
        if self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        self.is_full = False
        if self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        if self._timer is not None:
            self._timer.cancel()
        self.line.lost()


class Line:
    """One proxied connection, and what is wrong with it."""

    def __init__(self, proxy: "Proxy") -> None:
        self.loop = proxy.loop
        self.client, self.server = _End(self, is_client=True), _End(self, is_client=False)
        self.stalled_until = 0.0
        self.delay_s = 0.0
        self.crumbs = 0
        """So many more single bytes are written before the rest."""
        self.is_deaf = False
        self.deafens = False
        """It goes deaf with the next large message of its client: a send, whose ack is lost."""
        self._proxy = proxy

    @property
    def is_slow(self) -> bool:
        """Whether anything may be held back."""
        return self.delay_s > 0 or self.crumbs > 0 or self.stalled_until > self.loop.time()

    def due_at(self) -> float:
        """Return when what is read now is passed on."""
        return max(self.loop.time() + self.delay_s, self.stalled_until)

    def made(self, end: _End) -> None:
        """Bring the client's connection to the server."""
        if end.is_client:
            assert end.transport is not None
            end.transport.pause_reading()
            self._proxy.lines.add(self)
            self._proxy.connect(self)

    def go_deaf(self) -> None:
        """Drop what the server says from now on, then cut the connection: whatever it acked, the client never hears."""
        self.is_deaf, self.deafens = True, False
        self.loop.call_later(0.3, self.cut)

    def cut(self) -> None:
        """Reset both ends."""
        for end in (self.client, self.server):
            if end.transport is not None:
                end.transport.abort()

    def lost(self) -> None:
        """Cut the other end too."""
        self._proxy.lines.discard(self)
        self.cut()


class Proxy:
    """Listens on a port of its own and passes on to the server's; `run` owns its connections."""

    def __init__(self, target: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.lines: set[Line] = set()
        self.port = 0
        self._target = target
        self._new: asyncio.Queue[Line] = asyncio.Queue(1_000)
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Open the port."""
        self._server = await self.loop.create_server(lambda: Line(self).client, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def connect(self, line: Line) -> None:
        """Let `run` connect a new line to the server."""
        if self._new.full():
            line.cut()
        else:
            self._new.put_nowait(line)

    async def run(self) -> None:
        """Connect lines until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                tasks.create_task(self._connect(await self._new.get()))

    async def _connect(self, line: Line) -> None:
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self.loop.create_connection(lambda: line.server, "127.0.0.1", self._target)
        except (OSError, TimeoutError):
            line.cut()
            return
        client = line.client.transport
        if client is None or client.is_closing():
            line.cut()
        else:
            line.client.pump()
            client.resume_reading()

    def heal(self) -> None:
        """End all that is wrong."""
        for line in self.lines:
            line.delay_s, line.crumbs, line.deafens, line.stalled_until = 0.0, 0, False, 0.0
            line.client.pump()
            line.server.pump()

    def close(self) -> None:
        """Close the port and cut every line."""
        if self._server is not None:
            self._server.close()
        for line in list(self.lines):
            line.cut()
