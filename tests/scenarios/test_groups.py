"""Groups of people that are mentioned by one name."""

from typing import Any

import pytest

from rows import unchanged
from seriatim.core.ids import random_id, uuid7
from seriatim.storage.postgres.database import Database
from world import Device, Server


async def ask(device: Device, method: str, path: str, **more: Any) -> tuple[int, Any]:
    answer = await device.http(method, f"/v1/groups{path}", **more)
    return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
async def root(server: Server, database: Database) -> Device:
    root = await server.device("root")
    async with database.transaction() as connection:
        await connection.execute("update users set server_admin = true where id = %s", [root.user_id])
    return root


async def test_an_admin_makes_groups_and_everybody_sees_them(server: Server, root: Device) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    name = f"Backend-{uuid7()}"
    status, made = await ask(root, "POST", "", json={"name": name, "user_ids": [bob.user_id, ada.user_id]})
    assert (status, made["name"], made["user_ids"]) == (201, name, sorted((ada.user_id, bob.user_id)))
    assert made in (await ask(ada, "GET", ""))[1]["groups"]
    place = f"/{made['group_id']}"
    status, changed = await ask(root, "PATCH", place, json={"user_ids": [ada.user_id]})
    assert (status, changed["name"], changed["user_ids"]) == (200, name, [ada.user_id])
    status, renamed = await ask(root, "PATCH", place, json={"name": name.upper()})
    assert (status, renamed["name"], renamed["user_ids"]) == (200, name.upper(), [ada.user_id])
    assert (await ask(root, "DELETE", place))[0] == 204
    assert made["group_id"] not in [one["group_id"] for one in (await ask(ada, "GET", ""))[1]["groups"]]


async def test_nobody_else_makes_changes_or_deletes_one(server: Server, root: Device, database: Database) -> None:
    ada = await server.device("ada")
    _, made = await ask(root, "POST", "", json={"name": f"a{uuid7()}", "user_ids": []})
    async with unchanged(database):
        for method, path, body in (
            ("POST", "", {"name": "mine", "user_ids": []}),
            ("PATCH", f"/{made['group_id']}", {"name": "mine"}),
            ("DELETE", f"/{made['group_id']}", None),
        ):
            status, problem = await ask(ada, method, path, json=body)
            assert (status, problem["code"], problem["reason"]) == (403, "forbidden", "server_admin")


async def test_bad_groups_are_refused_with_their_field(root: Device, database: Database) -> None:
    name = f"a{uuid7()}"
    _, made = await ask(root, "POST", "", json={"name": name, "user_ids": []})
    _, other = await ask(root, "POST", "", json={"name": f"b{uuid7()}", "user_ids": []})
    many = [random_id() for _ in range(51)]
    async with unchanged(database):
        for body, path, reason in (
            ({"name": "two words", "user_ids": []}, "$.name", "word"),
            ({"name": "-a", "user_ids": []}, "$.name", "word"),
            ({"name": "", "user_ids": []}, "$.name", None),
            ({"name": name.upper(), "user_ids": []}, "$.name", "name_taken"),
            ({"name": f"c{uuid7()}", "user_ids": many}, "$.user_ids", None),
            ({"name": f"c{uuid7()}", "user_ids": [random_id()]}, "$.user_ids[0]", None),
        ):
            status, problem = await ask(root, "POST", "", json=body)
            assert status in {400, 404, 409}
            assert (problem["path"], problem.get("reason")) == (path, reason), body
        status, problem = await ask(root, "PATCH", f"/{other['group_id']}", json={"name": name})
        assert (status, problem["reason"]) == (409, "name_taken")
        for nowhere in (random_id(), 0, 2**53):
            assert (await ask(root, "PATCH", f"/{nowhere}", json={}))[0] == 404
            assert (await ask(root, "DELETE", f"/{nowhere}"))[0] == 404
    assert made["user_ids"] == []


async def test_who_saw_other_people_in_it_does_not_undo_what_another_admin_did(
    server: Server, root: Device, database: Database
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    _, made = await ask(root, "POST", "", json={"name": f"a{uuid7()}", "user_ids": [ada.user_id]})
    place, seen = f"/{made['group_id']}", made["user_ids"]
    first = {"user_ids": [ada.user_id, bob.user_id], "seen_user_ids": seen}
    assert (await ask(root, "PATCH", place, json=first))[0] == 200
    async with unchanged(database):
        status, problem = await ask(root, "PATCH", place, json={"user_ids": [], "name": "b", "seen_user_ids": seen})
        assert (status, problem["reason"], problem["path"]) == (409, "changed", "$.seen_user_ids")
    again = {"user_ids": [], "seen_user_ids": [bob.user_id, ada.user_id]}
    assert (await ask(root, "PATCH", place, json=again))[0] == 200
