"""Bots: who makes them, what their tokens are good for, and when that ends."""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from seriatim.protocol.codes import CloseCode
from world import WITHIN_S, Device, Server


async def admin(server: Server) -> Device:
    """Return an admin of the server."""
    device = await server.device("root")
    async with server.parts.database.transaction() as connection:
        await connection.execute("update users set server_admin = true where id = %s", [device.user_id])
    return device


async def make_bot(root: Device, name: str, *scopes: str) -> dict[str, Any]:
    """Make a bot; what comes back is its credentials."""
    body: dict[str, Any] = {"name": f"{name} {root.user_id}"} | ({"scopes": list(scopes)} if scopes else {})
    answer = await root.http("POST", "/v1/admin/bots", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json() | {"access_token": answer.json()["token"]}


async def member_bot(server: Server, root: Device, *scopes: str) -> tuple[Device, int]:
    """Return a connected bot and a group that it is in with `root`."""
    bot = await server.greeted(await make_bot(root, "bot", *scopes))
    return bot, await root.group(bot)


async def test_a_bot_speaks_and_listens_with_its_token(server: Server) -> None:
    root = await admin(server)
    bot, group = await member_bot(server, root)
    assert bot.credentials["token"].startswith("sb_")
    assert (await root.send(group, "hello bot"))["type"] == "sent"
    async with asyncio.timeout(WITHIN_S):
        while (await bot.event(group)).get("body") != "hello bot":
            pass
    assert (await bot.send(group, "hello root"))["type"] == "sent"
    posted = await bot.http(
        "POST",
        f"/v1/conversations/{group}/send",
        json={"body": "by http"},
    )
    assert posted.status_code == 400, "no key"
    me = (await bot.http("GET", "/v1/me")).json()
    assert (me["user_id"], me["device_id"]) == (bot.user_id, bot.device_id)
    found = (await root.http("GET", f"/v1/users?ids={bot.user_id}")).json()["users"][0]
    assert found["bot"] is True


async def test_only_an_admin_of_the_server_makes_lists_and_ends_bots(server: Server) -> None:
    root, ada = await admin(server), await server.device("ada")
    bot = await make_bot(root, "bot")
    for method, path, body in (
        ("POST", "/v1/admin/bots", {"name": "another"}),
        ("GET", "/v1/admin/bots", None),
        ("PATCH", f"/v1/admin/bots/{bot['user_id']}", {"scopes": ["manage"]}),
        ("POST", f"/v1/admin/bots/{bot['user_id']}/token", None),
        ("DELETE", f"/v1/admin/bots/{bot['user_id']}", None),
    ):
        answer = await ada.http(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    listed = (await root.http("GET", "/v1/admin/bots")).json()["bots"]
    mine = next(one for one in listed if one["user_id"] == bot["user_id"])
    assert (mine["owner_id"], mine["scopes"]) == (root.user_id, ["react", "read", "send"])
    assert "token" not in mine
    again = await root.http("POST", "/v1/admin/bots", json={"name": bot["name"]})
    assert (again.status_code, again.json()["reason"]) == (409, "name_taken")
    assert (await root.http("DELETE", f"/v1/admin/bots/{ada.user_id}")).status_code == 404, "a person is no bot"


async def test_the_database_holds_no_token(server: Server) -> None:
    bot = await make_bot(await admin(server), "bot")
    async with server.parts.database.read() as connection:
        rows = await (await connection.execute("select b::text from bots b")).fetchall()
    assert not any(bot["token"].removeprefix("sb_") in row[0] for row in rows)


async def test_nobody_signs_in_as_a_bot_with_a_password(server: Server) -> None:
    bot = await make_bot(await admin(server), "bot")
    body = {"name": bot["name"], "password": "", "device": {"name": "test"}}
    for password in ("None", "null", "password of nobody"):
        answer = await server.http.post("/v1/auth/log-in", json=body | {"password": password})
        assert answer.status_code == 401


@pytest.mark.parametrize("how", ["renewed", "removed"])
async def test_a_token_that_ended_closes_its_sockets_and_opens_nothing(server: Server, how: str) -> None:
    root = await admin(server)
    bot, group = await member_bot(server, root)
    await bot.send(group, "words")
    path = f"/v1/admin/bots/{bot.user_id}"
    answer = await (root.http("DELETE", path) if how == "removed" else root.http("POST", f"{path}/token"))
    assert answer.is_success
    with pytest.raises(ConnectionClosed):
        await bot.next("nothing of this type")
    assert bot.close_code == CloseCode.DEVICE_REVOKED
    refused = await bot.http("GET", "/v1/me")
    assert (refused.status_code, refused.json()["reason"]) == (401, "bot_token")
    device = Device(server, bot.credentials)
    await device.connect(greet=False)
    hello = {"type": "hello", "token": bot.credentials["token"], "client": {"name": "t", "version": "1"}}
    await device.say(**hello, device_id=bot.device_id)
    assert (await device.next())["code"] == "unauthenticated"
    assert await device.closed() == CloseCode.NOT_AUTHENTICATED
    if how == "renewed":
        fresh = answer.json()
        await server.greeted(fresh | {"access_token": fresh["token"]})
    body = (await root.history(group))[-1]
    assert (body["sender_id"], body["body"]) == (bot.user_id, "words"), "what it said stays"


async def test_a_token_is_good_for_what_it_was_changed_to_on_sockets_that_were_open_too(server: Server) -> None:
    root = await admin(server)
    bot, group = await member_bot(server, root, "read", "send")
    path = f"/v1/admin/bots/{bot.user_id}"
    changed = await root.http("PATCH", path, json={"scopes": ["read", "react", "read"]})
    assert (changed.status_code, changed.json()["scopes"]) == (200, ["react", "read"])
    with pytest.raises(ConnectionClosed):
        await bot.next("nothing of this type")
    assert bot.close_code == CloseCode.RESTART, "it comes back by itself"
    again = await server.greeted(bot.credentials)
    refused = await again.send(group, "no more")
    assert (refused["code"], refused["reason"]) == ("forbidden", "scope")
    for wrong in ([], ["everything"], "read"):
        answer = await root.http("PATCH", path, json={"scopes": wrong})
        assert (answer.status_code, answer.json()["path"][:8]) == (400, "$.scopes"), wrong
    audit = (await root.http("GET", "/v1/admin/audit")).json()["acts"]
    assert (audit[0]["act"], audit[0]["details"]) == ("change_bot", {"scopes": ["react", "read"]})
    assert await again.send(group, "still refused, and connected")


async def test_a_bot_without_read_has_no_socket(server: Server) -> None:
    credentials = await make_bot(await admin(server), "bot", "send")
    device = Device(server, credentials)
    await device.connect(greet=False)
    hello = {"type": "hello", "token": credentials["token"], "client": {"name": "t", "version": "1"}}
    await device.say(**hello, device_id=device.device_id)
    answer = await device.next()
    assert (answer["code"], answer["reason"]) == ("forbidden", "scope")
    assert await device.closed() == CloseCode.FORBIDDEN


async def test_a_token_is_of_its_device(server: Server) -> None:
    root = await admin(server)
    credentials = await make_bot(root, "bot")
    device = Device(server, credentials)
    await device.connect(greet=False)
    hello = {"type": "hello", "token": credentials["token"], "client": {"name": "t", "version": "1"}}
    await device.say(**hello, device_id=root.device_id)
    assert (await device.next())["code"] == "unauthenticated"


async def test_guessing_tokens_is_limited_per_network(server: Server) -> None:
    answers = [
        (await server.http.get("/v1/me", headers={"Authorization": f"Bearer sb_{number}"})).status_code
        for number in range(25)
    ]
    assert answers.count(401) >= 20
    assert answers[-1] == 429
