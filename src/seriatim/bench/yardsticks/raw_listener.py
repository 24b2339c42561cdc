"""The limit of `idle`: a bare uvloop protocol that answers a handshake and a hello, and keeps nothing.

Run as `python -m seriatim.bench.yardsticks.raw_listener`: prints its port, and runs until it is ended.
"""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple, cast

import uvloop

from seriatim.bench.rig import usage
from seriatim.bench.rig.lines import Child

_UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: seriatim.v1.json\r\n\r\n"
)
_WELCOME = b'{"type":"welcome","epoch":"0","resume_token":"1","heads":[],"more":false}'
_ANSWER = bytes((0x81, len(_WELCOME))) + _WELCOME


class _Raw(asyncio.Protocol):
    __slots__ = ("_transport", "_welcomed")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._welcomed = False

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET"):
            self._transport.write(_UPGRADED)
        elif not self._welcomed:
            self._welcomed = True
            self._transport.write(_ANSWER)


class RawListener(NamedTuple):
    """A running listener."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used so far."""
        return usage.cpu_s(self.pid)

    def rss_bytes(self) -> int:
        """Return its memory."""
        return usage.rss_bytes(self.pid)


@contextmanager
def raw_listener() -> Generator[RawListener]:
    """Run one."""
    child = Child([sys.executable, "-m", "seriatim.bench.yardsticks.raw_listener"])
    try:
        yield RawListener(int(child.line(20.0)), child.pid)
    finally:
        child.stop()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Raw, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - what the parent waits for
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
