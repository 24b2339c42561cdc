"""Two servers on one log: each hears of what is said on the other, and a broker that dies loses nothing."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from seriatim.app.settings import BadSettings, load
from valkey_server import Valkey
from world import WITHIN_S, Device, Server, serving


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


Both = tuple[Server, Server]


@pytest.fixture
async def both(postgres_dsn: str, data_folder: Path, valkey: Valkey) -> AsyncGenerator[Both]:
    """Return two servers that hear each other."""
    async with (
        serving(postgres_dsn, data_folder, broker_url=valkey.url) as one,
        serving(postgres_dsn, data_folder, broker_url=valkey.url) as other,
    ):
        await meet(one, other)
        yield one, other


async def meet(*servers: Server) -> None:
    """Wait until each hears all the others."""
    async with asyncio.timeout(WITHIN_S):
        while any(len(server.parts.social.directory.others()) < len(servers) - 1 for server in servers):
            await asyncio.sleep(0.01)


def seq(entry: dict[str, Any]) -> int:
    return entry["seq"]


@pytest.mark.promise("D1")
async def test_people_on_two_servers_talk_as_if_on_one(both: Both) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await other.device("bob")
    here = await ada.direct(bob)
    for device in (ada, bob):
        assert (await device.event(here))["kind"] == "conversation_created"
    for number in range(50):
        await ada.send(here, f"ada {number}")
        await bob.send(here, f"bob {number}")
    heard = [sorted([await device.event(here) for _ in range(100)], key=seq) for device in (ada, bob)]
    assert heard[0] == heard[1], "an event of one server may pass one of the other on its way; seq puts them right"
    assert [entry["seq"] for entry in heard[0]] == list(range(2, 102))


async def test_what_is_read_on_one_server_loses_its_marks_on_the_other(both: Both) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await one.device("bob")
    phone = await other.another_device(bob)
    here = await ada.direct(bob)
    sent = await ada.send(here, "hi")
    await bob.ask("read", conversation_id=here, seq=sent["seq"])
    own = await phone.next("self", where=lambda frame: frame["what"].get("change") == "read")
    assert (own["what"]["seq"], own["what"]["unread"]) == (sent["seq"], 0)


async def test_who_is_removed_on_one_server_hears_no_more_on_the_other(both: Both) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await other.device("bob")
    here = await ada.group(bob)
    await ada.send(here, "to both")
    assert [(await bob.event(here))["kind"] for _ in range(2)] == ["conversation_created", "message_sent"]
    await ada.command("remove", conversation_id=here, user_id=bob.user_id)
    await ada.send(here, "to Ada alone")
    assert (await bob.event(here))["kind"] == "member_left"
    there = await ada.direct(bob)
    heard = await bob.next("event")
    assert heard["entry"]["conversation_id"] == there


@pytest.mark.promise("D2")
async def test_what_a_dead_broker_did_not_carry_is_told_as_soon_as_it_is_back(both: Both, valkey: Valkey) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await other.device("bob")
    here = await ada.direct(bob)
    await bob.event(here)
    valkey.kill()
    try:
        sent = await ada.send(here, "meanwhile")
        assert sent["type"] == "sent", "a log needs no broker"
        await asyncio.sleep(0.2)
    finally:
        valkey.start()
    pong = await bob.next("pong", where=lambda frame: bool(frame["heads"]))
    assert [tuple(row[:2]) for row in pong["heads"]] == [(here, sent["seq"])]
    assert (await last(bob, here))["body"] == "meanwhile"


async def last(device: Device, conversation_id: int) -> dict[str, object]:
    return (await device.history(conversation_id))[-1]


async def test_a_server_starts_and_serves_its_own_people_without_its_broker(
    postgres_dsn: str, data_folder: Path, tmp_path: Path
) -> None:
    async with serving(postgres_dsn, data_folder, broker_url=f"unix://{tmp_path / 'nobody'}") as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        here = await ada.direct(bob)
        await ada.send(here, "hi")
        assert [(await bob.event(here))["kind"] for _ in range(2)] == ["conversation_created", "message_sent"]


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost"])
def test_a_broker_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(BadSettings, match="broker_url"):
        load({"SERIATIM_BROKER_URL": url})
