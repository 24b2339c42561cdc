"""What can be asked of messages over HTTP: who reacted, what is pinned, what was said before, who voted."""

from typing import Any

import pytest

from pictures import custom_emoji
from seriatim.storage.postgres.database import Database
from world import Device, Server


async def listed(device: Device, path: str, key: str, **params: Any) -> list[Any]:
    """Return a list over all of its pages, two rows each."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await device.http("GET", path, params={"limit": "2", **params, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page[key]
        if "cursor" not in page:
            return found
        cursor = {"cursor": page["cursor"]}


async def refused(device: Device, path: str) -> tuple[int, str, str | None]:
    problem = (await device.http("GET", path)).json()
    return problem["status"], problem["code"], problem.get("path")


async def does(device: Device, command: str, here: int, **fields: Any) -> int:
    """Run a command and return the seq of its entry."""
    answer = await device.command(command, conversation_id=here, **fields)
    assert answer["type"] == "sent", answer
    return answer["seq"]


async def test_reactions_pins_versions_and_votes_are_keyset_lists(server: Server, database: Database) -> None:
    await custom_emoji(database, "aa", "bb")
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    here = await ada.group(bob)
    seq = (await ada.send(here, "first"))["seq"]
    for who, emoji in ((ada, "aa"), (bob, "aa"), (bob, "bb")):
        await does(who, "react", here, target_seq=seq, emoji=f":{emoji}:")
    edits = [await does(ada, "edit", here, target_seq=seq, body=body) for body in ("second", "third")]
    poll = await does(ada, "start_poll", here, question="When?", options=["now", "then"])
    hidden = await does(ada, "start_poll", here, question="Who?", options=["me", "you"], anonymous=True)
    pinned = [await does(ada, "pin", here, target_seq=one) for one in (seq, poll, hidden)]
    for who, options in ((ada, [0]), (bob, [1])):
        for target_seq in (poll, hidden):
            await does(who, "vote", here, target_seq=target_seq, options=options)

    base = f"/v1/conversations/{here}"
    people = sorted((ada, bob), key=lambda one: one.user_id)
    reactors = await listed(bob, f"{base}/entries/{seq}/reactions", "reactors")
    assert [(one["emoji"], one["user_id"], one["name"]) for one in reactors] == [
        *((":aa:", one.user_id, one.name) for one in people),
        (":bb:", bob.user_id, bob.name),
    ]
    pins = await listed(bob, f"{base}/pins", "entries")
    assert [(pin["kind"], pin["seq"], pin["pinned_seq"]) for pin in pins] == [
        ("poll_started", hidden, pinned[2]),
        ("poll_started", poll, pinned[1]),
        ("message_sent", seq, pinned[0]),
    ]
    assert (pins[1]["chosen"], pins[1]["votes"], pins[2]["body"]) == ([1], [1, 1], "third")
    versions = await listed(bob, f"{base}/entries/{seq}/versions", "versions")
    assert [(one["seq"], one["body"]) for one in versions] == [
        (seq, "first"),
        (edits[0], "second"),
        (edits[1], "third"),
    ]
    voters = await listed(bob, f"{base}/entries/{poll}/votes", "voters")
    assert [(one["user_id"], one["options"]) for one in voters] == [
        (one.user_id, [0] if one is ada else [1]) for one in people
    ]

    assert await refused(bob, f"{base}/entries/{hidden}/votes") == (403, "forbidden", "$.seq")
    for path in (f"entries/{seq}/reactions", "pins", f"entries/{seq}/versions", f"entries/{poll}/votes"):
        assert await refused(eve, f"{base}/{path}") == (404, "not_found", "$.conversation_id")
    for path in (f"entries/{seq}/votes", f"entries/{poll}/versions", "entries/1/reactions", "entries/99/versions"):
        assert await refused(bob, f"{base}/{path}") == (404, "not_found", "$.seq")


@pytest.mark.promise("I1")
async def test_who_has_left_is_told_of_nothing_that_came_later(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    seq = (await ada.send(here, "first"))["seq"]
    await does(bob, "react", here, target_seq=seq, emoji="👍")
    await does(ada, "edit", here, target_seq=seq, body="second")
    poll = await does(ada, "start_poll", here, question="When?", options=["now", "then"])
    await does(bob, "leave", here)
    await does(ada, "react", here, target_seq=seq, emoji="❤️")
    await does(ada, "edit", here, target_seq=seq, body="third")
    await does(ada, "pin", here, target_seq=seq)
    base = f"/v1/conversations/{here}"
    assert [one["emoji"] for one in await listed(bob, f"{base}/entries/{seq}/reactions", "reactors")] == ["👍"]
    assert [one["body"] for one in await listed(bob, f"{base}/entries/{seq}/versions", "versions")] == [
        "first",
        "second",
    ]
    assert await listed(bob, f"{base}/pins", "entries") == []
    assert (await refused(bob, f"{base}/entries/{poll}/votes"))[0] == 403


async def test_changes_arrive_as_events_and_over_http_as_the_same_entries(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    seq = (await ada.send(here, "first"))["seq"]
    await does(ada, "react", here, target_seq=seq, emoji="👍")
    entry = (await bob.next("event", where=lambda frame: frame["entry"]["kind"] == "reaction_added"))["entry"]
    assert (entry["target_seq"], entry["emoji"], entry["sender_id"]) == (seq, "👍", ada.user_id)
    page = (await bob.http("GET", f"/v1/conversations/{here}/entries", params={"after": str(seq)})).json()
    assert page["entries"] == [entry]
