"""A server behind PgBouncer in transaction mode: nothing of a session is used there, and nothing waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from pgbouncer_server import PgBouncer, pooling
from seriatim.app.front import Front
from seriatim.app.postgres import postgres
from seriatim.app.settings import Settings
from seriatim.core.errors import Unavailable
from seriatim.log.follow import BEGINNING, Follower, newest
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres import database as pools
from seriatim.storage.postgres.database import SESSION, Connection, Database
from seriatim.storage.postgres.pooler import UnfitPooler, require_fit
from world import WITHIN_S, Server, serving

PREPARED_AFTER = 5
"""Executions of one statement on one connection after which psycopg prepares it, where it may."""


@pytest.fixture(scope="module")
def role(postgres_dsn: str) -> Iterator[str]:
    """Return a role of one's own whose sessions begin as the defaults of PostgreSQL say."""
    name = sql.Identifier(made := f"pooled_{uuid4().hex[:8]}")
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login superuser").format(name))
        yield made
        connection.execute(sql.SQL("drop role {}").format(name))


@pytest.fixture
def fit(postgres_dsn: str, role: str) -> None:
    """Have the role bring what the pooler cannot carry."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        for name, value in SESSION.items():
            connection.execute(
                sql.SQL("alter role {} set {} = {}").format(sql.Identifier(role), sql.SQL(name), sql.Literal(value))
            )


@pytest.fixture
def bouncer(postgres_dsn: str, role: str) -> Iterator[PgBouncer]:
    with pooling(postgres_dsn, role) as pooler:
        yield pooler


@pytest.fixture
async def server(postgres_dsn: str, fit: None, bouncer: PgBouncer, data_folder: Path) -> AsyncIterator[Server]:
    async with serving(bouncer.dsn, data_folder, database_direct_url=postgres_dsn) as server:
        yield server


async def test_people_talk_come_back_and_see_each_other_through_a_pooler(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await bob.say(type="focus", user_ids=[ada.user_id], conversation_ids=[here])
    assert (await bob.next("presence"))["rows"][0][:2] == [ada.user_id, "online"]
    assert (await bob.event(here))["kind"] == "conversation_created"
    for number in range(20):
        sent = await ada.send(here, f"message {number}")
        assert (await bob.event(here))["seq"] == sent["seq"]
        await ada.command("react", conversation_id=here, target_seq=sent["seq"], emoji="👍")
        assert (await bob.event(here))["kind"] == "reaction_added"
    last = sent["seq"] + 1
    assert (await ada.history(here))[-1]["seq"] == last
    await bob.connect()
    assert [tuple(row[:2]) for row in bob.welcome["heads"]] == [(here, last)]


async def test_statements_are_not_prepared_where_the_next_may_meet_another_session(
    fit: None, bouncer: PgBouncer
) -> None:
    database = Database(bouncer.dsn, pooled=True)
    await database.open()

    async def ask(times: int) -> set[int]:
        async with database.read() as connection:
            cursors = [await connection.execute("select pg_backend_pid(), pg_sleep(0.002)") for _ in range(times)]
            return {row[0] for cursor in cursors for row in await cursor.fetchall()}

    met = await asyncio.gather(*(ask(4 * PREPARED_AFTER) for _ in range(6)))
    assert max(map(len, met)) > 1, "nobody met another session: this shows nothing"
    await database.close()


async def test_a_follower_goes_on_where_it_was_through_a_pooler(fit: None, bouncer: PgBouncer, server: Server) -> None:
    database = Database(bouncer.dsn, pooled=True)
    await database.open()
    heard: list[int] = []

    async def hear(_connection: Connection, entries: list[Entry]) -> None:
        heard.extend(entry.seq for entry in entries if entry.conversation_id == here)

    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    name = f"pooled-{uuid4().hex}"
    followers = [Follower(database, name, hear), Follower(database, name, hear)]
    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(follower.run()) for follower in followers]
        for number in range(10):
            await ada.send(here, str(number))
        while heard[-1:] != [11]:
            await asyncio.sleep(0.01)
        for task in running:
            task.cancel()
    assert heard == list(range(1, 12))
    async with database.read() as connection:
        assert await newest(connection) > BEGINNING
    await database.close()


async def test_a_pooler_that_dies_under_load_loses_and_doubles_nothing(server: Server, bouncer: PgBouncer) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)

    async def rename(number: int) -> None:
        """Change the title, again under the same key until it is answered."""
        key = str(uuid4())
        while True:
            answer = await ada.command("set_settings", conversation_id=here, client_id=key, title=str(number))
            if answer["type"] == "sent":
                return
            assert answer["code"] == "unavailable"
            await asyncio.sleep(0.05)

    async with asyncio.timeout(3 * WITHIN_S):
        for number in range(40):
            if number == 10:
                bouncer.kill()
                asyncio.get_running_loop().call_later(0.3, bouncer.start)
            if number % 2:
                await rename(number)
            else:
                assert (await ada.send(here, str(number)))["type"] == "sent", "the log's own way leads past the pooler"
    entries = (await ada.history(here))[1:]
    assert [entry.get("body") or entry.get("title") for entry in entries] == [str(number) for number in range(40)]


async def test_who_waits_in_the_poolers_queue_is_answered_in_time(
    fit: None, postgres_dsn: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "READ_WITHIN_S", 0.2)
    monkeypatch.setattr(pools, "BEYOND_S", 0.2)
    with pooling(postgres_dsn, role, servers=1) as pooler:
        database = Database(pooler.dsn, pooled=True)
        await database.open()
        async with database.transaction() as holds, asyncio.timeout(WITHIN_S):
            await holds.execute("select 1")
            with pytest.raises(Unavailable):
                async with database.read() as connection:
                    await connection.execute("select 1")
        async with database.read() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)
        await database.close()


async def test_a_role_that_brings_no_bounds_is_refused_with_what_to_run(
    postgres_dsn: str, role: str, bouncer: PgBouncer, tmp_path: Path
) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("alter role {} reset all").format(sql.Identifier(role)))
    bouncer.kill()
    bouncer.start()
    settings = Settings(data=tmp_path, database_url=bouncer.dsn, database_direct_url=postgres_dsn)
    with pytest.raises(UnfitPooler) as refused:
        async with postgres(settings, Front()):
            pass
    said = str(refused.value)
    assert f"""alter role "{role}" set statement_timeout = '5s';""" in said
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(said[said.index("alter role") :].encode())
    bouncer.kill()
    bouncer.start()
    async with postgres(settings, Front()) as dsn:
        assert dsn == bouncer.dsn


def test_two_urls_of_different_databases_are_refused(postgres_dsn: str, bouncer: PgBouncer, fit: None) -> None:
    with pytest.raises(UnfitPooler, match="different databases"):
        require_fit(bouncer.dsn, psycopg.conninfo.make_conninfo(postgres_dsn, dbname="postgres"))
