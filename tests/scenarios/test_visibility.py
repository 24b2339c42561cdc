"""Who hears of what while rosters change: nothing that is told again reaches whoever may not read it."""

import pytest

from seriatim.core.ids import uuid7
from world import Server


@pytest.mark.promise("I1")
async def test_a_retried_send_is_not_told_to_those_who_came_after_it(server: Server) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here, key = await ada.group(bob), str(uuid7())
    await ada.send(here, "before cyd", client_id=key)
    await ada.command("invite", conversation_id=here, user_id=cyd.user_id)
    assert (await ada.send(here, "before cyd", client_id=key))["duplicate"]
    await ada.send(here, "both")
    assert [(await cyd.event(here)).get("body") for _ in range(2)] == [None, "both"]
    told = [(await bob.event(here)).get("body") for _ in range(5)]
    assert told == [None, "before cyd", None, "before cyd", "both"], "who could read it is told again"


@pytest.mark.promise("I1")
async def test_whoever_was_removed_does_not_come_back_by_a_retried_create(server: Server) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    wish = {"kind": "group", "title": "Mine", "members": [bob.user_id], "client_id": str(uuid7())}
    here = (await ada.command("create", **wish))["conversation_id"]
    await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role="owner")
    await bob.command("invite", conversation_id=here, user_id=cyd.user_id)
    await bob.command("remove", conversation_id=here, user_id=ada.user_id)
    assert (await ada.command("create", **wish))["duplicate"]
    await bob.send(here, "without ada")
    told = [await cyd.event(here) for _ in range(3)]
    assert [entry["seq"] for entry in told] == [3, 4, 5], "the newcomer misses nothing"
    for _ in range(4):
        await ada.event(here)
    own = await ada.group(title="own")
    assert (await ada.next("event"))["entry"]["conversation_id"] == own, "he heard nothing after his own leaving"
