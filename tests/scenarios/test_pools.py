"""The pools: what is lent, what is counted, and what is said when the server is too slow or not there."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

import pytest
from psycopg.errors import UniqueViolation

from seriatim.core.errors import Unavailable
from seriatim.log.lane.lane import Lane
from seriatim.storage.postgres.database import AHEAD, CUT, LINE, Connection, Database
from seriatim.storage.postgres.statements import counted

WITHIN_S = 5.0
Lend = Callable[[], AbstractAsyncContextManager[Connection]]


async def test_a_transaction_is_committed_on_leaving_and_rolled_back_on_an_exception(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("create table pools_kept(x int primary key)")
        await connection.execute("insert into pools_kept values (1)")
    with pytest.raises(UniqueViolation):
        await _insert(database, 2, 1)
    async with database.transaction() as connection:
        cursor = await connection.execute("select x from pools_kept")
        assert await cursor.fetchall() == [(1,)]
        await connection.execute("drop table pools_kept")


async def _insert(database: Database, *numbers: int) -> None:
    async with database.transaction() as connection:
        for number in numbers:
            await connection.execute("insert into pools_kept values (%s)", (number,))


async def test_a_read_that_takes_too_long_is_cut_and_the_server_still_counts_as_reachable(database: Database) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable) as refusal:
        async with database.read() as connection:
            await connection.execute("select pg_sleep(30)")
    assert refusal.value.reason == CUT
    assert time.monotonic() - began < 15
    assert database.reachable


async def test_a_pool_with_nothing_free_says_unavailable_within_seconds(postgres_dsn: str) -> None:
    database = Database(postgres_dsn, writing=1, reading=1)
    await database.open()
    began = time.monotonic()
    async with database.read():
        with pytest.raises(Unavailable):
            async with database.read():
                pass
    assert time.monotonic() - began < 15
    await database.close()


async def test_what_everybody_waits_for_is_read_past_all_who_wait(postgres_dsn: str) -> None:
    database = Database(postgres_dsn, writing=1, reading=AHEAD + 1)
    await database.open()
    done = asyncio.Event()

    async def look() -> None:
        async with database.read():
            await done.wait()

    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks:
        looking = [tasks.create_task(look()) for _ in range(3)]
        await asyncio.sleep(0)
        for _ in range(AHEAD):
            async with database.read_ahead() as connection:
                await connection.execute("select 1")
        assert not any(task.done() for task in looking)
        done.set()
    await database.close()


async def test_who_comes_when_too_many_wait_to_read_is_refused_at_once_with_a_time_to_come_back(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seriatim.storage.postgres.database.WAITING", 0)
    database = Database(postgres_dsn, writing=1, reading=1)
    await database.open()
    with pytest.raises(Unavailable) as refusal:
        async with database.read():
            pass
    assert refusal.value.retry_after_ms == 1_000
    await database.close()


async def test_who_is_cancelled_while_he_gets_his_connection_ends(postgres_dsn: str) -> None:
    database = Database(postgres_dsn, writing=1, reading=1)
    await database.open()

    async def loop(lend: Lend) -> None:
        while True:
            with suppress(Unavailable):
                async with lend() as connection:
                    await connection.execute("select 1")

    for lend in (database.read, database.transaction):
        for turns in range(40):
            async with lend():
                waiting = asyncio.create_task(loop(lend))
                await asyncio.sleep(0.005)
            for _ in range(turns):
                await asyncio.sleep(0)
            waiting.cancel()
            assert waiting in (await asyncio.wait([waiting], timeout=WITHIN_S))[0], f"cancelled after {turns} turns"
    await database.close()


async def test_a_server_that_is_not_there_is_unavailable_and_not_reachable() -> None:
    database = Database("postgresql://nobody@/none?host=/nowhere")
    await database.open()
    with pytest.raises(Unavailable):
        async with database.read():
            pass
    assert not database.reachable
    await database.close()


async def test_statements_are_counted_by_their_first_line_while_somebody_counts(database: Database) -> None:
    async with database.read() as connection:
        with counted() as statements:
            await connection.execute("select 1")
            await connection.execute("select 1")
            await connection.execute("\n-- two\nselect 2")
        await connection.execute("select 3")
    assert statements == {"select 1": 2, "-- two": 1}


async def test_times_are_utc_whatever_the_server_thinks(database: Database) -> None:
    async with database.read() as connection:
        row = await (await connection.execute("select current_setting('timezone')")).fetchone()
    assert row == ("UTC",)


class Nobody:
    """Who calls nothing hears nothing."""

    answered = failed = lost = None


async def test_a_server_that_vanishes_is_noticed_by_every_connection(postgres_dsn: str, database: Database) -> None:
    lane = await Lane.connect(postgres_dsn, Nobody())  # type: ignore[arg-type]
    asked = {(name, str(value)) for name, value in LINE.items()}
    async with database.read() as read, database.transaction() as write:
        for connection in (read, write, lane._connection):
            assert connection.info.get_parameters().items() >= asked
    await lane.close()
