"""A user's own: what he sets on one device is on the others at once, and on those that were away when they come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rows import unchanged
from seriatim.protocol.limits import DRAFTS
from seriatim.storage.postgres.database import Database
from world import Device, Server

MUTED, PINNED, MARKED, HIDDEN, LEFT = 1, 2, 4, 8, 16
EARLY, LATE = "2026-01-01T10:00:00Z", "2026-01-01T10:00:01Z"


async def own(device: Device) -> dict[str, Any]:
    """Return the next news of the user's own, but those of his devices."""
    return (await device.next("self", where=lambda frame: frame["what"]["change"] != "devices"))["what"]


async def back(server: Server, device: Device, *, resume: bool) -> Device:
    """Connect a device again, from where it left off or from nothing."""
    at = {"epoch": device.welcome["epoch"], "token": device.welcome["resume_token"]} if resume else None
    return await device.connect(**({"resume": at} if at else {}))


def row_of(device: Device, conversation_id: int) -> list[int]:
    return next(row for row in device.welcome["heads"] if row[0] == conversation_id)


# --- drafts ---------------------------------------------------------------------------------------------------------


async def test_a_draft_is_on_the_other_device_and_the_later_one_wins(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(ada)
    here = await ada.direct(bob)
    assert (await ada.ask("draft", conversation_id=here, text="late", changed_at=LATE))["type"] == "ok"
    kept = {"change": "draft", "conversation_id": here, "text": "late", "changed_at": LATE}
    assert await own(other) == kept
    assert (await other.ask("draft", conversation_id=here, text="early", changed_at=EARLY))["type"] == "ok"
    assert await own(other) == kept, "who is late is told what is kept"
    await other.ask("draft", conversation_id=here, thread_seq=1, text="in the thread", target_seq=1, changed_at=EARLY)
    while (told := await own(ada)) == kept:
        pass
    assert (told["text"], told["thread_seq"], told["target_seq"]) == ("in the thread", 1, 1)


async def test_a_clock_that_is_ahead_wins_no_longer_than_until_now(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await ada.ask("draft", conversation_id=here, text="ahead", changed_at=tomorrow.isoformat())
    other = await server.another_device(ada)
    (draft,) = other.welcome["own"]
    assert datetime.fromisoformat(draft["changed_at"]) < tomorrow - timedelta(hours=23)
    await other.ask("draft", conversation_id=here, text="now", changed_at=tomorrow.isoformat())
    assert (await own(ada))["text"] == "now"


async def test_only_who_may_write_there_keeps_a_draft_and_only_so_many(server: Server, database: Database) -> None:
    ada, eve = await server.device("ada"), await server.device("eve")
    here = await ada.group()
    async with unchanged(database):
        assert (await eve.ask("draft", conversation_id=here, text="x", changed_at=LATE))["code"] == "not_found"
        refused = await ada.ask("draft", conversation_id=here, text="é" * 8_193, changed_at=LATE)
        assert (refused["code"], refused["path"]) == ("too_large", "$.text")
    for first in range(1, DRAFTS + 1, 50):
        for number in range(first, first + 50):
            thread = {"thread_seq": number, "text": "x", "changed_at": LATE}
            await ada.say(type="draft", id=number, conversation_id=here, **thread)
        assert {(await ada.next("ok", "error"))["type"] for _ in range(50)} == {"ok"}
    full = {"conversation_id": here, "text": "one more", "changed_at": LATE}
    assert (await ada.ask("draft", **full))["reason"] == "full"
    assert (await ada.ask("draft", conversation_id=here, thread_seq=3, text="", changed_at=LATE))["type"] == "ok"
    later = datetime.now(UTC).isoformat()
    assert (await ada.ask("draft", conversation_id=here, thread_seq=3, text="", changed_at=later))["type"] == "ok"
    assert (await ada.ask("draft", **full))["type"] == "ok"


# --- how a conversation is for one user -------------------------------------------------------------------------------


async def test_what_is_set_on_one_device_is_on_the_others_and_told_to_nobody_else(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(ada)
    here = await ada.direct(bob)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await ada.ask("set_mine", conversation_id=here, level="mentions", muted_until=until, pinned=True)
    assert answer["type"] == "ok"
    mine = await own(other)
    assert datetime.fromisoformat(mine.pop("muted_until")) == datetime.fromisoformat(until)
    flags = {"pinned": True, "hidden": False, "marked_unread": False}
    assert mine == {"change": "mine", "conversation_id": here, "level": "mentions"} | flags
    await ada.ask("set_mine", conversation_id=here, level="default", muted_until=EARLY)
    mine = await own(other)
    assert (mine["level"], mine["muted_until"], mine["pinned"]) == ("default", None, True)
    await bob.say(type="ping")
    assert {(await bob.next())["type"] for _ in range(2)} == {"event", "pong"}


async def test_a_device_that_was_away_is_told_flags_levels_and_what_else_changed(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(ada)
    here, there = await ada.direct(bob), await ada.group(bob)
    await back(server, other, resume=False)
    await other.close()
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await ada.ask("set_mine", conversation_id=here, level="nothing", muted_until=until, pinned=True, marked_unread=True)
    await ada.ask("draft", conversation_id=there, text="almost", changed_at=LATE)
    await ada.http("PATCH", "/v1/me/settings", json={"level": "mentions"})
    await back(server, other, resume=True)
    assert row_of(other, here)[6] == MUTED | PINNED | MARKED
    changes = {change["change"]: change for change in other.welcome["own"]}
    assert changes.keys() == {"mine", "draft", "settings"}
    assert (changes["mine"]["level"], changes["draft"]["text"]) == ("nothing", "almost")
    assert changes["settings"]["settings"]["level"] == "mentions"
    await back(server, other, resume=True)
    assert other.welcome["own"] == [], "nothing is told twice"
    await back(server, other, resume=False)
    assert {change["change"] for change in other.welcome["own"]} == changes.keys()


async def test_news_that_were_lost_come_with_the_heartbeat(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(ada)
    here = await ada.direct(bob)
    await other.say(type="ping")
    await other.next("pong")
    await ada.ask("draft", conversation_id=here, text="almost", changed_at=LATE)
    await other.say(type="ping")
    assert [change["text"] for change in (await other.next("pong"))["own"]] == ["almost"]


async def test_a_message_shows_a_hidden_conversation_again(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    await ada.send(here, "before")
    await bob.ask("set_mine", conversation_id=here, hidden=True)
    await back(server, bob, resume=False)
    assert row_of(bob, here)[6] == HIDDEN
    assert (await bob.http("GET", f"/v1/conversations/{here}")).json()["flags"] == HIDDEN
    await ada.send(here, "after")
    await back(server, bob, resume=True)
    assert row_of(bob, here)[6] == 0


async def test_reading_ends_being_marked_unread_and_so_does_writing(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    for act in ("read", "send"):
        seq = (await ada.send(here, "hi"))["seq"]
        await bob.ask("set_mine", conversation_id=here, marked_unread=True)
        await back(server, bob, resume=False)
        assert row_of(bob, here)[6] == MARKED
        await (bob.ask("read", conversation_id=here, seq=seq) if act == "read" else bob.send(here, "mine"))
        await back(server, bob, resume=False)
        assert row_of(bob, here)[6] == 0


async def test_who_has_left_may_hide_what_is_left_and_strangers_set_nothing(server: Server, database: Database) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    here = await ada.group(bob)
    await bob.command("leave", conversation_id=here)
    await bob.ask("set_mine", conversation_id=here, hidden=True)
    await ada.send(here, "after")
    await back(server, bob, resume=False)
    assert row_of(bob, here)[6] == HIDDEN | LEFT
    async with unchanged(database):
        assert (await eve.ask("set_mine", conversation_id=here, hidden=True))["code"] == "not_found"
        assert (await ada.ask("set_mine", conversation_id=here))["reason"] == "nothing"
        wrong = await ada.ask("set_mine", conversation_id=here, level="loud")
        assert (wrong["code"], wrong["path"]) == ("bad_request", "$.level")


# --- settings and saved messages --------------------------------------------------------------------------------------


async def test_settings_have_defaults_change_one_by_one_and_refuse_what_is_none(
    server: Server, database: Database
) -> None:
    ada = await server.device("ada")
    other = await server.another_device(ada)
    quiet = {"on": False, "start": "22:00", "end": "07:00", "time_zone": "UTC"}
    first = (await ada.http("GET", "/v1/me/settings")).json()
    assert first == {"level": "default", "muted_until": None, "quiet_hours": quiet, "read_receipts": True}
    await ada.http("PATCH", "/v1/me/settings", json={"quiet_hours": {"on": True, "time_zone": "Europe/Paris"}})
    told = await own(other)
    assert told["settings"] == first | {"quiet_hours": quiet | {"on": True, "time_zone": "Europe/Paris"}}
    async with unchanged(database):
        for change, path in (
            ({"quiet_hours": {"on": True, "start": "24:00"}}, "$.quiet_hours.start"),
            ({"quiet_hours": {"on": True, "time_zone": "Mars/Olympus"}}, "$.quiet_hours.time_zone"),
            ({"read_receipts": "no"}, "$.read_receipts"),
        ):
            answer = await ada.http("PATCH", "/v1/me/settings", json=change)
            assert (answer.status_code, answer.json()["path"]) == (400, path)


@pytest.mark.promise("I1")
async def test_saved_messages_are_listed_the_latest_first_as_they_are_now(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(bob)
    here = await ada.group(bob)
    seqs = [(await ada.send(here, str(number)))["seq"] for number in range(3)]
    for seq in seqs:
        assert (await bob.http("PUT", f"/v1/me/saved/{here}/{seq}")).status_code == 204
    told = await own(other)
    assert (told["conversation_id"], told["seq"]) == (here, seqs[0])
    await ada.command("edit", conversation_id=here, target_seq=seqs[1], body="edited")
    page = (await bob.http("GET", "/v1/me/saved", params={"limit": 2})).json()
    assert [one["entry"]["body"] for one in page["saved"]] == ["2", "edited"]
    rest = (await bob.http("GET", "/v1/me/saved", params={"cursor": page["cursor"]})).json()
    assert [one["entry"]["body"] for one in rest["saved"]] == ["0"]
    assert "cursor" not in rest
    assert (await bob.http("DELETE", f"/v1/me/saved/{here}/{seqs[2]}")).status_code == 204
    elsewhere = await ada.group()
    async with unchanged(database):
        assert (await bob.http("DELETE", f"/v1/me/saved/{here}/{seqs[2]}")).status_code == 404
        assert (await bob.http("PUT", f"/v1/me/saved/{here}/99")).json()["path"] == "$.seq"
        assert (await bob.http("PUT", f"/v1/me/saved/{elsewhere}/1")).status_code == 404
    await bob.command("leave", conversation_id=here)
    left = (await bob.http("GET", "/v1/me/saved")).json()["saved"]
    assert [("entry" in one, one["seq"]) for one in left] == [(False, seqs[1]), (False, seqs[0])]
