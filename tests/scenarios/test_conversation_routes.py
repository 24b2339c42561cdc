"""Conversations over HTTP, by the real application: commands by one rule, lists by cursors, refusals with paths."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from scenarios.front_door import no_bot
from seriatim.core.clock import SystemClock
from seriatim.core.ids import ConversationId, random_id, uuid7
from seriatim.features.accounts.tokens import Tokens
from seriatim.features.conversations import routes
from seriatim.gateway.http.app import HttpSettings, create_http_app
from seriatim.gateway.http.health import Standing
from seriatim.protocol.commands import HTTP_COMMANDS, Leave, SendMessage, SetSettings
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

DIRECT, GROUP, CHANNEL = ConversationKind


class Web:
    """The application, and who asks it."""

    def __init__(self, world: Speaking) -> None:
        self.world = world
        self._tokens = Tokens({"k": b"a key of 32 bytes for the tests!!"}, SystemClock())
        app = create_http_app(
            HttpSettings(),
            tokens=self._tokens,
            revoked=lambda _device_id: False,
            bot=no_bot,
            standing=Standing(lambda: None),
            dependencies={"commands": world},
            routes=routes.ROUTES,
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")

    async def ask(self, sender: Sender, method: str, path: str, **request: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._tokens.issue(sender.user_id, sender.device_id)[0]}"} | request.pop(
            "headers", {}
        )
        answer = await self.client.request(method, f"/v1/{path}", headers=headers, **request)
        return answer.status_code, answer.json()

    async def get(self, sender: Sender, path: str, **query: Any) -> Any:
        status, body = await self.ask(sender, "GET", path, params=query)
        assert status == 200, body
        return body

    async def refused(self, sender: Sender, method: str, path: str, **request: Any) -> tuple[int, str, str | None]:
        status, problem = await self.ask(sender, method, path, **request)
        assert status == problem["status"]
        return status, problem["code"], problem.get("path")


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Web]:
    async with speaking(database) as world:
        web = Web(world)
        async with web.client:
            yield web


async def test_a_bot_talks_over_http_alone(web: Web) -> None:
    ada, bob = await web.world.people(2)
    key, message_key = str(uuid7()), str(uuid7())
    status, created = await web.ask(
        ada,
        "POST",
        "conversations",
        json={"kind": "group", "title": "Bots", "members": [bob.user_id]},
        headers={"Idempotency-Key": key},
    )
    assert (status, created["type"], created["client_id"], created["seq"]) == (200, "sent", key, 1)
    place = f"conversations/{created['conversation_id']}"
    for duplicate in (False, True):
        status, sent = await web.ask(ada, "POST", f"{place}/send", json={"body": "hi", "client_id": message_key})
        assert (status, sent["seq"], sent.get("duplicate", False)) == (200, 2, duplicate)
    assert await web.ask(bob, "POST", f"{place}/read", json={"seq": 2}) == (200, {"type": "ok", "id": 0})
    page = await web.get(bob, f"{place}/entries", after=1)
    assert [(entry["kind"], entry["body"]) for entry in page["entries"]] == [("message_sent", "hi")]


async def test_every_command_has_its_route_with_its_fields_described(web: Web) -> None:
    document = (await web.client.get("/v1/openapi.json")).json()
    paths = document["paths"]
    tags = {command.__struct_config__.tag for command in HTTP_COMMANDS} | {"read", "draft", "set_mine"}
    prefix = "/v1/conversations/{conversation_id}/"
    assert {path.removeprefix(prefix) for path in paths if "post" in paths[path] and prefix in path} == tags
    body = paths[prefix + "send"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    described = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    in_a_thread = {"thread_seq", "broadcast", "mentions"}
    assert set(described["properties"]) == {"client_id", "body", "target_seq", "trace"} | in_a_thread
    assert described["required"] == ["body"]


@pytest.mark.parametrize(
    ("headers", "fields", "reason"),
    [
        ({}, {}, "required"),
        ({"Idempotency-Key": "7"}, {}, "key"),
        ({"Idempotency-Key": str(uuid4())}, {"client_id": str(uuid4())}, "two_keys"),
    ],
)
async def test_a_command_without_one_key_is_refused(
    web: Web, headers: dict[str, str], fields: dict[str, str], reason: str
) -> None:
    ada = await web.world.person()
    place = await web.world.make(ada, GROUP)
    status, problem = await web.ask(
        ada, "POST", f"conversations/{place}/send", json={"body": "x"} | fields, headers=headers
    )
    assert (status, problem["path"], problem["reason"]) == (400, "$.client_id", reason)


async def test_bad_input_gets_a_code_and_a_path(web: Web) -> None:
    ada = await web.world.person()
    place = await web.world.make(ada, GROUP)
    key = {"Idempotency-Key": str(uuid7())}

    async def sent(body: object, at: object = place) -> tuple[int, str, str | None]:
        return await web.refused(ada, "POST", f"conversations/{at}/send", json=body, headers=key)

    assert await sent({"body": 5}) == (400, "bad_request", "$.body")
    assert await sent({"body": " "}) == (400, "bad_request", "$.body")
    assert await sent({"body": "x\0"}) == (400, "bad_request", "$.body")
    assert await sent({"body": "x" * 17_000}) == (413, "too_large", "$.body")
    assert await sent({}) == (400, "bad_request", "$.body")
    for nowhere in (0, random_id(), 2**53, 2**63, 10**40):
        assert await sent({"body": "x"}, nowhere) == (404, "not_found", "$.conversation_id")
    for query in ("after=-1", "before=0", "around=x", "limit=0", "limit=201", f"after={2**53}", "after=1&before=2"):
        status, code, path = await web.refused(ada, "GET", f"conversations/{place}/entries?{query}")
        assert (status, code) == (400, "bad_request"), query
        assert path in ("$", "$." + query.partition("=")[0]), query
    for door in ("conversations", "channels", f"conversations/{place}/members"):
        assert await web.refused(ada, "GET", f"{door}?limit=201") == (400, "bad_request", "$.limit")
    for cursor in ("x", "é", "W10", "WyIiLDFd", "WyJcdTAwMDAiLDFd", "9" * 3_000):
        assert await web.refused(ada, "GET", "conversations", params={"cursor": cursor}) == (
            400,
            "bad_request",
            "$.cursor",
        )
    for name in ("x\0", "x" * 129):
        assert (await web.refused(ada, "GET", "channels", params={"name": name}))[:2] == (400, "bad_request")
    assert await web.get(ada, "channels", cursor="WyJhIiwxXQ", name="'; drop table") == {"conversations": []}


async def test_lists_are_walked_by_their_cursors(web: Web) -> None:
    ada, *others = await web.world.people(5)
    word = f"list {random_id()}"
    made = [
        await web.world.make(ada, CHANNEL, *others, title=f"{word} {number}", visibility=Visibility.PUBLIC)
        for number in range(5)
    ]
    await web.world.make(ada, CHANNEL, title=f"{word} hidden")

    async def walk(path: str, what: str, field: str, **query: Any) -> list[Any]:
        found: list[Any] = []
        while True:
            page = await web.get(others[0], path, limit=2, **query)
            assert 1 <= len(page[what]) <= 2
            found += [one[field] for one in page[what]]
            if "cursor" not in page:
                return found
            query["cursor"] = page["cursor"]

    assert await walk("conversations", "conversations", "conversation_id") == made[::-1]
    assert await walk("channels", "conversations", "conversation_id", name=word.upper()) == made
    members = await walk(f"conversations/{made[0]}/members", "members", "user_id")
    assert members == sorted(person.user_id for person in (ada, *others))


@pytest.mark.promise("I1")
async def test_an_ex_member_sees_what_he_saw_and_an_outsider_nothing(web: Web) -> None:
    ada, bob, eve = await web.world.people(3)
    group = await web.world.make(ada, GROUP, bob, title="Then")
    before = datetime.now(UTC)
    await web.world.do(SendMessage, ada, group, body="seen")
    await web.world.do(Leave, bob, group)
    await web.world.do(SendMessage, ada, group, body="unseen")
    await web.world.do(SetSettings, ada, group, title="Now")
    found = await web.get(bob, f"conversations/{group}")
    assert (found["title"], found["head"], found["last"]["body"], found["flags"]) == ("Then", 3, "seen", 16)
    assert datetime.fromisoformat(found["last_message_at"]) >= before
    assert await web.get(bob, "conversations") == {"conversations": [found]}
    assert "role" not in found
    assert (await web.refused(bob, "GET", f"conversations/{group}/members"))[:2] == (403, "forbidden")
    assert (await web.get(bob, f"conversations/{group}/entries"))["head"] == 3
    for door in ("", "/members", "/entries"):
        hidden = await web.ask(eve, "GET", f"conversations/{group}{door}")
        assert hidden == await web.ask(eve, "GET", f"conversations/{ConversationId(random_id())}{door}")
        assert hidden[0] == 404


async def test_a_direct_conversation_shows_the_other_one(web: Web) -> None:
    ada = await web.world.person("Ada")
    bob = await web.world.person("Bob")
    await web.world.make(ada, DIRECT, bob)
    for caller, name in ((ada, "Bob"), (bob, "Ada")):
        (found,) = (await web.get(caller, "conversations"))["conversations"]
        assert (found["other"]["name"], found["role"], found["unread"]) == (name, "member", 0)


async def test_an_outsider_sees_a_public_channel_and_who_is_in_it(web: Web) -> None:
    ada, eve = await web.world.people(2)
    channel = await web.world.make(ada, CHANNEL, title="Open", visibility=Visibility.PUBLIC)
    await web.world.do(SendMessage, ada, channel, body="hello")
    found = await web.get(eve, f"conversations/{channel}")
    assert ("role" not in found, found["unread"], found["last"]["body"]) == (True, 0, "hello")
    members = await web.get(eve, f"conversations/{channel}/members")
    assert [member["user_id"] for member in members["members"]] == [ada.user_id]
