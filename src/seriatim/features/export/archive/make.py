"""Makes the exports that were asked for, one at a time in each process: small reads, no transaction between them."""

from contextlib import closing
from typing import Final

import structlog
from anyio import current_time, sleep, to_thread

from seriatim.core.errors import Unavailable
from seriatim.features.export import read
from seriatim.features.export.archive import store
from seriatim.features.export.archive.pack import Archive, TooMuch
from seriatim.features.export.archive.store import Taken
from seriatim.features.export.page import Page
from seriatim.protocol.own.export import EXPORT_LINES, ExportFailure, ExportState
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

IDLE_S: Final = 1.0
ALIVE_EVERY_S: Final = 10.0
PIECE_BYTES: Final = 512 * 1024


class _GivenUp(Exception):
    """The run was silent for too long, and is held to be lost."""


class Exports:
    """Makes what waits until cancelled; a run that is cut off is told as interrupted (`INTERRUPTED`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told_at = 0.0

    async def run(self) -> None:
        """Make exports, and forget those that are a day old; a failure of the database is waited out."""
        while True:
            made = False
            try:
                made = await self.step()
            except Unavailable as error:
                log.warning("exports_wait", reason=error.message)
            if not made:
                await sleep(IDLE_S)

    async def step(self) -> bool:
        """Make the export that has waited longest; False: none waits.

        Raises:
            Unavailable: also if the database is lost meanwhile.
        """
        async with self._database.transaction() as connection:
            await store.lose(connection)
            await store.forget(connection)
            taken = await store.take(connection)
        if taken is None:
            return False
        self._told_at = current_time()
        try:
            await self._make(taken)
        except TooMuch:
            await self._end(taken, ExportState.FAILED, reason=ExportFailure.ASK_OPERATOR)
        except OSError as error:
            log.warning("export_failed", reason=str(error))
            await self._end(taken, ExportState.FAILED, reason=ExportFailure.INTERRUPTED)
        except _GivenUp:
            log.warning("export_given_up")
        return True

    async def _make(self, taken: Taken) -> None:
        page, count = Page(self._database.read), 0
        parts: list[tuple[bytes, bytes]] = []
        with closing(await to_thread.run_sync(Archive)) as archive:
            async for line in read.user(self._database.read, taken.user_id):
                count += 1
                if count > EXPORT_LINES:
                    raise TooMuch
                parts.append((read.encoded(line), (await page.part(line)).encode()))
                if len(parts) == read.PAGE:
                    await to_thread.run_sync(archive.add, parts)
                    parts = []
                    await self._go_on(taken)
            await to_thread.run_sync(archive.add, parts)
            size = await to_thread.run_sync(archive.finish)
            await self._keep(taken, archive)
            await self._end(taken, ExportState.DONE, size=size)

    async def _keep(self, taken: Taken, archive: Archive) -> None:
        number = 0
        while content := await to_thread.run_sync(archive.read, PIECE_BYTES):
            async with self._database.transaction() as connection:
                # Locks the row: whoever takes it after this one was given up deletes what is here.
                if not await store.alive(connection, taken):
                    raise _GivenUp
                await store.keep(connection, taken, number, content)
            number += 1

    async def _go_on(self, taken: Taken) -> None:
        now = current_time()
        if now - self._told_at < ALIVE_EVERY_S:
            return
        self._told_at = now
        async with self._database.transaction() as connection:
            if not await store.alive(connection, taken):
                raise _GivenUp

    async def _end(
        self, taken: Taken, state: ExportState, *, reason: ExportFailure | None = None, size: int | None = None
    ) -> None:
        async with self._database.transaction() as connection:
            await store.end(connection, taken, state, reason=reason, size=size)
