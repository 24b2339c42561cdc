"""Who is typing, on a whole server: told to those who look, and nowhere stored."""

import asyncio

import pytest

from rows import WEBHOOKS, unchanged
from seriatim.client import Client, ConversationKind
from seriatim.core.ids import ConversationId, UserId, random_id
from seriatim.protocol.limits import TYPING_SHOWN_S
from seriatim.protocol.link import screen
from world import PASSWORD, Device, Server

SHOWN_S = 1.5
"""Instead of 6 s, which the tests with times of their own keep to."""

pytestmark = pytest.mark.promise("D7")


async def caught_up(*devices: Device) -> None:
    """Wait until everything said to these devices so far has arrived: an answer is told after it."""
    for device in devices:
        await device.ask("compare", entries=[])


def typing_kept(device: Device) -> list[object]:
    return [frame for frame in device._kept if frame["type"] == "typing"]


async def test_typing_is_told_to_members_who_look_and_nothing_is_stored(server: Server) -> None:
    ada, bob, eve, kim = [await server.device(name) for name in ("ada", "bob", "eve", "kim")]
    here = await ada.group(bob, eve)
    for one in (bob, kim):
        await one.say(type="focus", conversation_ids=[here])
    await caught_up(bob, eve, kim)
    async with unchanged(server.parts.database, but=WEBHOOKS):
        await ada.say(type="typing", conversation_id=here)
        told = {"type": "typing", "conversation_id": here, "user_id": ada.user_id}
        assert await bob.next("typing") == {**told, "on": True}
        await ada.say(type="typing", conversation_id=here, on=False)
        assert await bob.next("typing") == {**told, "on": False}
        await kim.say(type="typing", conversation_id=here)
        await caught_up(bob, eve, kim)
    assert typing_kept(eve) == [], "she looks elsewhere"
    assert typing_kept(kim) == [], "she is no member"
    assert typing_kept(bob) == [], "nor may she make others believe that she writes here"


async def test_typing_in_a_thread_names_it_and_comes_once_in_three_seconds(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await bob.say(type="focus", conversation_ids=[here])
    await caught_up(bob)
    for _ in range(5):
        await ada.say(type="typing", conversation_id=here, thread_seq=1)
    assert (await bob.next("typing"))["thread_seq"] == 1
    await caught_up(ada, bob)
    assert typing_kept(bob) == []


async def test_who_left_hears_nothing_any_more(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await bob.say(type="focus", conversation_ids=[here])
    await caught_up(bob)
    await bob.command("leave", conversation_id=here)
    await ada.say(type="typing", conversation_id=here)
    await caught_up(ada, bob)
    assert typing_kept(bob) == []


async def test_the_sdk_takes_whoever_falls_silent_off_the_screen(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "TYPING_SHOWN_S", SHOWN_S)
    ada = await Client.sign_up(server.url, f"ada-{random_id()}", PASSWORD)
    bob = await Client.sign_up(server.url, f"bob-{random_id()}", PASSWORD)

    async def typists(here: ConversationId, wanted: list[UserId], within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while bob.view.typists(here) != wanted:
                await asyncio.sleep(0.02)

    async with ada, bob:
        here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
        bob.view.focus([here])
        await bob.history(here)
        ada.view.type(here)
        ada.view.type(here)
        await typists(here, [ada.user_id], 9.0)
        began = asyncio.get_running_loop().time()
        await typists(here, [], 3 * TYPING_SHOWN_S)
        assert asyncio.get_running_loop().time() - began >= SHOWN_S / 2
