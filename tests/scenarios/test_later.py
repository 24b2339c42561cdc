"""What waits for its time: messages are sent once, whoever dies; reminders come and stay; mentions are listed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from rows import unchanged
from seriatim.app.streams import own
from seriatim.core.errors import Unavailable
from seriatim.core.ids import uuid7
from seriatim.features.later import store
from seriatim.features.later.due import send_due
from seriatim.log import follow
from seriatim.protocol.limits import SCHEDULED
from seriatim.storage.postgres.database import Database
from world import WITHIN_S, Device, Server

SOON = timedelta(seconds=0.3)
TOMORROW = timedelta(days=1)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for what is due, and follow the log, more often than once a second: tests take less."""
    monkeypatch.setattr(own, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(follow, "PAUSE_S", 0.05)


def then(after: timedelta) -> str:
    return (datetime.now(UTC) + after).isoformat()


def message(conversation_id: int, body: str, **more: Any) -> dict[str, Any]:
    return {"type": "send", "id": 0, "client_id": str(uuid7()), "conversation_id": conversation_id, "body": body} | more


async def schedule(device: Device, said: dict[str, Any], after: timedelta) -> httpx.Response:
    return await device.http("POST", "/v1/me/scheduled", json={"message": said, "send_at": then(after)})


async def scheduled(device: Device) -> list[dict[str, Any]]:
    return (await device.http("GET", "/v1/me/scheduled")).json()["scheduled"]


async def told(device: Device, change: str) -> dict[str, Any]:
    """Return the next news of this kind that name something."""

    def names(frame: dict[str, Any]) -> bool:
        return frame["what"]["change"] == change and "conversation_id" in frame["what"]

    return (await device.next("self", where=names))["what"]


# --- scheduled messages -----------------------------------------------------------------------------------------------


@pytest.mark.promise("L2")
async def test_a_message_is_sent_at_its_time_as_its_device_and_its_user_is_told(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(ada)
    here = await ada.direct(bob)
    said = message(here, "good morning", mentions=[bob.user_id])
    made = await schedule(ada, said, SOON)
    assert made.status_code == 201
    assert made.json()["message"]["client_id"] == said["client_id"]
    assert [one["scheduled_id"] for one in await scheduled(other)] == [made.json()["scheduled_id"]]
    entry = await bob.next("event", where=lambda frame: frame["entry"].get("body") == "good morning")
    assert entry["entry"]["client_id"] == said["client_id"]
    assert (entry["entry"]["device_id"], entry["entry"]["mentions"]) == (ada.device_id, [bob.user_id])
    for device in (ada, other):
        result = await told(device, "scheduled")
        assert result["seq"] == entry["entry"]["seq"]
    assert await scheduled(ada) == []


@pytest.mark.promise("L2")
async def test_who_dies_after_it_was_stored_and_before_that_was_noted_sends_it_once(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    died = asyncio.Event()

    async def dies(_connection: object, _id: int) -> None:
        died.set()
        raise Unavailable("as a killed process would: its transaction is rolled back")

    with monkeypatch.context() as patch:
        patch.setattr(store, "sent", dies)
        await schedule(ada, message(here, "once"), SOON)
        async with asyncio.timeout(WITHIN_S):
            await died.wait()
    assert (await told(ada, "scheduled"))["seq"] == 2
    assert [entry.get("body") for entry in await ada.history(here)] == [None, "once"]
    assert await scheduled(ada) == []


async def test_several_workers_send_each_message_once(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    for number in range(5):
        await schedule(ada, message(here, str(number)), SOON)
    await asyncio.sleep(SOON.total_seconds())
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(send_due(server.parts.later))
    async with asyncio.timeout(WITHIN_S):
        while await scheduled(ada):
            await asyncio.sleep(0.05)
    assert sorted(entry["body"] for entry in await ada.history(here) if "body" in entry) == list("01234")


async def test_what_is_refused_at_its_time_is_kept_with_the_code_and_may_be_tried_again(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    said = message(here, "too late")
    made = (await schedule(bob, said, timedelta(seconds=0.5))).json()
    await ada.command("remove", conversation_id=here, user_id=bob.user_id)
    result = await told(bob, "scheduled")
    assert (result["scheduled_id"], result["code"]) == (made["scheduled_id"], "forbidden")
    (kept,) = await scheduled(bob)
    assert kept["refused_code"] == "forbidden"
    await ada.command("invite", conversation_id=here, user_id=bob.user_id)
    path = f"/v1/me/scheduled/{made['scheduled_id']}"
    changed = await bob.http("PATCH", path, json={"message": said | {"body": "after all"}, "send_at": then(SOON)})
    assert changed.status_code == 200
    assert "seq" in await told(bob, "scheduled")
    assert [entry["body"] for entry in await bob.history(here) if "body" in entry] == ["after all"]


async def test_it_is_changed_and_cancelled_by_its_user_only(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    other = await server.another_device(ada)
    here = await ada.direct(bob)
    said = message(here, "tomorrow")
    made = (await schedule(ada, said, TOMORROW)).json()
    path = f"/v1/me/scheduled/{made['scheduled_id']}"
    async with unchanged(database):
        assert (await bob.http("DELETE", path)).status_code == 404
        assert (await bob.http("PATCH", path, json={"send_at": then(TOMORROW)})).status_code == 404
        elsewhere = {"message": message(here, "another key")}
        assert (await ada.http("PATCH", path, json=elsewhere)).json()["reason"] == "same_place"
        assert (await ada.http("PATCH", path, json={"send_at": then(-SOON)})).json()["path"] == "$.send_at"
        blank = {"message": said | {"body": " "}}
        assert (await ada.http("PATCH", path, json=blank)).json()["reason"] == "blank"
    again = await schedule(ada, said, TOMORROW)
    assert again.json()["scheduled_id"] == made["scheduled_id"], "the same key is the same message"
    assert (await schedule(ada, said | {"body": "x"}, TOMORROW)).json()["code"] == "key_reused"
    assert (await other.http("DELETE", path)).status_code == 204
    assert await scheduled(ada) == []


async def test_bad_wishes_change_nothing(server: Server, database: Database) -> None:
    ada, eve = await server.device("ada"), await server.device("eve")
    here = await ada.group()
    async with unchanged(database):
        for device, said, after, path in (
            (eve, message(here, "x"), TOMORROW, "$.conversation_id"),
            (ada, message(here, "x"), -TOMORROW, "$.send_at"),
            (ada, message(here, "x"), timedelta(days=400), "$.send_at"),
            (ada, message(here, "é" * 8_193), TOMORROW, "$.body"),
        ):
            answer = await schedule(device, said, after)
            assert (answer.is_success, answer.json()["path"]) == (False, path)
    for _ in range(SCHEDULED):
        assert (await schedule(ada, message(here, "x"), TOMORROW)).status_code == 201
    async with unchanged(database):
        assert (await schedule(ada, message(here, "x"), TOMORROW)).json()["reason"] == "full"


# --- reminders --------------------------------------------------------------------------------------------------------


async def test_a_reminder_comes_at_its_time_and_stays_until_it_is_dismissed(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    wish = {"conversation_id": here, "seq": 1, "remind_at": then(SOON)}
    made = (await bob.http("POST", "/v1/me/reminders", json=wish)).json()
    assert (await bob.http("POST", "/v1/me/reminders", json=wish)).json()["reminder_id"] == made["reminder_id"]
    due = await told(bob, "reminder")
    assert due == {"change": "reminder", "reminder_id": made["reminder_id"], "conversation_id": here, "seq": 1}
    other = await server.another_device(bob)
    assert {"change": "reminder"} in other.welcome["own"]
    (kept,) = (await other.http("GET", "/v1/me/reminders")).json()["reminders"]
    assert (kept["reminder_id"], kept["due"]) == (made["reminder_id"], True)
    path = f"/v1/me/reminders/{made['reminder_id']}"
    async with unchanged(database):
        assert (await ada.http("DELETE", path)).status_code == 404
        for change, where in (({"seq": 9}, "$.seq"), ({"remind_at": then(-SOON)}, "$.remind_at")):
            answer = await bob.http("POST", "/v1/me/reminders", json=wish | {"remind_at": then(TOMORROW)} | change)
            assert (answer.is_success, answer.json()["path"]) == (False, where)
    assert (await bob.http("DELETE", path)).status_code == 204
    assert (await bob.http("GET", "/v1/me/reminders")).json() == {"reminders": []}


# --- mentions ---------------------------------------------------------------------------------------------------------


async def mentions(device: Device, count: int, **params: Any) -> dict[str, Any]:
    """Return the first page of the inbox once it has so many rows: a follower writes them."""
    async with asyncio.timeout(WITHIN_S):
        while len((page := (await device.http("GET", "/v1/me/mentions", params=params)).json())["mentions"]) < count:
            await asyncio.sleep(0.05)
    return page


@pytest.mark.promise("I1")
async def test_mentions_are_listed_read_or_not_the_latest_first_to_who_may_read_them(server: Server) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group(bob)
    await ada.send(here, "to bob", mentions=[bob.user_id])
    assert (await ada.send(here, "to all", mentions=[0, bob.user_id]))["type"] == "sent"
    await ada.send(here, "to a stranger", mentions=[cyd.user_id])
    await ada.send(here, "to nobody")
    last = (await ada.send(here, "to bob again", mentions=[bob.user_id]))["seq"]
    await bob.ask("read", conversation_id=here, seq=last)
    page = await mentions(bob, 3)
    assert [one["entry"]["body"] for one in page["mentions"]] == ["to bob again", "to all", "to bob"], "each once"
    first = await mentions(bob, 2, limit=2)
    rest = (await bob.http("GET", "/v1/me/mentions", params={"cursor": first["cursor"]})).json()
    assert [one["entry"]["body"] for one in rest["mentions"]] == ["to bob"]
    assert (await cyd.http("GET", "/v1/me/mentions")).json() == {"mentions": []}
    assert (await ada.http("GET", "/v1/me/mentions")).json() == {"mentions": []}, "her own are none"
    await ada.command("invite", conversation_id=here, user_id=cyd.user_id)
    await ada.send(here, "to the newcomer", mentions=[cyd.user_id])
    page = await mentions(cyd, 1)
    assert [one["entry"]["body"] for one in page["mentions"]] == ["to the newcomer"], "not what was before his time"
