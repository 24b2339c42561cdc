"""One loop, one database and one appender for all examples of a property, so that an example costs milliseconds."""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from seriatim.log.append import Appender
from seriatim.storage.postgres.database import Database

T = TypeVar("T")


class LogRunner:
    """Runs coroutines, one after the other, beside an appender."""

    def __init__(self, runner: asyncio.Runner, database: Database, appender: Appender) -> None:
        self._runner = runner
        self.database = database
        self.appender = appender

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what the coroutine returns."""
        return self._runner.run(coroutine)


@contextmanager
def running(dsn: str) -> Generator[LogRunner]:
    """Run a loop with an open database and a working appender."""
    with asyncio.Runner() as runner:
        database, appender = Database(dsn), Appender(dsn, lambda _: None)
        runner.run(database.open())
        appending = runner.get_loop().create_task(appender.run())
        try:
            yield LogRunner(runner, database, appender)
        finally:
            appending.cancel()
            runner.run(_ended(appending))
            runner.run(database.close())


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
