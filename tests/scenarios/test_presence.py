"""Who is here, on a whole server: told in time to those who show him; only when he was last here is written."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rows import WEBHOOKS, unchanged
from seriatim.client import Client, State
from seriatim.core.ids import ConversationId, UserId, random_id
from seriatim.delivery.signals import Signals
from seriatim.features.presence import presence
from seriatim.protocol.fields import PresenceState
from seriatim.protocol.limits import DOTS_MEMBERS
from world import PASSWORD, WITHIN_S, Device, Server, serving

pytestmark = pytest.mark.promise("D6")

OFFLINE_AFTER_S = 1.0
"""Instead of 10 s, which the tests with a clock of their own keep to."""
ONLINE_WITHIN_S, OFFLINE_WITHIN_S = 3 * 3.0, OFFLINE_AFTER_S + 3 * 2.0


@pytest.fixture
async def server(postgres_dsn: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    hasten(monkeypatch)
    async with serving(postgres_dsn, data_folder) as server:
        yield server


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(presence.Presence.__init__.__kwdefaults__, "offline_after_s", OFFLINE_AFTER_S)


async def row(watcher: Device, user_id: int, state: str, within_s: float = ONLINE_WITHIN_S) -> list[Any]:
    """Wait until the watcher is told this state of somebody, and return the row."""
    async with asyncio.timeout(within_s):
        while True:
            frame = await watcher.next("presence")
            for one in frame.get("rows", []):
                if one[:2] == [user_id, state]:
                    return one


async def test_who_comes_turns_away_and_goes_is_told_to_those_who_show_him(server: Server) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    await bob.say(type="focus", user_ids=[ada.user_id])
    assert await row(bob, ada.user_id, "online") == [ada.user_id, "online", None, "", None]
    async with unchanged(server.parts.database, but=WEBHOOKS):
        await ada.say(type="focus", inactive=True)
        await row(bob, ada.user_id, "away")
        await ada.say(type="focus")
        await row(bob, ada.user_id, "online")
        left_at = datetime.now(UTC)
        await ada.close()
        told = await row(bob, ada.user_id, "offline", OFFLINE_WITHIN_S)
        assert abs(datetime.fromisoformat(told[2]) - left_at) < timedelta(seconds=3)
        await ada.connect(inactive=True)
        await row(bob, ada.user_id, "away")
    await eve.ask("fetch", conversation_id=await eve.group(bob))
    assert all(frame["type"] != "presence" for frame in eve._kept), "she does not show him"


async def test_a_line_that_breaks_for_a_moment_is_not_told(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    await bob.say(type="focus", user_ids=[ada.user_id])
    await row(bob, ada.user_id, "online")
    for _ in range(3):
        assert ada._socket is not None
        ada._socket.transport.abort()
        await ada.connect()
        await asyncio.sleep(OFFLINE_AFTER_S / 2)
    await ada.say(type="focus", inactive=True)
    frame = await bob.next("presence")
    assert frame["rows"][0][:2] == [ada.user_id, "away"], "the first news since"


async def test_what_somebody_chose_is_told_kept_and_ends(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    phone = await server.another_device(ada)
    await bob.say(type="focus", user_ids=[ada.user_id])
    await row(bob, ada.user_id, "online")
    until = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    chosen = {"state": "do_not_disturb", "text": "in a meeting", "expires_at": until}
    assert (await ada.ask("set_presence", **chosen))["type"] == "ok"
    told = await row(bob, ada.user_id, "do_not_disturb")
    assert told[3] == "in a meeting"
    own = (await phone.next("self"))["what"]
    assert (own["change"], own["state"], own["text"]) == ("presence", "do_not_disturb", "in a meeting")
    mine = (await phone.http("GET", "/v1/me/presence")).json()
    assert (mine["state"], mine["text"], mine["last_seen_to"]) == ("do_not_disturb", "in a meeting", "everyone")
    assert await row(bob, ada.user_id, "online") == [ada.user_id, "online", None, "", None]
    assert (await phone.http("GET", "/v1/me/presence")).json()["state"] == "auto"


async def test_who_is_invisible_is_offline_to_everybody_also_while_he_types(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    assert (await ada.http("PUT", "/v1/me/presence", json={"state": "invisible"})).status_code == 204
    await bob.say(type="focus", user_ids=[ada.user_id], conversation_ids=[here])
    await row(bob, ada.user_id, "offline", OFFLINE_WITHIN_S)
    await ada.say(type="typing", conversation_id=here)
    await ada.say(type="focus", inactive=True)
    await ada.ask("set_presence")
    await row(bob, ada.user_id, "away")
    assert all(frame["type"] != "typing" for frame in bob._kept)


async def test_who_is_blocked_sees_somebody_offline_from_then_on(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await bob.say(type="focus", user_ids=[ada.user_id], conversation_ids=[here])
    await row(bob, ada.user_id, "online")
    assert (await ada.http("PUT", f"/v1/blocks/{bob.user_id}")).status_code == 204
    assert await row(bob, ada.user_id, "offline") == [ada.user_id, "offline", None, "", None]
    await ada.say(type="typing", conversation_id=here)
    await ada.ask("set_presence", text="secret")
    assert await ada.http("DELETE", f"/v1/blocks/{bob.user_id}")
    await row(bob, ada.user_id, "online")
    assert all(frame["type"] != "typing" for frame in bob._kept)


async def test_what_cannot_be_chosen_is_refused_and_changes_nothing(server: Server) -> None:
    ada = await server.device("ada")
    wrongs = (
        ({"state": "sleeping"}, "$.state"),
        ({"text": "x" * 141}, "$.text"),
        ({"text": "a\0b"}, "$.text"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "$.expires_at"),
        ({"expires_at": "2026-01-01T00:00:00"}, "$.expires_at"),
        ({"last_seen_to": "friends"}, "$.last_seen_to"),
    )
    async with unchanged(server.parts.database, but=WEBHOOKS):
        for wrong, path in wrongs:
            refused = await ada.ask("set_presence", **wrong)
            assert (refused["code"], refused["path"]) == ("bad_request", path), wrong
            over_http = await ada.http("PUT", "/v1/me/presence", json=wrong)
            assert (over_http.status_code, over_http.json()["path"]) == (400, path), wrong


async def test_when_somebody_was_last_here_outlives_the_server_and_is_told_as_he_wants(
    postgres_dsn: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    async with serving(postgres_dsn, data_folder) as server:
        ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
        await ada.direct(bob)
        await bob.say(type="focus", user_ids=[ada.user_id])
        await row(bob, ada.user_id, "online")  # until then she may be invisible, and was not here for anybody
        await ada.close()
        left_at = datetime.now(UTC)
    async with serving(postgres_dsn, data_folder) as server:
        watchers = []
        for one in (bob, eve):
            watcher = await server.greeted(one.credentials)
            await watcher.say(type="focus", user_ids=[ada.user_id])
            told = await row(watcher, ada.user_id, "offline", OFFLINE_WITHIN_S)
            assert abs(datetime.fromisoformat(told[2]) - left_at) < timedelta(seconds=5)
            watchers.append(watcher)
        ada = await server.greeted(ada.credentials)
        for watcher in watchers:
            await row(watcher, ada.user_id, "online")
        await ada.ask("set_presence", last_seen_to="contacts")
        await ada.close()
        found = [await row(watcher, ada.user_id, "offline", OFFLINE_WITHIN_S) for watcher in watchers]
        assert [one[2] is None for one in found] == [False, True], "only Bob shares a direct conversation with her"


async def test_a_hundred_people_who_flap_are_one_frame_a_second(server: Server) -> None:
    bob, *others = [await server.device(name) for name in ("bob", "ada", "eve", "kim")]
    await bob.say(type="focus", user_ids=[other.user_id for other in others])
    await row(bob, others[0].user_id, "online")
    began = time.monotonic()
    for step in range(40):
        for place, other in enumerate(others):
            await other.say(type="focus", inactive=(step + place) % 2 == 0)
        await asyncio.sleep(0.05)
    took_s = time.monotonic() - began
    await bob.ask("fetch", conversation_id=await bob.group(*others))
    frames = [frame for frame in bob._kept if frame["type"] == "presence"]
    assert 1 <= len(frames) <= took_s + 1


async def test_of_a_large_group_members_are_told_how_many_are_online(server: Server) -> None:
    ada, eve = await server.device("ada"), await server.device("eve")
    here = await ada.group(eve)
    many = [random_id() for _ in range(DOTS_MEMBERS - 1)]
    async with server.parts.database.transaction() as connection, connection.cursor() as cursor:
        await cursor.executemany(
            "insert into users (id, name, name_key, created_at) values (%s, %s, %s, now())",
            [(id_, f"m{id_}", f"m{id_}") for id_ in many],
        )
        await cursor.executemany(
            "insert into members (conversation_id, user_id, joined_seq) values (%s, %s, 1)",
            [(here, id_) for id_ in many],
        )
    server.parts.social._fan_out._rosters._rosters.clear()
    outsider = await server.device("kim")
    for one in (ada, outsider):
        await one.say(type="focus", conversation_ids=[here])
        await one.ask("fetch", conversation_id=await one.group(ada, outsider))
    async with asyncio.timeout(WITHIN_S):
        while server.parts.social.directory.count({ada.user_id, eve.user_id}) < 2:
            await asyncio.sleep(0.02)
    await server.parts.social._count()
    frame = await ada.next("presence")
    assert frame == {"type": "presence", "counts": {str(here): 2}}
    await asyncio.sleep(1.2)
    await outsider.ask("fetch", conversation_id=await outsider.group(ada))
    assert all(frame["type"] != "presence" for frame in outsider._kept)
    signals: Signals = server.parts.social.signals
    assert ConversationId(here) in signals.conversations()


async def test_the_sdk_shows_who_is_there(server: Server) -> None:
    ada = await Client.sign_up(server.url, f"ada-{random_id()}", PASSWORD)
    bob = await Client.sign_up(server.url, f"bob-{random_id()}", PASSWORD)

    async def state(of: UserId, wanted: PresenceState) -> None:
        async with asyncio.timeout(ONLINE_WITHIN_S + OFFLINE_AFTER_S):
            while (seen := bob.view.presence(of)) is None or seen.state is not wanted:
                await asyncio.sleep(0.02)

    async with bob:
        bob.view.focus([], [ada.user_id])
        async with ada:
            await state(ada.user_id, PresenceState.ONLINE)
            ada.view.focus([], inactive=True)
            await state(ada.user_id, PresenceState.AWAY)
            assert ada.state is State.LIVE
        await state(ada.user_id, PresenceState.OFFLINE)
