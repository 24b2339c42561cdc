"""Two servers on one log: each hears of what is said on the other, and a broker that dies loses nothing."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scenarios.test_bots import admin, make_bot
from scenarios.test_presence import row
from seriatim.app.processes.ends import Ends
from seriatim.app.roles import _drain
from seriatim.app.settings import BadSettings, Settings, load
from seriatim.app.streams import social
from seriatim.delivery.broker.port import Hint
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.delivery.directory import shared
from seriatim.delivery.directory.shared import SharedDirectory
from seriatim.delivery.fanout import FanOut
from seriatim.features.presence import presence
from seriatim.features.slash import slash
from valkey_server import Valkey
from world import WITHIN_S, Device, Server, serving


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


Both = tuple[Server, Server]


@asynccontextmanager
async def two(postgres_dsn: str, data_folder: Path, valkey: Valkey) -> AsyncGenerator[Both]:
    """Run two servers that hear each other."""
    async with (
        serving(postgres_dsn, data_folder, broker_url=valkey.url) as one,
        serving(postgres_dsn, data_folder, broker_url=valkey.url) as other,
    ):
        await meet(one, other)
        yield one, other


@pytest.fixture
async def both(postgres_dsn: str, data_folder: Path, valkey: Valkey) -> AsyncGenerator[Both]:
    """Return two servers that hear each other."""
    async with two(postgres_dsn, data_folder, valkey) as both:
        yield both


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


# -- what is of a moment


OFFLINE_AFTER_S = 0.5
LEASE_S = 2.0
SLOT_S = 0.02
"""Instead of 10 s, 15 s and 0.1 s, which the tests with a clock of their own keep to."""


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what takes its time take less."""
    monkeypatch.setitem(presence.Presence.__init__.__kwdefaults__, "offline_after_s", OFFLINE_AFTER_S)
    monkeypatch.setattr(social, "SLOT_S", SLOT_S)
    monkeypatch.setattr(presence, "FOCUS_EVERY_S", 0.0)
    monkeypatch.setattr(slash, "SLASH_WITHIN_S", 1.0)


hasty = pytest.mark.usefixtures("in_haste")


async def looks(device: Device, *conversation_ids: int, at: Device) -> None:
    """Have a device show conversations and somebody, and wait until its server has understood it."""
    await device.say(type="focus", conversation_ids=list(conversation_ids), user_ids=[at.user_id])
    await device.ask("compare", entries=[])


@hasty
@pytest.mark.promise("D6")
async def test_who_comes_turns_away_and_goes_is_told_on_the_other_server(both: Both) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await other.device("bob")
    await looks(bob, at=ada)
    await row(bob, ada.user_id, "online")
    await ada.say(type="focus", inactive=True)
    await row(bob, ada.user_id, "away")
    await ada.ask("set_presence", state="do_not_disturb", text="in a meeting")
    assert (await row(bob, ada.user_id, "do_not_disturb"))[3] == "in a meeting"
    left_at = datetime.now(UTC)
    await ada.close()
    told = await row(bob, ada.user_id, "offline")
    assert abs(datetime.fromisoformat(told[2]) - left_at) < timedelta(seconds=2), "and when he was last here"


@hasty
@pytest.mark.promise("D6")
async def test_who_hides_on_one_server_is_hidden_on_the_other_too(both: Both) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await one.device("bob")
    phone = await other.another_device(ada)
    eve = await other.device("eve")
    for watcher in (bob, eve):
        await looks(watcher, at=ada)
        await row(watcher, ada.user_id, "online")
    assert (await ada.http("PUT", f"/v1/blocks/{eve.user_id}")).status_code == 204
    await row(eve, ada.user_id, "offline")
    await ada.ask("set_presence", state="invisible")
    await row(bob, ada.user_id, "offline")
    here = await bob.group(ada, eve)
    await looks(eve, here, at=bob)
    await ada.say(type="typing", conversation_id=here)
    await phone.say(type="typing", conversation_id=here)
    await bob.say(type="typing", conversation_id=here)
    assert (await eve.next("typing"))["user_id"] == bob.user_id
    assert all(frame["type"] != "typing" for frame in eve._kept), "nor does anybody see him type"


@hasty
@pytest.mark.promise("D6")
async def test_the_people_of_a_server_that_died_are_offline_with_its_lease(
    postgres_dsn: str, data_folder: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SharedDirectory.__init__.__kwdefaults__, "lease_s", LEASE_S)
    async with serving(postgres_dsn, data_folder, broker_url=valkey.url) as other:
        bob = await other.device("bob")
        async with serving(postgres_dsn, data_folder, broker_url=valkey.url) as one:
            await meet(one, other)
            ada = await one.device("ada")
            await looks(bob, at=ada)
            await row(bob, ada.user_id, "online")
        await row(bob, ada.user_id, "offline", LEASE_S + OFFLINE_AFTER_S + 2.0)


async def test_a_server_that_stops_has_sent_all_it_had_and_says_goodbye(
    both: Both, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "OFFLINE_AFTER_S", OFFLINE_AFTER_S)
    one, other = both
    ada, bob = await one.device("ada"), await other.device("bob")
    here = await ada.direct(bob)
    await bob.event(here)
    sent = await ada.send(here, "the last")
    await _drain(Settings(data=data_folder), None, one.parts, Ends())
    assert isinstance(one.parts.others.broker, RedisBroker)
    assert not one.parts.others.broker._waiting
    assert (await bob.event(here))["seq"] == sent["seq"]
    async with asyncio.timeout(2.0):  # and not when its lease of 15 s has run out
        while other.parts.social.directory.others():
            await asyncio.sleep(0.01)


@hasty
@pytest.mark.promise("D6")
async def test_presence_is_right_again_when_a_dead_broker_is_back(both: Both, valkey: Valkey) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await other.device("bob")
    await looks(bob, at=ada)
    await row(bob, ada.user_id, "online")
    valkey.kill()
    try:
        await ada.say(type="focus", inactive=True)
        await asyncio.sleep(0.7)
    finally:
        valkey.start()
    await row(bob, ada.user_id, "away", 3.0)


@pytest.mark.promise("D7")
async def test_typing_is_told_on_the_other_server_to_those_who_may_know(both: Both) -> None:
    one, other = both
    ada, kim = await one.device("ada"), await one.device("kim")
    bob, eve = await other.device("bob"), await other.device("eve")
    here = await ada.group(bob, eve)
    for watcher in (bob, eve):
        await looks(watcher, here, at=ada)
    assert (await ada.http("PUT", f"/v1/blocks/{eve.user_id}")).status_code == 204
    await kim.say(type="typing", conversation_id=here)
    await ada.say(type="typing", conversation_id=here)
    assert await bob.next("typing") == {
        "type": "typing",
        "conversation_id": here,
        "user_id": ada.user_id,
        "on": True,
    }, "and not of Kim, who is no member"
    await ada.say(type="typing", conversation_id=here, on=False)
    assert (await bob.next("typing"))["on"] is False
    assert all(frame["type"] != "typing" for frame in eve._kept)


@pytest.mark.promise("D5")
async def test_ticks_move_on_the_other_server(both: Both) -> None:
    one, other = both
    ada, bob = await one.device("ada"), await other.device("bob")
    here = await ada.direct(bob)
    await looks(ada, here, at=bob)
    sent = (await ada.send(here, "hi"))["seq"]
    await bob.say(type="received", seqs={str(here): sent})
    assert (await ada.next("watermarks"))["rows"] == [[bob.user_id, sent, 0]]
    await bob.ask("read", conversation_id=here, seq=sent)
    assert (await ada.next("watermarks"))["rows"] == [[bob.user_id, sent, sent]]


@hasty
async def test_a_bot_on_one_server_answers_calls_on_the_other(both: Both) -> None:
    one, other = both
    root = await admin(one)
    bot = await other.greeted(await make_bot(root, "bot"))
    group = await root.group(bot)
    name = f"deploy{bot.user_id % 10**9}"
    offer = {"name": name, "description": "Deploys", "usage": f"/{name}"}
    answer = await bot.http("PUT", "/v1/bots/self/slash-commands", json={"commands": [offer]})
    assert answer.status_code == 200, answer.text
    calling = asyncio.create_task(root.command("slash", conversation_id=group, name=name, text="web"))
    called = await bot.next("slash_called")
    forged = called["call_id"].replace(called["call_id"].rpartition(".")[0], "nobody")
    assert (await bot.ask("answer_slash", call_id=forged, text="x"))["code"] == "not_found"
    assert (await bot.ask("answer_slash", call_id=called["call_id"], text="done"))["type"] == "ok"
    assert (await calling)["text"] == "done"
    await bot.close()
    away = await root.command("slash", conversation_id=group, name=name, text="web")
    assert (away["code"], away["reason"]) == ("unavailable", "bot_away")


async def test_a_device_that_is_revoked_on_one_server_is_closed_on_the_other_at_once(both: Both) -> None:
    one, other = both
    ada = await one.device("ada")
    phone = await other.another_device(ada)
    began = asyncio.get_running_loop().time()
    assert (await ada.http("DELETE", f"/v1/devices/{phone.device_id}")).status_code == 204
    assert await phone.closed() == 4410
    assert asyncio.get_running_loop().time() - began < 2.0, "not with the next look, in 5 s"


# -- many servers, of which each hears only what concerns its people


@pytest.fixture
async def many(postgres_dsn: str, data_folder: Path, valkey: Valkey) -> AsyncGenerator[list[Server]]:
    """Return three servers that think that two are many."""
    async with AsyncExitStack() as stack:
        starting = (serving(postgres_dsn, data_folder, broker_url=valkey.url, broadcast_up_to=1) for _ in range(3))
        servers = [await stack.enter_async_context(server) for server in starting]
        await meet(*servers)
        yield servers


@pytest.mark.promise("D1")
async def test_of_many_servers_those_that_hold_a_member_hear_and_the_others_do_not(
    many: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, third = many
    ada, bob, _eve = await one.device("ada"), await other.device("bob"), await third.device("eve")
    await bob.ask("set_presence", state="invisible")
    here = await ada.direct(bob)
    for device in (ada, bob):
        assert (await device.event(here))["kind"] == "conversation_created"
    await asyncio.sleep(0.5)
    heard: list[Hint] = []
    passes_on = FanOut._pass_on

    def noted(self: FanOut, hints: list[Hint], version: int) -> None:
        heard.extend(hints)
        passes_on(self, hints, version)

    monkeypatch.setattr(FanOut, "_pass_on", noted)
    for number in range(20):
        await ada.send(here, f"ada {number}")
        await bob.send(here, f"bob {number}")
    for device in (ada, bob):
        assert sorted([(await device.event(here))["seq"] for _ in range(40)]) == list(range(2, 42))
    assert len(heard) == 2 * 40, "and the third server heard nothing of it"


@pytest.mark.promise("D2")
async def test_who_comes_to_a_server_hears_what_was_said_before_the_others_knew(many: list[Server]) -> None:
    one, other, third = many
    ada, bob = await one.device("ada"), await other.device("bob")
    here = await ada.direct(bob)
    sent = await ada.send(here, "before")
    phone = await third.another_device(bob)
    sent = await ada.send(here, "just now")

    def tells(frame: dict[str, Any]) -> bool:
        heads = {row[0]: row[1] for row in frame.get("heads", [])}
        return frame.get("entry", {}).get("seq") == sent["seq"] or heads.get(here) == sent["seq"]

    async with asyncio.timeout(3.0):
        await phone.next("event", "pong", where=tells)


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
