"""Ticks and badges over real sockets: marks to who looks, a count to authors, nothing by who tells nothing."""

import asyncio
from typing import Any

import pytest

from seriatim.protocol.limits import MARKS_MEMBERS
from seriatim.storage.postgres.database import Database
from world import Device, Server

WITHIN_S = 3.0
"""Promised within a second."""


async def told(device: Device, conversation_id: int) -> dict[str, Any]:
    """Return the next `watermarks` of a conversation."""
    async with asyncio.timeout(WITHIN_S):
        return await device.next("watermarks", where=lambda frame: frame["conversation_id"] == conversation_id)


async def look_at(device: Device, conversation_id: int) -> None:
    """Put a conversation on the screen, and wait until the server has understood it."""
    await device.say(type="focus", conversation_ids=[conversation_id])
    await device.ask("compare", entries=[])


@pytest.mark.promise("D5")
async def test_who_looks_is_told_what_is_delivered_and_then_what_is_read(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    await look_at(ada, here)
    seq = (await ada.send(here, "hi"))["seq"]
    await bob.say(type="received", seqs={str(here): seq})
    assert (await told(ada, here))["rows"] == [[bob.user_id, seq, 0]]
    await bob.ask("read", conversation_id=here, seq=seq)
    assert (await told(ada, here))["rows"] == [[bob.user_id, seq, seq]]


@pytest.mark.promise("D5")
async def test_a_delivered_mark_rises_to_the_head_at_most_and_never_falls(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    head = (await ada.send(here, "hi"))["seq"]
    await look_at(ada, here)
    for asked, at in ((head + 50, head), (1, head)):
        await bob.say(type="received", seqs={str(here): asked, "1": 7})
        if asked > head:
            assert (await told(ada, here))["rows"] == [[bob.user_id, head, 0]]
        else:
            await bob.ask("read", conversation_id=here, seq=1)
        async with database.read() as connection:
            cursor = await connection.execute(
                "select delivered_seq from members where conversation_id = %s and user_id = %s", [here, bob.user_id]
            )
            assert await cursor.fetchone() == (at,)


@pytest.mark.promise("D5")
async def test_reading_on_one_device_moves_the_badge_on_the_other_within_a_second(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(bob)
    here = await ada.direct(bob)
    await ada.send(here, "one")
    seq = (await ada.send(here, "two"))["seq"]
    async with asyncio.timeout(WITHIN_S):
        await bob.say(type="read", id=1, conversation_id=here, seq=seq - 1)
        own = await other.next("self")
    assert own["what"] == {"change": "read", "conversation_id": here, "seq": seq - 1, "unread": 1, "mentions": 0}


@pytest.mark.promise("I1")
async def test_only_members_who_look_are_told(server: Server) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    here, there = await ada.group(bob), await ada.group(bob)
    for device in (ada, eve):
        await look_at(device, here)
    for place in (there, here):
        seq = (await ada.send(place, "hi"))["seq"]
        await bob.ask("read", conversation_id=place, seq=seq)
    assert (await ada.next("watermarks"))["conversation_id"] == here, "not of what is on no screen"
    await eve.say(type="compare", id=1, entries=[])
    assert (await eve.next())["type"] == "compared"


async def test_who_gives_no_receipts_shows_and_sees_only_what_is_delivered(server: Server) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group(bob, cyd)
    settings = await bob.http("PATCH", "/v1/me/settings", json={"read_receipts": False})
    assert settings.json()["read_receipts"] is False
    for device in (ada, bob):
        await look_at(device, here)
    seq = (await ada.send(here, "hi"))["seq"]
    await bob.ask("read", conversation_id=here, seq=seq)
    assert (await told(ada, here))["rows"] == [[bob.user_id, seq, 0]], "what is read is delivered"
    await cyd.ask("read", conversation_id=here, seq=seq)
    assert (await told(ada, here))["rows"] == [[cyd.user_id, seq, seq]]
    assert [row for row in (await told(bob, here))["rows"] if row[0] == cyd.user_id] in ([], [[cyd.user_id, seq, 0]])
    path = f"/v1/conversations/{here}/receipts"
    found = {row["user_id"]: row["read"] for row in (await ada.http("GET", path)).json()["members"]}
    assert found == {ada.user_id: seq, bob.user_id: 0, cyd.user_id: seq}
    seen = (await bob.http("GET", path)).json()
    assert {row["read"] for row in seen["members"]} == {0}
    assert "read_count" not in seen


async def test_of_a_large_conversation_the_author_is_told_how_many_have_read(
    server: Server, database: Database
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    async with database.transaction() as connection:
        await connection.execute(
            "insert into members (conversation_id, user_id, joined_seq) select %s, n, 1 from generate_series(1, %s) n",
            [here, MARKS_MEMBERS - 1],
        )
        await connection.execute("update conversations set member_count = %s where id = %s", [MARKS_MEMBERS + 1, here])
    for device in (ada, bob):
        await look_at(device, here)
    seq = (await ada.send(here, "hi"))["seq"]
    await bob.say(type="received", seqs={str(here): seq})
    await bob.ask("read", conversation_id=here, seq=seq)
    assert await told(ada, here) == {"type": "watermarks", "conversation_id": here, "seq": seq, "read_count": 1}
    receipts = (await ada.http("GET", f"/v1/conversations/{here}/receipts", params={"seq": seq})).json()
    expected = {"conversation_id": here, "seq": seq, "member_count": MARKS_MEMBERS + 1, "read_count": 1}
    assert receipts == expected, "who has read is not listed"
    async with database.read() as connection:
        cursor = await connection.execute(
            "select delivered_seq from members where conversation_id = %s and user_id = %s", [here, bob.user_id]
        )
        assert await cursor.fetchone() == (0,)


async def test_everything_is_read_with_one_command(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(bob)
    places = [await ada.group(bob, title=str(number)) for number in range(3)]
    heads = {place: (await ada.send(place, "hi"))["seq"] for place in places[:2]}
    await bob.ask("set_mine", conversation_id=places[2], marked_unread=True)
    assert (await bob.ask("read_all"))["type"] == "ok"
    rows = {row[0]: row for row in (await other.next("heads"))["rows"]}
    assert {place: (rows[place][2], rows[place][4]) for place in heads} == {place: (heads[place], 0) for place in heads}
    assert rows[places[2]][6] == 0
    async with database.read() as connection:
        cursor = await connection.execute(
            "select count(*) from members m join conversations c on c.id = m.conversation_id"
            " where m.user_id = %s and (c.last_ordinal > m.read_ordinal or m.marked_seq is not null)",
            [bob.user_id],
        )
        assert await cursor.fetchone() == (0,)
    assert (await bob.http("POST", "/v1/me/read-all")).status_code == 200
