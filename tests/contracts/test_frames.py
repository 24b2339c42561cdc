"""What the AsyncAPI document says of frames is so: every command gets the answer it names, in the shape it gives."""

from typing import Any

import jsonschema_rs
import msgspec
import pytest

from scenarios.test_bots import admin, make_bot
from seriatim.core.ids import uuid7
from seriatim.protocol.documents.asyncapi import COMMANDS, tag_of
from world import Device, Server

Document = dict[str, Any]


@pytest.fixture
async def document(server: Server) -> Document:
    """Return the document that this server serves, to anybody."""
    answer = await server.http.get("/v1/asyncapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.content)


def fits(frame: dict[str, Any], document: Document, *, name: str | None = None) -> None:
    """Check one server frame against its schema."""
    payload = document["components"]["messages"][name or frame["type"]]["payload"]
    jsonschema_rs.validate({**payload, "components": document["components"]}, frame)


async def answered(device: Device, document: Document, type_: str, **fields: Any) -> dict[str, Any]:
    """Send a command and check that its answer is the one that the document names first."""
    named = document["operations"][f"on_{type_}"]["reply"]["messages"][0]["$ref"].rpartition("/")[2]
    if type_ == "ping":
        await device.say(type=type_, **fields)
        answer = await device.next("pong")
    else:
        answer = await device.ask(type_, **fields)
    assert answer["type"] == named, answer
    fits(answer, document)
    return answer


async def test_every_command_gets_the_answer_that_the_document_names(server: Server, document: Document) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    asked = {
        "hello",
        "focus",
        "typing",
        "received",
    }  # the first was said when they connected; the others are not answered
    fits(ada.welcome, document)

    async def ask(type_: str, **fields: Any) -> dict[str, Any]:
        asked.add(type_)
        return await answered(ada, document, type_, **fields)

    async def make(type_: str, **fields: Any) -> dict[str, Any]:
        return await ask(type_, client_id=str(uuid7()), **fields)

    here = (await make("create", kind="channel", title="A channel", visibility="public"))["conversation_id"]
    await make("send", conversation_id=here, body="hello", trace=True)
    await make("set_settings", conversation_id=here, topic="everything")
    await make("invite", conversation_id=here, user_id=bob.user_id)
    await make("set_role", conversation_id=here, user_id=bob.user_id, role="owner")
    await make("remove", conversation_id=here, user_id=bob.user_id)
    theirs = await bob.command("create", kind="channel", title="Another", visibility="public")
    await make("join", conversation_id=theirs["conversation_id"])
    await make("leave", conversation_id=theirs["conversation_id"])
    await ask("read", conversation_id=here, seq=2)
    page = await ask("fetch", conversation_id=here, after=0)
    first = page["entries"][0]
    schema = document["components"]["schemas"]["Compare"]["properties"]["entries"]["items"]["prefixItems"]
    row = [here, first["seq"], first["client_id"], first["created_at"]][: len(schema)]
    await ask("compare", entries=[row])
    await ask("set_presence", state="away", text="at lunch")
    await ask("draft", conversation_id=here, text="almost", changed_at="2026-01-01T00:00:00Z")
    await ask("set_mine", conversation_id=here, level="mentions", pinned=True)
    await ask("read_all")
    message = (await make("send", conversation_id=here, body="words"))["seq"]
    poll = (await make("start_poll", conversation_id=here, question="which", options=["a", "b"]))["seq"]
    await make("edit", conversation_id=here, target_seq=message, body="better words")
    await make("react", conversation_id=here, target_seq=message, emoji="👍")
    await make("unreact", conversation_id=here, target_seq=message, emoji="👍")
    await make("pin", conversation_id=here, target_seq=message)
    await make("unpin", conversation_id=here, target_seq=message)
    await make("forward", conversation_id=here, source_conversation_id=here, source_seq=message)
    await make("delete", conversation_id=here, target_seq=message)
    await make("vote", conversation_id=here, target_seq=poll, options=[0])
    await make("close_poll", conversation_id=here, target_seq=poll)
    await ask("renew", token=ada.credentials["access_token"])
    await ask("ping")
    asked |= {"slash", "answer_slash"}  # by the next test
    assert asked == {tag_of(command) for command in COMMANDS}


async def test_a_bot_is_called_in_the_words_of_the_document(server: Server, document: Document) -> None:
    root = await admin(server)
    bot = await server.greeted(await make_bot(root, "bot"))
    here = await root.group(bot)
    name = f"call-{bot.user_id}"
    offered = {"commands": [{"name": name, "description": "An example"}]}
    assert (await bot.http("PUT", "/v1/bots/self/slash-commands", json=offered)).is_success
    await root.say(type="slash", id=9, client_id=str(uuid7()), conversation_id=here, name=name)
    called = await bot.next("slash_called")
    fits(called, document)
    await answered(bot, document, "answer_slash", call_id=called["call_id"], text="done")
    fits(await root.next("slashed"), document)


async def test_events_and_refusals_have_the_shape_of_the_document(server: Server, document: Document) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await ada.send(here, "hello")
    for _ in range(2):
        fits(await bob.next("event"), document)
    fits(await bob.ask("fetch", conversation_id=here, limit=0), document)
    fits(await bob.command("set_settings", conversation_id=here, title="mine"), document)
    await bob.say_raw("{}")
    fits(await bob.next("error"), document)
    await bob.say(type="focus", conversation_ids=[here], user_ids=[ada.user_id])
    fits(await bob.next("presence"), document)
    await ada.say(type="typing", conversation_id=here)
    fits(await bob.next("typing"), document, name="typing_told")
    await ada.ask("read", conversation_id=here, seq=2)
    fits(await bob.next("watermarks"), document)
    await bob.ask("set_mine", conversation_id=here, muted_until="2030-01-01T00:00:00Z")
    other = await server.another_device(bob)
    assert other.welcome["own"]
    fits(other.welcome, document)
    await other.ask("draft", conversation_id=here, text="almost", changed_at="2026-01-01T00:00:00Z")
    fits(await bob.next("self", where=lambda frame: frame["what"]["change"] == "draft"), document)


def test_a_frame_of_another_shape_is_noticed() -> None:
    schemas = {"Ok": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}}
    small = {"components": {"schemas": schemas, "messages": {"ok": {"payload": {"$ref": "#/components/schemas/Ok"}}}}}
    with pytest.raises(jsonschema_rs.ValidationError):
        fits({"type": "ok", "id": "one"}, small)
