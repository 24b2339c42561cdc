"""Which PostgreSQL this process uses: waited for when it is somebody else's, run, watched and stopped when ours."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from seriatim.app.front import Front
from seriatim.app.settings import Settings
from seriatim.storage.postgres.database import TEMPORARY
from seriatim.storage.postgres.finder import find
from seriatim.storage.postgres.migrate import migrate
from seriatim.storage.postgres.pooler import require_fit
from seriatim.storage.postgres.server import EmbeddedServer

log = structlog.get_logger()

RETRY_S = 1.0


@asynccontextmanager
async def postgres(settings: Settings, front: Front) -> AsyncGenerator[str]:
    """Lend the DSN of a migrated database; the embedded server is watched meanwhile and stopped last.

    Raises:
        NoPostgres, DataFolderInUse, ServerFailed, UnfitPooler: there is nothing to run on; the message says what to do.
    """
    found = find(settings)
    if found.url is not None:
        await _reachable(found.url, settings.database_direct_url, front)
        yield found.url
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer(settings.data, found)
    front.why = "the embedded database is starting"
    dsn = await server.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(server.watch())
            await asyncio.to_thread(migrate, dsn)
            try:
                yield dsn
            finally:
                watching.cancel()
    finally:
        await server.stop()


async def _reachable(dsn: str, direct: str | None, front: Front) -> None:
    """Wait for somebody else's server, saying so, and bring its schema up to date: past a pooler, which must fit."""
    while True:
        try:
            await asyncio.to_thread(migrate, direct or dsn)
            if direct is not None:
                await asyncio.to_thread(require_fit, dsn, direct)
        except TEMPORARY as error:
            front.why = "the database cannot be reached"
            log.warning("database_unreachable", reason=str(error).strip(), retry_in_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
        else:
            return
