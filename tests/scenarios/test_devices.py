"""Devices over HTTP on a real database, and how every gateway hears that one has ended."""

import anyio
import pytest

from scenarios.front_door import FrontDoor, refused
from seriatim.core.clock import SystemClock
from seriatim.core.ids import DeviceId, UserId
from seriatim.features.devices.revocations import Revocations
from seriatim.storage.postgres.database import Database

DEADLINE_S = 20


@pytest.fixture
def door(database: Database) -> FrontDoor:
    return FrontDoor(database)


async def test_devices_are_listed_the_last_seen_first_and_only_one_s_own(door: FrontDoor) -> None:
    ada = await door.sign_up()
    await door.sign_up()
    door.clock.advance(1)
    phone = await door.log_in(ada["name"], "phone")
    door.clock.advance(1)
    await door.refresh(ada["device_id"], ada["refresh_token"])
    devices = (await door.call("GET", "/v1/devices", token=phone["access_token"])).json()
    assert [(row["device_id"], row["name"], row["current"]) for row in devices] == [
        (ada["device_id"], "laptop", False),
        (phone["device_id"], "phone", True),
    ]
    assert devices[0]["last_seen_at"] > devices[1]["last_seen_at"] > devices[0]["created_at"]


async def test_a_device_forgotten_for_longer_than_its_refresh_lives_is_not_listed(door: FrontDoor) -> None:
    ada = await door.sign_up()
    door.clock.advance(61 * 24 * 3600)
    phone = await door.log_in(ada["name"])
    devices = (await door.call("GET", "/v1/devices", token=phone["access_token"])).json()
    assert [row["device_id"] for row in devices] == [phone["device_id"]]


async def test_a_device_is_renamed(door: FrontDoor) -> None:
    ada = await door.sign_up()
    path = f"/v1/devices/{ada['device_id']}"
    answer = await door.call("PATCH", path, token=ada["access_token"], json={"name": "old laptop"})
    assert answer.status_code == 204
    devices = (await door.call("GET", "/v1/devices", token=ada["access_token"])).json()
    assert devices[0]["name"] == "old laptop"
    assert door.changed == [ada["user_id"]]


@pytest.mark.parametrize("name", ["", "x" * 65, "a\u202eb", "a\u0000b"])
async def test_a_name_that_could_not_be_listed_changes_nothing(door: FrontDoor, name: str) -> None:
    ada = await door.sign_up()
    path = f"/v1/devices/{ada['device_id']}"
    answer = await door.call("PATCH", path, token=ada["access_token"], json={"name": name})
    assert refused(answer)[:3] == (400, "bad_request", "$.name")
    assert (await door.call("GET", "/v1/devices", token=ada["access_token"])).json()[0]["name"] == "laptop"


async def test_a_revoked_device_cannot_come_back_and_its_access_ends(door: FrontDoor) -> None:
    ada = await door.sign_up()
    phone = await door.log_in(ada["name"])
    path = f"/v1/devices/{phone['device_id']}"
    assert (await door.call("DELETE", path, token=ada["access_token"])).status_code == 204
    assert (await door.refresh(phone["device_id"], phone["refresh_token"])).status_code == 401
    await door.revocations.poll()
    assert (ada["user_id"], phone["device_id"]) in door.ended
    assert refused(await door.call("GET", "/v1/me", token=phone["access_token"]))[3] == "revoked"
    assert (await door.call("GET", "/v1/me", token=ada["access_token"])).status_code == 200
    devices = (await door.call("GET", "/v1/devices", token=ada["access_token"])).json()
    assert [row["device_id"] for row in devices] == [ada["device_id"]]
    assert refused(await door.call("DELETE", path, token=ada["access_token"]))[:2] == (404, "not_found")


async def test_another_s_device_is_answered_as_one_that_does_not_exist(door: FrontDoor) -> None:
    ada, eve = await door.sign_up(), await door.sign_up()
    for method, body in (("DELETE", {}), ("PATCH", {"json": {"name": "mine"}})):
        theirs = await door.call(method, f"/v1/devices/{ada['device_id']}", token=eve["access_token"], **body)
        missing = await door.call(method, "/v1/devices/1", token=eve["access_token"], **body)
        assert refused(theirs)[:2] == (404, "not_found")
        assert theirs.content == missing.content
    assert (await door.refresh(ada["device_id"], ada["refresh_token"])).status_code == 200


@pytest.mark.parametrize("device_id", ["0", "9007199254740992", "99999999999999999999999"])
async def test_a_device_id_out_of_range_is_refused(door: FrontDoor, device_id: str) -> None:
    ada = await door.sign_up()
    answer = await door.call("DELETE", f"/v1/devices/{device_id}", token=ada["access_token"])
    assert refused(answer)[:3] == (400, "bad_request", "$.device_id")


async def test_each_revocation_is_told_once(door: FrontDoor) -> None:
    ada = await door.sign_up()
    phone = await door.log_in(ada["name"])
    await door.revocations.poll()
    await door.call("DELETE", f"/v1/devices/{phone['device_id']}", token=ada["access_token"])
    for _ in range(3):
        await door.revocations.poll()
    assert door.ended.count((ada["user_id"], phone["device_id"])) == 1


async def test_a_gateway_that_starts_later_knows_what_was_revoked_while_tokens_live(door: FrontDoor) -> None:
    ada = await door.sign_up()
    await door.call("POST", "/v1/auth/log-out", token=ada["access_token"])
    later = Revocations(door.database, door.clock, lambda *_: None, lambda _hurry: None)
    await later.poll()
    assert later.revoked(DeviceId(ada["device_id"]))
    door.clock.advance(3600)
    await later.poll()
    assert not later.revoked(DeviceId(ada["device_id"])), "its tokens have expired: nothing is left to refuse"


async def test_a_revocation_that_commits_late_is_not_missed(door: FrontDoor) -> None:
    ada, bob = await door.sign_up(), await door.sign_up()
    await door.revocations.poll()
    async with door.database.transaction() as slow:
        await slow.execute(
            "select end_devices_1(%(user_id)s, %(device_ids)s, %(now)s)",
            {"user_id": ada["user_id"], "device_ids": [ada["device_id"]], "now": door.clock.now()},
        )
        await door.call("POST", "/v1/auth/log-out", token=bob["access_token"])
        await door.revocations.poll()
        assert (bob["user_id"], bob["device_id"]) in door.ended, "a slow transaction holds nobody up"
        await door.revocations.poll()
        assert (ada["user_id"], ada["device_id"]) not in door.ended
    await door.revocations.poll()
    assert (ada["user_id"], ada["device_id"]) in door.ended


async def test_a_hint_hurries_the_reading(door: FrontDoor) -> None:
    ada = await door.sign_up()
    heard = anyio.Event()

    def on_revoked(user_id: UserId, device_id: DeviceId) -> None:
        if (user_id, device_id) == (ada["user_id"], ada["device_id"]):
            heard.set()

    listening = Revocations(door.database, SystemClock(), on_revoked, lambda _hurry: None, every_s=3600)
    await listening.poll()
    with anyio.fail_after(DEADLINE_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listening.run)
            await door.call("POST", "/v1/auth/log-out", token=ada["access_token"])
            listening.hurry()
            await heard.wait()
            tasks.cancel_scope.cancel()


async def test_without_a_hint_the_next_reading_hears_it(door: FrontDoor) -> None:
    ada = await door.sign_up()
    heard = anyio.Event()
    listening = Revocations(door.database, SystemClock(), lambda *_: heard.set(), lambda _hurry: None, every_s=0.05)
    await listening.poll()
    heard = anyio.Event()
    with anyio.fail_after(DEADLINE_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listening.run)
            await door.call("POST", "/v1/auth/log-out", token=ada["access_token"])
            await heard.wait()
            tasks.cancel_scope.cancel()
