"""Slash commands: offered by bots, called by people, answered at a URL or on a socket."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scenarios.receiver import Receiver, receiving
from scenarios.test_bots import admin, make_bot
from seriatim.core.ids import uuid7
from seriatim.features.slash import slash
from world import Device, Server, serving

OFFER = {"name": "deploy", "description": "Deploys", "usage": "/deploy NAME"}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def server(postgres_dsn: str, data_folder: Path) -> AsyncIterator[Server]:
    """Return a server that may call loopback, and on which nobody offers a command."""
    async with serving(postgres_dsn, data_folder, egress_allow=["127.0.0.0/8"]) as server:
        async with server.parts.database.transaction() as connection:
            await connection.execute("delete from slash_commands")
        yield server


async def group_with_bot(server: Server, **offer: Any) -> tuple[Device, Device, int, str]:
    """Return an admin, his bot that offers a command, their group, and the secret of its calls."""
    root = await admin(server)
    bot = await server.greeted(await make_bot(root, "bot"))
    group = await root.group(bot)
    answer = await bot.http("PUT", "/v1/bots/self/slash-commands", json={"commands": [OFFER | offer]})
    assert answer.status_code == 200, answer.text
    return root, bot, group, answer.json()["secret"]


async def call(device: Device, group: int, text: str = "web", **more: Any) -> dict[str, Any]:
    return await device.command("slash", conversation_id=group, name="deploy", text=text, **more)


async def test_a_command_is_listed_where_its_bot_is(server: Server) -> None:
    root, bot, group, _ = await group_with_bot(server)
    other = await root.group()
    listed = await root.http("GET", f"/v1/conversations/{group}/slash-commands")
    assert listed.json()["commands"] == [OFFER | {"bot_id": bot.user_id}]
    assert (await root.http("GET", f"/v1/conversations/{other}/slash-commands")).json()["commands"] == []
    answer = await call(root, other)
    assert (answer["code"], answer["path"]) == ("not_found", "$.name")
    eve = await server.device("eve")
    assert (await call(eve, group))["code"] == "not_found"
    assert (await eve.http("GET", f"/v1/conversations/{group}/slash-commands")).status_code == 404


async def test_a_call_is_posted_signed_and_answered_to_its_caller_alone(server: Server, receiver: Receiver) -> None:
    root, bot, group, secret = await group_with_bot(server, url=f"{receiver.url}/slash")
    receiver.answers = [(200, b'{"text": "only you"}')]
    answer = await call(root, group)
    assert (answer["type"], answer["text"]) == ("slashed", "only you")
    (posted,) = receiver.posted
    assert posted.is_signed_with(secret)
    assert (posted.path, posted.json["type"]) == ("/slash", "slash")
    assert posted.json["data"] == {
        "conversation_id": group,
        "user_id": root.user_id,
        "bot_id": bot.user_id,
        "name": "deploy",
        "text": "web",
    }
    assert [entry["kind"] for entry in await root.history(group)] == ["conversation_created"]


async def test_an_answer_to_all_is_one_message_of_the_bot(server: Server, receiver: Receiver) -> None:
    root, bot, group, _ = await group_with_bot(server, url=receiver.url)
    receiver.answers = [(200, b'{"text": "deployed", "response_type": "in_channel"}')]
    key = str(uuid7())
    for _ in range(2):  # the first answer was lost
        answer = await call(root, group, client_id=key)
        assert answer.get("text", "") == ""
    said = [entry for entry in await root.history(group) if entry["kind"] == "message_sent"]
    assert [(entry["sender_id"], entry["body"]) for entry in said] == [(bot.user_id, "deployed")]


async def test_a_bot_on_a_socket_is_told_and_answers(server: Server) -> None:
    root, bot, group, _ = await group_with_bot(server)
    frame = {"type": "slash", "id": 77, "client_id": str(uuid7()), "conversation_id": group, "name": "deploy"}
    await root.say(**frame, text="web")
    told = await bot.next("slash_called")
    assert (told["conversation_id"], told["user_id"], told["name"], told["text"]) == (
        group,
        root.user_id,
        "deploy",
        "web",
    )
    assert (await root.send(group, "meanwhile"))["type"] == "sent", "nothing waits for the bot"
    stranger = await bot.ask("answer_slash", call_id="nonsense", text="mine")
    assert stranger["code"] == "not_found"
    assert (await root.ask("answer_slash", call_id=told["call_id"], text="mine"))["code"] == "not_found"
    assert (await bot.ask("answer_slash", call_id=told["call_id"], text="done"))["type"] == "ok"
    assert (await root.next("slashed"))["text"] == "done"


async def test_a_bot_that_does_not_answer_is_away(
    server: Server, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slash, "SLASH_WITHIN_S", 0.05)
    root, bot, group, _ = await group_with_bot(server)
    answer = await call(root, group)
    assert (answer["code"], answer["reason"]) == ("unavailable", "bot_away")
    await bot.close()
    assert (await call(root, group))["reason"] == "bot_away"
    for status, content in ((500, b""), (200, b"<html>"), (302, b"")):
        receiver.answers = [(status, content)]
        await bot.http("PUT", "/v1/bots/self/slash-commands", json={"commands": [OFFER | {"url": receiver.url}]})
        assert (await call(root, group))["reason"] == "bot_away", content


async def test_a_command_is_also_called_over_http(server: Server, receiver: Receiver) -> None:
    root, _bot, group, _ = await group_with_bot(server, url=receiver.url)
    receiver.answers = [(200, b'{"text": "hello"}')]
    answer = await root.http(
        "POST",
        f"/v1/conversations/{group}/slash",
        json={"name": "deploy", "text": "web", "client_id": str(uuid7())},
    )
    assert (answer.status_code, answer.json()["text"]) == (200, "hello")


@pytest.mark.parametrize(
    ("commands", "status", "path"),
    [
        ([OFFER, OFFER], 400, "$.commands[1].name"),
        ([OFFER | {"name": "me"}], 400, "$.commands[0].name"),
        ([OFFER | {"name": "Deploy"}], 400, "$.commands[0].name"),
        ([OFFER | {"url": "ftp://example.org/"}], 400, "$.commands[0].url"),
        ([OFFER | {"name": "taken"}], 409, "$.commands[0].name"),
    ],
)
async def test_what_cannot_be_offered_changes_nothing(
    server: Server, commands: list[dict[str, Any]], status: int, path: str
) -> None:
    root, bot, group, _ = await group_with_bot(server)
    other = await server.greeted(await make_bot(root, "other"))
    taken = {"commands": [OFFER | {"name": "taken"}]}
    assert (await other.http("PUT", "/v1/bots/self/slash-commands", json=taken)).is_success
    answer = await bot.http("PUT", "/v1/bots/self/slash-commands", json={"commands": commands})
    assert (answer.status_code, answer.json()["path"]) == (status, path)
    listed = (await root.http("GET", f"/v1/conversations/{group}/slash-commands")).json()["commands"]
    assert [one["name"] for one in listed] == ["deploy"]
    person = await root.http("PUT", "/v1/bots/self/slash-commands", json={"commands": []})
    assert person.status_code == 403, "people offer none"
