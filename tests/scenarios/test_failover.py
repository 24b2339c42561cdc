"""A log that is replaced or stops while requests live on: nobody is told of the old one, nobody waits for ever."""

import asyncio
from pathlib import Path

import pytest

from scenarios.log_world import appending, open_room, signal_append_backend
from seriatim.core.errors import Unavailable
from seriatim.log.epoch import LogReplaced
from seriatim.storage.postgres.database import Connection, Database
from world import serving

SALT = "select salt from epoch_salt"
OTHER_SALT = "update epoch_salt set salt = %s"


async def meet_another_log(dsn: str, data: Path, salted: Connection) -> None:
    async with asyncio.timeout(20), serving(dsn, data) as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        here = await ada.direct(bob)
        await signal_append_backend(dsn, "pg_terminate_backend")
        while (await ada.send(here, "still the same log"))["type"] != "sent":
            pass
        await salted.execute(OTHER_SALT, ("as after a failover",))
        await signal_append_backend(dsn, "pg_terminate_backend")
        await asyncio.Event().wait()


@pytest.mark.promise("F6")
async def test_a_server_ends_when_the_database_comes_back_with_another_log(
    postgres_dsn: str, data_folder: Path, database: Database
) -> None:
    async with database.read() as connection:
        salt = await (await connection.execute(SALT)).fetchone()
        try:
            with pytest.raises(BaseExceptionGroup) as ended:
                await meet_another_log(postgres_dsn, data_folder, connection)
        finally:
            await connection.execute(OTHER_SALT, salt)
    assert ended.value.subgroup(LogReplaced) is not None


async def test_a_send_that_comes_when_the_log_has_stopped_is_refused_at_once(
    postgres_dsn: str, database: Database
) -> None:
    room = await open_room(database)
    async with appending(postgres_dsn) as appender:
        await appender.append(room.draft())
    with pytest.raises(Unavailable):
        async with asyncio.timeout(5):
            await appender.append(room.draft())
