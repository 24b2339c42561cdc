"""Pages from a read replica: what has just been written is on them, and no other history ever is."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from seriatim.log.replica import replica
from standby import Pair, pair, tell
from world import WITHIN_S, Server, serving

PAGES = "select count(*) from pg_stat_activity where query like '-- page%' and application_name = 'seriatim-reading'"


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    with pair() as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replica")


@pytest.fixture
async def server(both: Pair, home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr(replica, "PAUSE_S", 0.2)
    async with serving(both.primary_dsn, home, database_replica_url=both.standby_dsn) as server:
        yield server


async def test_pages_are_read_on_a_replica_that_holds_all_there_is(server: Server, both: Pair) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    sent = await ada.send(here, "hi")
    async with asyncio.timeout(WITHIN_S):
        while await tell(both.standby_dsn, PAGES) == (0,):
            assert (await ada.history(here))[-1]["seq"] == sent["seq"]
    asked = await tell(both.primary_dsn, PAGES)
    assert (await ada.history(here))[-1]["body"] == "hi"
    assert await tell(both.primary_dsn, PAGES) == asked


@pytest.mark.promise("L4")
async def test_who_has_written_reads_it_though_the_replica_lags(server: Server, both: Pair) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    await tell(both.standby_dsn, "select pg_wal_replay_pause()")
    try:
        for number in range(5):
            sent = await ada.send(here, str(number))
            assert [entry["seq"] for entry in await ada.history(here)] == list(range(1, sent["seq"] + 1))
        await ada.command("edit", conversation_id=here, target_seq=sent["seq"], body="in other words")
        assert (await ada.history(here))[sent["seq"] - 1]["body"] == "in other words"
    finally:
        await tell(both.standby_dsn, "select pg_wal_replay_resume()")


async def test_another_history_under_the_same_numbers_is_never_shown(server: Server, both: Pair) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    await ada.send(here, "as it is")
    await both.deaf()
    await both.promote()
    await tell(both.standby_dsn, "update entries set body = 'as it became elsewhere' where body = 'as it is'")
    for _ in range(3):
        assert (await ada.history(here))[-1]["body"] == "as it is"
        await asyncio.sleep(0.25)  # longer than the replica is left alone


async def test_a_replica_that_is_away_costs_nobody_his_page(server: Server, both: Pair) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    await both.standby.stop()
    for number in range(3):
        await ada.send(here, str(number))
        assert (await ada.history(here))[-1]["body"] == str(number)
