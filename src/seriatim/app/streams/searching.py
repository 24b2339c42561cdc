"""The index in a worker: one process feeds it from the log, builds it anew when it has to, and says so."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from seriatim.core.clock import Clock
from seriatim.core.errors import Unavailable
from seriatim.features.search.ask import Searching
from seriatim.features.search.feed import Feed
from seriatim.log.epoch import epoch
from seriatim.protocol.limits import Rates
from seriatim.storage.postgres.database import Database
from seriatim.storage.search.keeping import Keeper
from seriatim.storage.search.reading import IndexReader
from seriatim.storage.search.writing import IndexUnusable

log = structlog.get_logger()

FOLDER = "search"
"""In the data folder."""
IDLE_S = 0.2
"""Pause at the end of the log."""
PAUSE_S = 1.0
"""Pause after a failure, and between attempts to become the one that writes."""


class Search(NamedTuple):
    """What answers from the index, whichever process of this machine writes it; and the loop of a worker that does."""

    asking: Searching
    run: Callable[[], Coroutine[Any, Any, None]]


def search_in(data: Path, database: Database, rates: Rates, clock: Clock) -> Search:
    """Return both for the index in this data folder."""
    asking = Searching(database, IndexReader(data / FOLDER), rates, clock)
    return Search(asking, Indexing(database, data).run)


class Indexing:
    """Keeps the index at the end of the log; what is committed there is found within half a second.

    A new generation is built beside the one that is asked, which is kept up meanwhile.
    """

    def __init__(self, database: Database, data: Path) -> None:
        self._database = database
        self._keeper = Keeper(data / FOLDER)
        self._asked: Feed | None = None
        self._next: Feed | None = None

    async def run(self) -> None:
        """Follow the log until cancelled; an outage of the database is waited out, a damaged index built anew."""
        try:
            while True:
                try:
                    pause_s = await self._step()
                except Unavailable as error:
                    log.warning("search_index_waits", reason=error.message)
                    pause_s = PAUSE_S
                except (IndexUnusable, ValueError, OSError) as error:  # the engine's failures are ValueErrors
                    log.warning("search_index_failed", reason=str(error))
                    await self._close()
                    pause_s = PAUSE_S
                await asyncio.sleep(pause_s)
        finally:
            await self._close()
            self._keeper.release()

    async def _step(self) -> float:
        if not self._keeper.hold():
            return PAUSE_S
        if self._asked is None:
            self._asked = await self._opened()
        if self._next is None and self._keeper.is_wished and self._asked.is_whole:
            self._keeper.wish_is_heard()
            self._next = Feed(self._database, await asyncio.to_thread(self._keeper.begin, await self._epoch()))
            log.info("search_index_rebuilding")
        was_whole = self._asked.is_whole
        more = await self._asked.step()
        if self._asked.is_whole and not was_whole:
            log.info("search_index_whole", messages=await asyncio.to_thread(self._asked.count))
        if self._next is not None:
            more = await self._next.step() or more
            if self._next.is_whole:
                await self._switch(self._asked, self._next)
        return 0 if more else IDLE_S

    async def _opened(self) -> Feed:
        writer, why = await asyncio.to_thread(self._keeper.open, await self._epoch())
        if why is not None:
            log.warning("search_index_rebuilding", reason=why)
        return Feed(self._database, writer)

    async def _switch(self, old: Feed, new: Feed) -> None:
        await asyncio.to_thread(self._keeper.switch, new.writer)
        self._asked, self._next = new, None
        await asyncio.to_thread(old.close)
        log.info("search_index_rebuilt")

    async def _epoch(self) -> str:
        async with self._database.read() as connection:
            return await epoch(connection)

    async def _close(self) -> None:
        """Let both go; a step that was cancelled may still be at work in its thread, and is waited for."""
        feeds = [feed for feed in (self._asked, self._next) if feed is not None]
        self._asked = self._next = None
        for feed in feeds:
            with contextlib.suppress(ValueError, OSError):
                await asyncio.to_thread(feed.close)
