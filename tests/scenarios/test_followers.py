"""Followers miss nothing and do nothing twice: slow commits, a kill between effect and cursor, a stolen lease."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from scenarios.log_world import Room, appending, open_room, rename, send_together, until
from seriatim.log import follow
from seriatim.log.draft import Stored
from seriatim.log.follow import Cursor, Follower, entries_since, newest
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres.database import Connection, Database

WRITERS, ROUNDS = 6, 60


@pytest.fixture
async def effects(postgres_dsn: str) -> AsyncIterator[str]:
    """Return the name of a table for a follower's effects; a double one violates its key."""
    table = f"effects_{uuid4().hex}"
    async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as connection:
        await connection.execute(
            sql.SQL("create table {} (conversation_id bigint, seq bigint, primary key (conversation_id, seq))").format(
                sql.Identifier(table)
            )
        )
        yield table
        await connection.execute(sql.SQL("drop table {}").format(sql.Identifier(table)))


async def effects_in(database: Database, table: str) -> set[tuple[int, int]]:
    async with database.read() as connection:
        cursor = await connection.execute(sql.SQL("select conversation_id, seq from {}").format(sql.Identifier(table)))
        return {(row[0], row[1]) for row in await cursor.fetchall()}


async def log_of(database: Database, after: Cursor) -> set[tuple[int, int]]:
    """Return the place of every entry stored since then, read without regard to any cursor rule."""
    async with database.read() as connection:
        cursor = await connection.execute(
            "select conversation_id, seq from entries where xid >= %(xid)s::xid8", {"xid": after.xid}
        )
        return {(row[0], row[1]) for row in await cursor.fetchall()}


async def start(database: Database, name: str) -> Cursor:
    """Register a follower that begins at the end of the log."""
    async with database.transaction() as connection:
        cursor = await newest(connection)
        await connection.execute(
            "insert into follower_cursors (name, xid) values (%(name)s, %(xid)s::xid8)",
            {"name": name, "xid": cursor.xid},
        )
    return cursor


async def talk(dsn: str, room: Room, count: int) -> None:
    async with appending(dsn, batch=20) as appender:
        await send_together(appender, [room.draft(n % 2, f"message {n}") for n in range(count)])


@pytest.mark.promise("D10")
async def test_slow_commits_are_never_skipped(postgres_dsn: str, database: Database) -> None:
    dice = random.Random(3)
    rooms = [await open_room(database) for _ in range(20)]
    async with database.read() as connection:
        cursor = began = await newest(connection)
    seen: list[tuple[int, int]] = []

    async def read() -> None:
        nonlocal cursor
        async with database.read() as connection:
            entries, cursor = await entries_since(connection, cursor, limit=7)
            seen.extend((entry.conversation_id, entry.seq) for entry in entries)

    async with AsyncExitStack() as stack:
        writers = [
            await stack.enter_async_context(await psycopg.AsyncConnection.connect(postgres_dsn)) for _ in range(WRITERS)
        ]
        busy: dict[int, Room] = {}
        for _ in range(ROUNDS):
            free = [n for n in range(WRITERS) if n not in busy]
            if free and (dice.random() < 0.55 or not busy):
                room = dice.choice([one for one in rooms if one not in busy.values()])
                for _ in range(dice.randrange(1, 4)):
                    await rename(writers[free[0]], room)
                busy[free[0]] = room
            else:
                done = dice.choice(list(busy))
                await writers[done].commit()
                del busy[done]
            await read()
        for done in busy:
            await writers[done].commit()

    async def all_seen() -> bool:
        await read()
        return set(seen) >= await log_of(database, began)

    await until(all_seen)
    assert len(seen) == len(set(seen)), "an entry was given twice"


@pytest.mark.promise("D10")
async def test_a_page_may_end_within_a_transaction(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    async with database.read() as connection:
        cursor = await newest(connection)
    await talk(postgres_dsn, room, 20)  # one transaction
    seqs: list[int] = []
    async with database.read() as connection:

        async def all_seen() -> bool:
            nonlocal cursor
            entries, cursor = await entries_since(connection, cursor, limit=3)
            seqs.extend(entry.seq for entry in entries if entry.conversation_id == room.conversation_id)
            return len(seqs) >= 20

        await until(all_seen)
    assert seqs == list(range(2, 22))


@pytest.mark.promise("D10")
async def test_a_kill_between_effect_and_cursor_loses_and_doubles_nothing(
    postgres_dsn: str, database: Database, effects: str
) -> None:
    room = await open_room(database)
    began = await start(database, effects)
    await talk(postgres_dsn, room, 300)
    script = str(Path(__file__).with_name("dying_follower.py"))
    for kill_at in (1, 3):
        dying = await asyncio.create_subprocess_exec(
            sys.executable,
            script,
            postgres_dsn,
            effects,
            effects,
            str(kill_at),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        async with asyncio.timeout(30):
            assert await dying.wait() == -signal.SIGKILL
        await talk(postgres_dsn, room, 30)

    follower = Follower(database, effects, into(effects))

    async def all_done() -> bool:
        await follower.step()
        return await effects_in(database, effects) == await log_of(database, began)

    await until(all_done)


@pytest.mark.promise("D10")
async def test_a_follower_that_lost_its_lease_writes_nothing(
    postgres_dsn: str, database: Database, effects: str
) -> None:
    room = await open_room(database)
    await start(database, effects)
    calls: list[str] = []

    def noting(name: str) -> follow.Handler:
        async def handler(_connection: Connection, entries: Sequence[Entry]) -> None:
            calls.extend(name for _ in entries)

        return handler

    sleeper = Follower(database, effects, noting("sleeper"), lease_s=0.0)
    await sleeper.step()
    calls.clear()
    worker = Follower(database, effects, noting("worker"))
    await talk(postgres_dsn, room, 5)

    async def worked() -> bool:
        await worker.step()
        return len(calls) >= 5

    await until(worked)
    await talk(postgres_dsn, room, 5)
    assert await sleeper.step() == 0
    assert await Follower(database, effects, noting("third")).step() == 0, "the lease is held"
    assert set(calls) == {"worker"}


@pytest.mark.promise("D10")
async def test_a_follower_of_some_misses_none_of_them_and_passes_over_the_others(
    postgres_dsn: str, database: Database, effects: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "SPAN_ENTRIES", 7)
    loud, quiet = await open_room(database), await open_room(database)
    await start(database, effects)
    wanted: set[tuple[int, int]] = set()
    async with appending(postgres_dsn, batch=20) as appender:
        for _ in range(3):  # runs of wanted ones longer than a batch, and of others longer than a span
            for outcome in await send_together(appender, [loud.draft(0, "for him") for _ in range(20)]):
                assert isinstance(outcome, Stored)
                wanted.add((loud.conversation_id, outcome.entry.seq))
            await send_together(appender, [quiet.draft(0, "for nobody") for _ in range(20)])
    follower = Follower(database, effects, into(effects), batch=3, only="e.body = 'for him'")

    async def all_done() -> bool:
        await follower.step()
        return await effects_in(database, effects) >= wanted

    await until(all_done)
    assert await effects_in(database, effects) == wanted
    running = asyncio.create_task(follower.run())

    async def at_the_end() -> bool:
        async with database.read() as connection:
            cursor = await connection.execute(
                "select (xid, conversation_id, seq) >= (select xid, conversation_id, seq from entries"
                " where conversation_id = %(quiet)s order by seq desc limit 1)"
                " from follower_cursors where name = %(name)s",
                {"name": effects, "quiet": quiet.conversation_id},
            )
            return await cursor.fetchone() == (True,)

    await until(at_the_end)
    running.cancel()
    await asyncio.wait([running])


async def test_a_follower_runs_until_it_is_cancelled_and_gives_its_lease_back(
    postgres_dsn: str, database: Database, effects: str
) -> None:
    room = await open_room(database)
    began = await start(database, effects)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(Follower(database, effects, into(effects)).run())
        await talk(postgres_dsn, room, 30)

        async def all_done() -> bool:
            return await effects_in(database, effects) == await log_of(database, began)

        await until(all_done)
        running.cancel()
    async with database.read() as connection:
        cursor = await connection.execute(
            "select leased_by from follower_cursors where name = %(name)s", {"name": effects}
        )
        assert await cursor.fetchone() == (None,)


def into(table: str) -> follow.Handler:
    """Return a handler that writes each entry's place."""

    async def handler(connection: Connection, entries: Sequence[Entry]) -> None:
        insert = sql.SQL("insert into {} (conversation_id, seq) values (%s, %s)").format(sql.Identifier(table))
        for entry in entries:
            await connection.execute(insert, (entry.conversation_id, entry.seq))

    return handler


async def test_log_tail_prints_every_entry_as_a_line(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    await talk(postgres_dsn, room, 3)

    async def printed() -> list[Any]:
        tail = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from seriatim.app.cli import main; main()",
            "log",
            "tail",
            "--all",
            "--once",
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "SERIATIM_DATABASE_URL": postgres_dsn},
        )
        async with asyncio.timeout(30):
            out, _ = await tail.communicate()
        assert tail.returncode == 0
        return [line for line in map(json.loads, out.splitlines()) if line["conversation_id"] == room.conversation_id]

    async def all_there() -> bool:
        return [line["seq"] for line in await printed()] == [1, 2, 3, 4]

    await until(all_there)
    first, *_, last = await printed()
    assert (first["kind"], last["kind"], last["body"]) == ("conversation_created", "message_sent", "message 2")
