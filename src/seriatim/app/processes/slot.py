"""One place among the processes of a machine: somebody always has it, is replaced when he dies or when it is wished."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from seriatim.app.processes.child import CannotStart, Child

log = structlog.get_logger()

FAILED_STARTS = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""The longest pause is what a new client waits whose connection fell to a gateway that dies again and again."""
STABLE_S = 10.0
"""After a run as long as this the pauses begin anew."""
READY_WITHIN_S = 60.0
"""Longest wait for a successor; the one that it should follow serves meanwhile."""


class ProcessFailed(Exception):
    """A process could not be started at all; the message says which, and why."""


class Patience:
    """Decides how long to wait before a process is started again, and when to give up."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._failed = 0
        self._pause_s = FIRST_PAUSE_S

    def could_not_start(self, why: str) -> float:
        """Return how many seconds to wait after a start that failed.

        Raises:
            ProcessFailed: it was the fifth in a row.
        """
        self._failed += 1
        if self._failed == FAILED_STARTS:
            raise ProcessFailed(f"{self._name} cannot start: {why}")
        return self._pause()

    def died(self, after_s: float) -> float:
        """Return how many seconds to wait after a process died that had been ready for so long."""
        self._failed = 0
        if after_s > STABLE_S:
            self._pause_s = FIRST_PAUSE_S
        return self._pause()

    def _pause(self) -> float:
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return pause_s


class Slot:
    """Keeps one process alive: starts it with `launch`, again when it dies, and its successor when asked."""

    def __init__(self, name: str, launch: Callable[[], Awaitable[Child]], *, stop_within_s: float) -> None:
        self.name = name
        self._launch = launch
        self._stop_within_s = stop_within_s
        self._patience = Patience(name)
        self._child: Child | None = None
        self._alive: set[Child] = set()
        """All that were started here and not seen to end: a process and, during a change, its successor."""
        self._changing = asyncio.Lock()
        self._is_up = asyncio.Event()

    async def up(self) -> None:
        """Wait until a process has been ready for the first time."""
        await self._is_up.wait()

    async def run(self) -> None:
        """Keep a process alive until cancelled.

        Raises:
            ProcessFailed: it could not start five times in a row.
        """
        while True:
            async with self._changing:
                if self._child is None or self._child.has_ended:
                    self._child = await self._started()
                child = self._child
            self._is_up.set()
            began = asyncio.get_running_loop().time()
            code = await child.ended()
            if child is self._child:
                pause_s = self._patience.died(asyncio.get_running_loop().time() - began)
                log.error("process_died", name=self.name, pid=child.pid, code=code, again_in_s=pause_s)
                await asyncio.sleep(pause_s)

    async def replace(self) -> None:
        """Start a successor, and end the present process once that one is ready; nothing changes when it is not.

        Raises:
            CannotStart: the successor did not become ready; the present process stays.
        """
        async with self._changing:
            before = self._child
            try:
                self._child = await self._launched(within_s=READY_WITHIN_S)
            except CannotStart as error:
                raise CannotStart(f"{self.name}: {error}") from None
        if before is not None:
            await before.stop(within_s=self._stop_within_s)
            log.info("process_ended", name=self.name, pid=before.pid, code=await before.ended())

    async def stop(self) -> None:
        """End whatever was started here; `run` was cancelled before."""
        async with asyncio.TaskGroup() as tasks:
            for child in self._alive:
                child.let_go()
                tasks.create_task(child.stop(within_s=self._stop_within_s))

    async def _started(self) -> Child:
        while True:
            try:
                return await self._launched()
            except CannotStart as error:
                pause_s = self._patience.could_not_start(str(error))
                log.error("process_cannot_start", name=self.name, reason=str(error), again_in_s=pause_s)  # noqa: TRY400
                await asyncio.sleep(pause_s)

    async def _launched(self, *, within_s: float | None = None) -> Child:
        """Start a process and wait until it is ready; one that will not be has ended, also where nothing can start."""
        try:
            child = await self._launch()
        except OSError as error:
            raise CannotStart(str(error)) from None
        self._alive = {child, *(one for one in self._alive if not one.has_ended)}
        try:
            async with asyncio.timeout(within_s):
                await child.ready()
        except (CannotStart, TimeoutError) as error:
            await child.stop(within_s=self._stop_within_s)
            raise CannotStart(str(error) or f"it was not ready within {within_s} s") from None
        log.info("process_ready", name=self.name, pid=child.pid)
        return child


@asynccontextmanager
async def kept(slots: Sequence[Slot]) -> AsyncGenerator[None]:
    """Keep all these processes alive within the block, which begins once they are ready; then all end together.

    Raises:
        ProcessFailed: one could not be started.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            runs = [tasks.create_task(slot.run()) for slot in slots]
            for slot in slots:
                await slot.up()
            try:
                yield
            finally:
                for run in runs:
                    run.cancel()
    finally:
        async with asyncio.TaskGroup() as tasks:
            for slot in slots:
                tasks.create_task(slot.stop())
