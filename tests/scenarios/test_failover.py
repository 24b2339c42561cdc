"""Standbys that are read from, stopped and promoted, and a log that is replaced or ends while requests live on."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from scenarios.log_world import appending, open_room, signal_append_backend
from scenarios.test_client import name
from scenarios.test_faults import Process, sent_in_the_end, started
from seriatim.client import Client, ConversationKind, State
from seriatim.core.clock import SystemClock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, uuid7
from seriatim.log.epoch import LogReplaced
from seriatim.log.lane import lane
from seriatim.log.replica.replica import Replica, line_of
from seriatim.storage.postgres import database as pools
from seriatim.storage.postgres.database import Connection, Database
from standby import Pair, pair, tell
from world import PASSWORD, WITHIN_S, Server, serving

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
async def test_what_was_built_on_a_log_ends_when_the_database_comes_back_with_another_log(
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


@pytest.fixture(scope="module")
def synchronous() -> Iterator[Pair]:
    with pair() as both:
        asyncio.run(both.synchronous())
        yield both


@pytest.fixture
def asynchronous() -> Iterator[Pair]:
    with pair() as both:
        yield both


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of the servers on the synchronous pair: one secret for both tests."""
    return tmp_path_factory.mktemp("failover")


PAGES = "select count(*) from pg_stat_activity where query like '-- page%' and application_name = 'seriatim-reading'"


@pytest.fixture
async def reading(synchronous: Pair, home: Path) -> AsyncIterator[Server]:
    """Return a server that reads pages on the standby."""
    async with serving(synchronous.primary_dsn, home, database_replica_url=synchronous.standby_dsn) as server:
        yield server


async def test_pages_are_read_on_a_replica_that_holds_all_there_is(reading: Server, synchronous: Pair) -> None:
    ada = await reading.device("ada")
    here = await ada.group()
    sent = await ada.send(here, "hi")
    async with asyncio.timeout(WITHIN_S):
        while await tell(synchronous.standby_dsn, PAGES) == (0,):
            assert (await ada.history(here))[-1]["seq"] == sent["seq"]
    asked = await tell(synchronous.primary_dsn, PAGES)
    assert (await ada.history(here))[-1]["body"] == "hi"
    assert await tell(synchronous.primary_dsn, PAGES) == asked


@pytest.mark.promise("L4")
async def test_who_has_written_reads_it_though_the_replica_lags(reading: Server, synchronous: Pair) -> None:
    ada = await reading.device("ada")
    here = await ada.group()
    await tell(synchronous.standby_dsn, "select pg_wal_replay_pause()")
    try:
        for number in range(5):
            sent = await ada.send(here, str(number))
            assert [entry["seq"] for entry in await ada.history(here)] == list(range(1, sent["seq"] + 1))
        await ada.command("edit", conversation_id=here, target_seq=sent["seq"], body="in other words")
        assert (await ada.history(here))[sent["seq"] - 1]["body"] == "in other words"
    finally:
        await tell(synchronous.standby_dsn, "select pg_wal_replay_resume()")


async def test_a_replica_is_not_read_on_another_line_of_history_than_the_primary_s(
    reading: Server, synchronous: Pair
) -> None:
    async def page(connection: Connection) -> str:
        row = await (await connection.execute("select 'read'")).fetchone()
        return "" if row is None else row[0]

    ada = await reading.device("ada")
    here = ConversationId(await ada.group())
    async with reading.parts.database.read() as connection:
        system, timeline = await line_of(connection)
    found: list[str | None] = []
    for line in ((system, timeline), (system, timeline + 1), (system + 1, timeline)):
        other = Replica(synchronous.standby_dsn, line, SystemClock())
        holding = asyncio.create_task(other.run())
        async with asyncio.timeout(WITHIN_S):
            while not other.is_there or (line == (system, timeline) and await other.read(here, 1, page) is None):
                await asyncio.sleep(0.01)
        found.append(await other.read(here, 1, page))
        holding.cancel()
    assert found == ["read", None, None]


async def test_a_replica_that_is_away_costs_nobody_his_page(
    synchronous: Pair, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "CONNECT_WITHIN_S", 1)
    away = "postgresql://nobody@/none?host=/nowhere"
    async with serving(synchronous.primary_dsn, home, database_replica_url=away) as server:
        ada = await server.device("ada")
        here = await ada.group()
        for number in range(3):
            await ada.send(here, str(number))
            assert (await ada.history(here))[-1]["body"] == str(number)


WAITING = "select pid from pg_stat_activity where wait_event = 'SyncRep' and application_name = 'seriatim-append'"


@pytest.mark.promise("L1")
async def test_while_the_standby_is_stopped_all_is_answered_in_time_and_nothing_is_acked(
    synchronous: Pair, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "ANSWER_WITHIN_S", 1.0)  # instead of 5 s and 6 s, which are counted alike
    monkeypatch.setattr(pools, "WRITE_WITHIN_S", 1)
    async with serving(synchronous.primary_dsn, home) as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        here, there = await ada.direct(bob), await bob.group()
        await ada.send(here, "before")
        synchronous.signal_standby(signal.SIGSTOP)
        try:
            began = time.monotonic()
            key, other = str(uuid7()), str(uuid7())
            waiting = asyncio.create_task(
                bob.command("set_settings", conversation_id=there, title="T", client_id=other)
            )
            refused = await ada.send(here, "waits", client_id=key)
            assert refused["code"] == "unavailable"
            assert (await waiting)["code"] == "unavailable"
            assert time.monotonic() - began < WITHIN_S / 2
            assert await tell(synchronous.primary_dsn, WAITING) is None, "nobody holds its locks and its connection"
        finally:
            synchronous.signal_standby(signal.SIGCONT)
        seq = await sent_in_the_end(ada, here, "waits", key)
        assert (await bob.command("set_settings", conversation_id=there, title="T", client_id=other))["seq"] == 2
        assert [(entry["seq"], entry.get("body")) for entry in await ada.history(here)][1:] == [
            (2, "before"),
            (3, "waits"),
        ]
        assert seq == 3


class Talk(NamedTuple):
    """Two people on a server process, and where they talk."""

    process: Process
    ada: Client
    bob: Client
    here: ConversationId


@asynccontextmanager
async def talking(both: Pair, data: Path) -> AsyncIterator[Talk]:
    async with started(data=data, database_url=both.dsn) as process:
        ada = await Client.sign_up(process.url, name("ada"), PASSWORD)
        bob = await Client.sign_up(process.url, name("bob"), PASSWORD)
        async with ada, bob:
            here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
            yield Talk(process, ada, bob, here)


def log_of(dsn: str, here: ConversationId) -> list[tuple[int, str | None]]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select seq, body from entries where conversation_id = %s order by seq", (here,))
        return [(row[0], row[1]) for row in found]


async def converged(talk: Talk, dsn: str) -> list[tuple[int, str | None]]:
    """Wait until both devices hold the log of this database, and return it."""
    async with asyncio.timeout(3 * WITHIN_S):
        while True:
            log = log_of(dsn, talk.here)
            held = [
                [(entry.seq, getattr(entry, "body", None)) for entry in await client.history(talk.here, limit=10_000)]
                for client in (talk.ada, talk.bob)
            ]
            if held == [log, log] and talk.ada.state is talk.bob.state is State.LIVE:
                return log
            await asyncio.sleep(0.05)


@pytest.mark.promise("F5")
async def test_a_synchronous_standby_that_is_promoted_under_load_has_all_that_was_acked(
    synchronous: Pair, home: Path
) -> None:
    acked: dict[int, str] = {}
    is_over = asyncio.Event()

    async def talk_on(client: Client, here: ConversationId, who: str) -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            acked[(await client.send(here, f"{who} {number}")).seq] = f"{who} {number}"

    async def more(count: int) -> None:
        until = len(acked) + count
        while len(acked) < until:
            await asyncio.sleep(0.01)

    async with talking(synchronous, home) as talk, asyncio.timeout(6 * WITHIN_S):
        async with asyncio.TaskGroup() as tasks:
            for client, who in ((talk.ada, "ada"), (talk.bob, "bob")):
                tasks.create_task(talk_on(client, talk.here, who))
            await more(100)
            synchronous.kill_primary()
            await synchronous.promote()
            await more(100)
            is_over.set()
        log = await converged(talk, synchronous.standby_dsn)
        await talk.process.until("log_replaced")
        assert talk.process.process.returncode is None, "it carries on"
    assert log[1:] == sorted(acked.items())


@pytest.mark.promise("F6")
async def test_after_a_standby_that_lagged_is_promoted_all_devices_hold_its_log(
    asynchronous: Pair, tmp_path: Path
) -> None:
    async with talking(asynchronous, tmp_path) as talk:
        kept = [f"kept {number}" for number in range(5)]
        for body in kept:
            await talk.ada.send(talk.here, body)
        await asynchronous.deaf()
        for number in range(5):
            await talk.ada.send(talk.here, f"ada's {number}")
            await talk.bob.send(talk.here, f"bob's {number}")
        before = await converged(talk, asynchronous.primary_dsn)
        asynchronous.kill_primary()
        await asynchronous.promote()
        assert log_of(asynchronous.standby_dsn, talk.here) == before[:6], "acked and lost"
        await talk.ada.send(talk.here, "after")
        async with asyncio.timeout(3 * WITHIN_S):
            while len(log := await converged(talk, asynchronous.standby_dsn)) < len(before) + 1:
                await asyncio.sleep(0.05)
        await talk.process.until("log_replaced")
    assert [body for _, body in log[1:6]] == kept
    again = [body for _, body in log[6:] if body is not None]
    for who in ("ada", "bob"):
        assert [body for body in again if body.startswith(who)] == [f"{who}'s {number}" for number in range(5)], again
    assert len(again) == 11
    assert "after" in again
