"""Few at a time, the others in a line of bounded length: a crowd waits, and is refused, where it harms nobody."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from seriatim.core.errors import Unavailable


class Turns:
    """Lets `at_once` in, in the order in which they came.

    Bounds: `waiting` in the line, each for `within_s` seconds.
    Raises: Unavailable, with a time to come back, beyond either.
    """

    def __init__(self, at_once: int, *, waiting: int, within_s: float) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most = waiting
        self._within_s = within_s
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[float]:
        """Hold a place within the block, and say how many seconds are left of the time for waiting."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._within_s
        if self._waiting >= self._most:
            raise _too_many()
        self._waiting += 1
        try:
            async with asyncio.timeout_at(until):
                await self._places.acquire()
        except TimeoutError:
            raise _too_many() from None
        finally:
            self._waiting -= 1
        try:
            yield max(0.0, until - loop.time())
        finally:
            self._places.release()


def _too_many() -> Unavailable:
    return Unavailable("too many ask at this moment; try again", retry_after_ms=1_000)
