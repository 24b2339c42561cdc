"""All that is unread, in one list: which conversations, how many messages, and the first of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seriatim.client import Client, ConversationKind
from seriatim.core.ids import uuid7
from seriatim.log.own import unreads
from world import PASSWORD, Device, Server


async def listed(device: Device, **params: Any) -> dict[str, Any]:
    answer = await device.http("GET", "/v1/me/unreads", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def bodies(device: Device) -> dict[int, list[str]]:
    """Return by conversation what the list shows of it."""
    return {
        one["conversation_id"]: [entry.get("body") or entry["question"] for entry in one["entries"]]
        for one in (await listed(device))["unreads"]
    }


async def test_it_has_the_first_unread_messages_and_what_heads_count(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here, quiet = await ada.group(bob), await ada.group(bob)
    await ada.send(here, "read")
    await bob.send(here, "one's own is read, and all before it")
    root = await ada.send(here, "1", mentions=[bob.user_id])
    await ada.send(here, "in a thread", thread_seq=root["seq"])
    await ada.send(here, "2", thread_seq=root["seq"], broadcast=True)
    gone = await ada.send(here, "deleted")
    await ada.command("delete", conversation_id=here, target_seq=gone["seq"])
    await ada.command("start_poll", conversation_id=here, question="3?", options=["a", "b"])
    await ada.command("react", conversation_id=here, target_seq=root["seq"], emoji="👍")
    for number in range(4, 9):
        await ada.send(here, str(number))
    (only,) = (await listed(bob))["unreads"]
    assert [entry.get("body") or entry["question"] for entry in only.pop("entries")] == ["1", "2", "3?", "4", "5"]
    head, read, unread, mentions = await head_of(server, bob, here)
    assert only == {
        "conversation_id": here, "head": head, "read": read, "unread": unread, "mentions": mentions,
    }  # fmt: skip
    assert (unread, mentions) == (9, 1)
    assert quiet not in await bodies(bob)
    assert await bodies(ada) == {}, "she wrote it all"
    await bob.ask("read", conversation_id=here, seq=head)
    assert await bodies(bob) == {}


async def head_of(server: Server, device: Device, conversation_id: int) -> tuple[int, int, int, int]:
    other = await server.another_device(device)
    row = next(row for row in other.welcome["heads"] if row[0] == conversation_id)
    return row[1], row[2], row[4], row[5]


async def test_the_newest_comes_first_and_pages_meet_without_gap(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    places = [await ada.group(bob) for _ in range(5)]
    for here in places:
        await ada.send(here, f"in {here}")
    found, cursor = list[int](), dict[str, str]()
    for _ in places:
        page = await listed(bob, limit=2, **cursor)
        found += [one["conversation_id"] for one in page["unreads"]]
        assert len(page["unreads"]) <= 2
        if "cursor" not in page:
            break
        cursor = {"cursor": page["cursor"]}
    assert found == places[::-1]
    problem = (await bob.http("GET", "/v1/me/unreads", params={"cursor": "none"})).json()
    assert (problem["code"], problem["path"]) == ("bad_request", "$.cursor")


async def test_what_is_muted_hidden_or_left_is_not_in_it(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    muted, hidden, left, open_ = [await ada.group(bob) for _ in range(4)]
    for here in (muted, hidden, left, open_):
        await ada.send(here, "words")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await bob.ask("set_mine", conversation_id=muted, muted_until=later)
    await bob.ask("set_mine", conversation_id=hidden, hidden=True)
    await bob.command("leave", conversation_id=left)
    assert list(await bodies(bob)) == [open_]
    await ada.send(hidden, "it comes back with a message")
    await bob.ask("set_mine", conversation_id=muted, muted_until=datetime.now(UTC).isoformat())
    assert set(await bodies(bob)) == {muted, hidden, open_}


@pytest.mark.promise("I1")
async def test_it_shows_nothing_from_before_the_reader_s_time(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group()
    await ada.send(here, "before")
    await ada.command("invite", conversation_id=here, user_ids=[bob.user_id])
    await ada.send(here, "after")
    assert await bodies(bob) == {here: ["after"]}


async def test_it_looks_at_so_many_entries_and_no_more(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreads, "LOOKED_THROUGH", 3)
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    said = await ada.send(here, "first")
    for verb in ("react", "unreact"):
        await ada.command(verb, conversation_id=here, target_seq=said["seq"], emoji="👍")
    await ada.send(here, "second")
    (only,) = (await listed(bob))["unreads"]
    assert (only["unread"], [entry["body"] for entry in only["entries"]]) == (2, ["first"])


async def test_the_sdk_lists_it(server: Server) -> None:
    async with (
        await Client.sign_up(server.url, f"ada-{uuid7()}", PASSWORD) as ada,
        await Client.sign_up(server.url, f"bob-{uuid7()}", PASSWORD) as bob,
    ):
        here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
        sent = await ada.send(here, "hi")
        (only,) = await bob.own.unreads()
        assert (only.conversation_id, only.unread, [entry.seq for entry in only.entries]) == (here, 1, [sent.seq])
        assert await ada.own.unreads() == []
