"""Emoji of the server's own: added by admins, listed and shown to everybody, used in reactions."""

import base64
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from pictures import custom_emoji, gif, png
from rows import unchanged
from seriatim.client import Client
from seriatim.core.ids import uuid7
from seriatim.features.emoji import emoji as verbs
from seriatim.features.emoji.rules import EmojiPolicy
from seriatim.protocol.limits import Rate
from seriatim.storage.postgres.database import Database
from world import PASSWORD, UNLIMITED, Device, Server, serving

PARROT = gif(32, 24)


def fresh() -> str:
    return f"e{uuid7().hex[-12:]}"


def body(name: str, picture: bytes = PARROT) -> dict[str, str]:
    return {"name": name, "picture": base64.b64encode(picture).decode()}


async def ask(device: Device, method: str, path: str = "", **more: Any) -> Any:
    return await device.http(method, f"/v1/emoji{path}", **more)


async def named(device: Device) -> dict[str, Any]:
    return {one["name"]: one for one in (await ask(device, "GET")).json()["emoji"]}


@pytest.fixture
async def root(server: Server, database: Database) -> Device:
    root = await server.device("root")
    async with database.transaction() as connection:
        await connection.execute("update users set server_admin = true where id = %s", [root.user_id])
    return root


async def test_an_admin_adds_one_and_everybody_gets_its_picture(server: Server, root: Device) -> None:
    ada, name = await server.device("ada"), fresh()
    made = await ask(root, "POST", json=body(name))
    assert (made.status_code, made.json()) == (201, (await named(ada))[name])
    told = made.json()
    assert (told["width"], told["height"]) == (32, 24)
    picture = await server.http.get(told["path"])
    assert (picture.status_code, picture.content, picture.headers["content-type"]) == (200, PARROT, "image/gif")
    assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert picture.headers["x-content-type-options"] == "nosniff"
    policy = picture.headers["content-security-policy"].split("; ")
    assert {"sandbox", "default-src 'none'"} <= set(policy)
    assert (await ask(root, "DELETE", f"/{name}")).status_code == 204
    assert name not in await named(ada)
    for path in (told["path"], f"/v1/emoji/{name}/none", "/v1/emoji/A%00/%00"):
        gone = await server.http.get(path)
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


async def test_another_picture_of_the_same_name_has_another_address(server: Server, root: Device) -> None:
    name = fresh()
    first = (await ask(root, "POST", json=body(name, png(red=1)))).json()["path"]
    await ask(root, "DELETE", f"/{name}")
    second = (await ask(root, "POST", json=body(name, png(red=2)))).json()["path"]
    assert [(await server.http.get(path)).status_code for path in (first, second)] == [404, 200]


async def test_who_has_the_list_is_told_so_until_it_changes(server: Server, root: Device) -> None:
    ada, name = await server.device("ada"), fresh()
    first = await ask(ada, "GET")
    assert (first.json()["may_add"], (await ask(root, "GET")).json()["may_add"]) == (False, True)
    known = {"headers": {**ada.headers, "If-None-Match": first.headers["etag"]}}
    again = await server.http.get("/v1/emoji", **known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert first.headers["cache-control"] == "private, no-cache"
    await ask(root, "POST", json=body(name))
    assert (await server.http.get("/v1/emoji", **known)).status_code == 200


async def test_what_cannot_be_one_is_refused_with_its_field(root: Device, database: Database) -> None:
    taken = fresh()
    await ask(root, "POST", json=body(taken))
    async with unchanged(database):
        for wish, code, path, reason in (
            (body("Party"), "bad_request", "$.name", "emoji_name"),
            (body("a"), "bad_request", "$.name", None),
            (body("smile"), "conflict", "$.name", "standard"),
            (body(taken), "conflict", "$.name", "name_taken"),
            (body(fresh(), b"<svg/>"), "bad_request", "$.picture", "picture"),
            (body(fresh(), png(513, 1)), "too_large", "$.picture", "picture_pixels"),
            (body(fresh(), png(more=bytes(128 * 1024))), "too_large", "$.picture", "picture_bytes"),
            (body(fresh(), bytes(256 * 1024)), "too_large", None, None),
            ({"name": fresh(), "picture": "no base64!"}, "bad_request", "$.picture", None),
            ({"name": fresh()}, "bad_request", "$.picture", None),
        ):
            problem = (await ask(root, "POST", json=wish)).json()
            assert (problem["code"], problem.get("path"), problem.get("reason")) == (code, path, reason), wish["name"]
        for nowhere in ("nobody", "Not_A_Name", "x" * 99, "a%00"):
            problem = (await ask(root, "DELETE", f"/{nowhere}")).json()
            assert (problem["code"], problem["path"]) == ("not_found", "$.name")


async def test_only_admins_add_and_remove_them(server: Server, root: Device, database: Database) -> None:
    ada, name = await server.device("ada"), fresh()
    await ask(root, "POST", json=body(name))
    async with unchanged(database):
        for answer in (await ask(ada, "POST", json=body(fresh())), await ask(ada, "DELETE", f"/{name}")):
            assert (answer.status_code, answer.json()["reason"]) == (403, "server_admin")


async def test_everybody_adds_and_removes_his_own_where_the_server_says_so(
    postgres_dsn: str, data_folder: Path, database: Database
) -> None:
    async with serving(postgres_dsn, data_folder, add_emoji=EmojiPolicy.EVERYBODY) as server:
        ada, bob, guest = [await server.device(name) for name in ("ada", "bob", "guest")]
        async with database.transaction() as connection:
            await connection.execute("update users set guest = true where id = %s", [guest.user_id])
        name = fresh()
        assert (await ask(ada, "POST", json=body(name))).status_code == 201
        assert name in await named(guest), "a guest reads messages with it"
        async with unchanged(database):
            assert (await ask(guest, "POST", json=body(fresh()))).status_code == 403
            for other in (bob, guest):
                assert (await ask(other, "DELETE", f"/{name}")).status_code == 403
        assert (await ask(ada, "DELETE", f"/{name}")).status_code == 204


async def test_there_are_at_most_so_many(root: Device, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await custom_emoji(database, fresh())
    monkeypatch.setattr(verbs, "EMOJI", len(await named(root)))
    async with unchanged(database):
        problem = (await ask(root, "POST", json=body(fresh()))).json()
        assert (problem["code"], problem["reason"]) == ("conflict", "full")


async def test_one_reacts_with_what_the_server_has(server: Server, root: Device, database: Database) -> None:
    ada, name = await server.device("ada"), fresh()
    here = await ada.group()
    seq = (await ada.send(here, f"look :{name}:"))["seq"]
    wish = {"conversation_id": here, "target_seq": seq, "emoji": f":{name}:"}
    async with unchanged(database):
        refused = await ada.command("react", **wish)
        assert (refused["code"], refused["path"]) == ("not_found", "$.emoji")
    await ask(root, "POST", json=body(name))
    assert (await ada.command("react", **wish))["type"] == "sent"
    await ask(root, "DELETE", f"/{name}")
    page = (await ada.ask("fetch", conversation_id=here))["entries"]
    assert next(one for one in page if one["seq"] == seq)["reactions"] == [[f":{name}:", 1, True]], "it stays as text"
    assert (await ada.command("unreact", **wish))["type"] == "sent"
    assert (await ada.command("react", **wish))["code"] == "not_found"


async def test_pictures_are_given_at_a_rate(postgres_dsn: str, data_folder: Path, database: Database) -> None:
    name = fresh()
    await custom_emoji(database, name)
    rates = structs.replace(UNLIMITED, picture_address=Rate(0.5, 2))
    async with serving(postgres_dsn, data_folder, rates=rates) as server:
        ada = await server.device("ada")
        path = (await named(ada))[name]["path"]
        answers = [(await server.http.get(path)).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


async def test_the_sdk_adds_lists_and_removes_them(server: Server, database: Database) -> None:
    async with await Client.sign_up(server.url, f"ada-{uuid7()}", PASSWORD) as ada:
        async with database.transaction() as connection:
            await connection.execute("update users set server_admin = true where id = %s", [ada.user_id])
        made = await ada.http.add_emoji(fresh(), png(3, 2))
        assert made in await ada.http.emoji()
        assert (made.width, made.height) == (3, 2)
        await ada.http.remove_emoji(made.name)
        assert made not in await ada.http.emoji()
