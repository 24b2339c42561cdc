"""One process that was started: whether it is ready, when it has ended, and how it is made to end."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

log = structlog.get_logger()


class CannotStart(Exception):
    """A process ended, or gave up, before it was ready; the message says why."""


class Child:
    """A process; `until_ready` returns once it is, and raises CannotStart when it will not be."""

    def __init__(self, name: str, process: Process, until_ready: Callable[[Process], Awaitable[None]]) -> None:
        self.name = name
        self._process = process
        self._until_ready = until_ready

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self._process.returncode is not None

    async def ready(self) -> None:
        """Wait until it is.

        Raises:
            CannotStart: it will not be.
        """
        await self._until_ready(self._process)

    async def ended(self) -> int:
        """Wait for its end and return its exit code; negative: the signal that ended it."""
        return await self._process.wait()

    def let_go(self) -> None:
        """Tell it that everything ends: it need not wait for clients to leave."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def stop(self, *, within_s: float) -> None:
        """Ask it to end, and kill it when it takes longer than that."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(within_s):
                await self._process.wait()
        except TimeoutError:
            log.error("process_killed", name=self.name, pid=self.pid, after_s=within_s)  # noqa: TRY400 - no bug of ours
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
