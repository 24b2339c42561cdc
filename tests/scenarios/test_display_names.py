"""What people are called besides the names with which they log in: over HTTP, on a real database."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import pytest

from scenarios.front_door import PASSWORD, FrontDoor, fresh_name, refused
from seriatim.core.ids import UserId, random_id
from seriatim.core.names import name_key
from seriatim.features.accounts.store import NewUser, add_user, set_display_name
from seriatim.features.bots.store import add_user as add_bot
from seriatim.storage.postgres.database import Connection, Database


@pytest.fixture
def door(database: Database) -> FrontDoor:
    return FrontDoor(database)


async def call_him(door: FrontDoor, who: dict[str, Any], name: str) -> Any:
    return await door.call("PATCH", "/v1/me", token=who["access_token"], json={"display_name": name})


async def found(door: FrontDoor, who: dict[str, Any], beginning: str) -> list[str]:
    answer = await door.call("GET", "/v1/users", token=who["access_token"], params={"name": beginning})
    return [user["name"] for user in answer.json()["users"]]


async def test_who_calls_himself_otherwise_is_shown_so_and_logs_in_as_before(door: FrontDoor) -> None:
    name, shown = fresh_name(), f"Zoë {fresh_name()}"
    ada, bob = await door.sign_up(name), await door.sign_up()
    me = (await call_him(door, ada, f"  {shown} ")).json()
    assert (me["name"], me["sign_in_name"]) == (shown, name)
    ids = {"ids": str(ada["user_id"])}
    (seen,) = (await door.call("GET", "/v1/users", token=bob["access_token"], params=ids)).json()["users"]
    assert seen["name"] == shown
    assert (await door.log_in(name))["name"] == shown
    body = {"name": shown, "password": PASSWORD, "device": {"name": "phone"}}
    assert (await door.call("POST", "/v1/auth/log-in", json=body)).status_code == 401
    assert (await door.refresh(ada["device_id"], ada["refresh_token"])).json()["name"] == shown


async def test_people_are_found_by_both_names_and_stand_in_the_list_once(door: FrontDoor) -> None:
    name = fresh_name()
    ada = await door.sign_up(name)
    await call_him(door, ada, f"{name} Lovelace")
    assert await found(door, ada, name.upper()) == [f"{name} Lovelace"]
    shown = fresh_name()
    await call_him(door, ada, shown)
    assert await found(door, ada, name) == [shown]
    assert await found(door, ada, shown) == [shown]


async def test_the_name_to_log_in_with_gives_that_one_back_in_any_case(door: FrontDoor) -> None:
    name = fresh_name()
    ada, other = await door.sign_up(name), fresh_name()
    await call_him(door, ada, other)
    me = (await call_him(door, ada, name.upper())).json()
    assert (me["name"], me["sign_in_name"]) == (name.upper(), name)
    assert await found(door, ada, other) == [], "and others may be called so"
    assert (await call_him(door, await door.sign_up(), other)).status_code == 200


@pytest.mark.parametrize("taken", ["signed_up", "shown"])
async def test_nobody_is_called_what_another_one_is_called_or_logs_in_with(door: FrontDoor, taken: str) -> None:
    name, shown = fresh_name(), fresh_name()
    ada, bob = await door.sign_up(name), await door.sign_up(fresh_name())
    await call_him(door, ada, shown)
    wanted = (name if taken == "signed_up" else shown).upper()
    answer = await call_him(door, bob, wanted)
    assert refused(answer) == (409, "conflict", "$.display_name", "name_taken")
    me = (await door.call("GET", "/v1/me", token=bob["access_token"])).json()
    assert me["name"] == bob["name"], "nothing has changed"
    body = {"name": wanted, "password": PASSWORD, "device": {"name": "laptop"}}
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=body))[1:] == ("conflict", "$.name", "name_taken")


async def waiting(database: Database, command: asyncio.Task[Any]) -> None:
    """Return when the command waits for another one's end, or has not had to."""
    async with asyncio.timeout(10), database.read() as connection:
        while not command.done():
            cursor = await connection.execute("select from pg_locks where locktype = 'advisory' and not granted")
            if await cursor.fetchone() is not None:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("first", ["account", "bot", "shown"])
@pytest.mark.parametrize("second", ["account", "shown"])
async def test_of_two_who_take_a_name_at_the_same_moment_one_gets_it(
    door: FrontDoor, database: Database, first: str, second: str
) -> None:
    ada, bob, name = await door.sign_up(), await door.sign_up(), fresh_name()
    key, at, user_id = name_key(name), datetime.now(UTC), UserId(random_id())

    def take(connection: Connection) -> Awaitable[bool]:
        if first == "account":
            return add_user(connection, NewUser(user_id, name, key, "", False, False, at))
        if first == "bot":
            return add_bot(connection, user_id, name, key, at)
        return set_display_name(connection, ada["user_id"], name, key)

    body = {"name": name, "password": PASSWORD, "device": {"name": "laptop"}}
    asked = call_him(door, bob, name) if second == "shown" else door.call("POST", "/v1/auth/sign-up", json=body)
    async with asyncio.TaskGroup() as tasks, database.transaction() as connection:
        assert await take(connection)
        command = tasks.create_task(asked)
        await waiting(database, command)
    assert refused(command.result())[3] == "name_taken"
    assert await found(door, ada, name) == [name]


@pytest.mark.parametrize(
    ("name", "reason"), [("   ", "blank"), ("a  b", "blank"), ("a\u202eb", "characters"), ("\u2800", "characters")]
)
async def test_what_no_name_may_be_is_refused_at_its_field(door: FrontDoor, name: str, reason: str) -> None:
    ada = await door.sign_up()
    assert refused(await call_him(door, ada, name)) == (400, "bad_request", "$.display_name", reason)
