"""Webhooks: messages that come in at an address, and messages that go out to a URL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scenarios.receiver import Receiver, receiving
from seriatim.features.webhooks.deliveries import deliver, follow
from seriatim.protocol.limits import Rate
from world import UNLIMITED, WITHIN_S, Device, Server, serving

OPENED = {"egress_allow": ["127.0.0.0/8"]}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def open_server(postgres_dsn: str, data_folder: Path) -> AsyncIterator[Server]:
    """Return a server that may call loopback."""
    async with serving(postgres_dsn, data_folder, **OPENED) as server:
        yield server


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let failures be tried again at once."""
    monkeypatch.setattr(deliver, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(deliver, "LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(deliver, "IDLE_S", 0.02)


async def incoming(ada: Device, group: int, name: str = "Grafana") -> str:
    answer = await ada.http("POST", f"/v1/conversations/{group}/webhooks/incoming", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()["path"]


async def outgoing(ada: Device, group: int, url: str) -> dict[str, Any]:
    path = f"/v1/conversations/{group}/webhooks/outgoing"
    answer = await ada.http("POST", path, json={"name": "Mirror", "url": url})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def messages(device: Device, group: int) -> list[dict[str, Any]]:
    return [entry for entry in await device.history(group) if entry["kind"] == "message_sent"]


async def webhook(device: Device, group: int) -> dict[str, Any]:
    return (await device.http("GET", f"/v1/conversations/{group}/webhooks")).json()["outgoing"][0]


# --- in


@pytest.mark.parametrize(
    ("request_", "body", "via"),
    [
        ({"json": {"text": "disk full"}}, "disk full", "Grafana"),
        ({"json": {"text": "disk full", "username": "Alarm", "icon_emoji": ":fire:"}}, "disk full", "Alarm"),
        ({"data": {"payload": '{"text": "by form"}'}}, "by form", "Grafana"),
        (
            {"json": {"text": "<https://a.example/x?a=1&amp;b=2|the graph> &lt;b&gt; <https://b.example>"}},
            "[the graph](https://a.example/x?a=1&b=2) <b> https://b.example",
            "Grafana",
        ),
        (
            {
                "json": {
                    "attachments": [
                        {
                            "pretext": "New alert",
                            "title": "CPU",
                            "title_link": "https://a.example",
                            "text": "95 %",
                            "fields": [{"title": "Host", "value": "db1", "short": True}],
                        },
                        {"fallback": "plain"},
                    ]
                }
            },
            "New alert\n[CPU](https://a.example)\n95 %\nHost: db1\nplain",
            "Grafana",
        ),
    ],
)
async def test_a_payload_of_slacks_becomes_a_message(
    server: Server, request_: dict[str, Any], body: str, via: str
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    group = await ada.group(bob)
    path = await incoming(ada, group)
    answer = await server.http.post(path, **request_)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["content-type"].startswith("text/plain")
    async with asyncio.timeout(WITHIN_S):
        while (event := await bob.event(group))["kind"] != "message_sent":
            pass
    assert (event["body"], event["via"], event["sender_id"]) == (body, via, ada.user_id)
    assert (await messages(bob, group))[0]["via"] == via


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"json": {}}, "blank"),
        ({"json": {"text": " "}}, "blank"),
        ({"content": b"{"}, "payload"),
        ({"content": b"\xff"}, "payload"),
        ({"content": b'{"a":' * 20_000}, "payload"),
        ({"data": {"other": "1"}}, "payload"),
        ({"data": {"payload": "{"}}, "payload"),
        ({"json": {"text": 1}}, None),
        ({"json": {"text": "a", "username": "a\u202eb"}}, "characters"),
        ({"json": {"text": "a" * 20_000}}, "body_bytes"),
    ],
)
async def test_what_is_no_message_is_refused_and_nothing_said(
    server: Server, request_: dict[str, Any], reason: str | None
) -> None:
    ada = await server.device("ada")
    group = await ada.group()
    answer = await server.http.post(await incoming(ada, group), **request_)
    assert answer.status_code in (400, 413)
    assert answer.json().get("reason") == reason
    assert await messages(ada, group) == []


async def test_the_same_call_says_something_once(server: Server) -> None:
    ada = await server.device("ada")
    group = await ada.group()
    path = await incoming(ada, group)
    for _ in range(3):  # a retry of who did not get the answer
        assert (await server.http.post(path, json={"text": "same"})).status_code == 200
    key = {"Idempotency-Key": "build-17"}
    for _ in range(2):
        assert (await server.http.post(path, json={"text": "keyed"}, headers=key)).status_code == 200
    reused = await server.http.post(path, json={"text": "another"}, headers=key)
    assert (reused.status_code, reused.json()["code"]) == (409, "key_reused")
    assert [message["body"] for message in await messages(ada, group)] == ["same", "keyed"]
    async with server.parts.database.transaction() as connection:
        await connection.execute("update incoming_calls set at = at - interval '61 seconds'")
    await server.http.post(path, json={"text": "same"})
    assert [message["body"] for message in await messages(ada, group)] == ["same", "keyed", "same"]


async def test_an_address_needs_its_secret_and_ends_with_its_webhook(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    group = await ada.group(bob)
    path = await incoming(ada, group)
    for wrong in (path[:-1] + ("a" if path[-1] != "a" else "b"), path.replace("/hooks/", "/hooks/1")):
        answer = await server.http.post(wrong, json={"text": "a"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    (one,) = (await ada.http("GET", f"/v1/conversations/{group}/webhooks")).json()["incoming"]
    assert one.keys() == {"webhook_id", "name", "created_by", "created_at"}, "the secret is told once"
    assert (await ada.http("DELETE", f"/v1/conversations/{group}/webhooks/{one['webhook_id']}")).is_success
    assert (await server.http.post(path, json={"text": "a"})).status_code == 404
    assert await messages(ada, group) == []


async def test_an_address_is_as_good_as_its_maker(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    group = await ada.group(bob)
    await ada.command("set_role", conversation_id=group, user_id=bob.user_id, role="admin")
    path = await incoming(bob, group)
    await ada.command("remove", conversation_id=group, user_id=bob.user_id)
    assert (await server.http.post(path, json={"text": "still here"})).status_code == 403
    assert await messages(ada, group) == []


async def test_a_webhook_that_calls_too_often_is_told_when_to_come_back(postgres_dsn: str, data_folder: Path) -> None:
    rates = msgspec.structs.replace(UNLIMITED, webhook=Rate(0.001, 2))
    async with serving(postgres_dsn, data_folder, rates=rates) as server:
        ada = await server.device("ada")
        path = await incoming(ada, await ada.group())
        answers = [await server.http.post(path, json={"text": str(number)}) for number in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) > 0


async def test_members_govern_no_webhooks(server: Server) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    group = await ada.group(bob)
    await incoming(ada, group)
    (one,) = (await ada.http("GET", f"/v1/conversations/{group}/webhooks")).json()["incoming"]
    place = f"/v1/conversations/{group}/webhooks"
    for method, path, body in (
        ("GET", place, None),
        ("POST", f"{place}/incoming", {"name": "a"}),
        ("POST", f"{place}/outgoing", {"name": "a", "url": "https://example.org/"}),
        ("POST", f"{place}/{one['webhook_id']}/enable", None),
        ("DELETE", f"{place}/{one['webhook_id']}", None),
    ):
        assert (await bob.http(method, path, json=body)).status_code == 403, path
        assert (await eve.http(method, path, json=body)).status_code == 404, path


# --- out


@pytest.mark.promise("D10")
async def test_every_message_is_posted_once_in_order_and_signed(open_server: Server, receiver: Receiver) -> None:
    ada, bob = await open_server.device("ada"), await open_server.device("bob")
    group = await ada.group(bob)
    await ada.send(group, "before")
    made = await outgoing(ada, group, f"{receiver.url}/here")
    path = await incoming(ada, group)
    for number in range(5):
        await (ada, bob)[number % 2].send(group, str(number))
    await open_server.http.post(path, json={"text": "by webhook"})
    await ada.send(group, "last")
    posted = await receiver.count(6)
    told = [one.json["data"]["entry"]["body"] for one in posted]
    assert told == ["0", "1", "2", "3", "4", "last"], "neither what was before, nor what came by a webhook"
    for one in posted:
        entry = one.json["data"]["entry"]
        assert one.path == "/here"
        assert one.is_signed_with(made["secret"])
        assert one.headers["webhook-id"] == f"{group}-{entry['seq']}-{made['webhook_id']}"
        assert (one.json["type"], one.json["timestamp"]) == ("message_sent", entry["created_at"])
    assert not posted[0]._replace(body=posted[1].body).is_signed_with(made["secret"])


@pytest.mark.promise("D10")
@pytest.mark.usefixtures("quick")
async def test_what_fails_is_posted_again_under_the_same_id(open_server: Server, receiver: Receiver) -> None:
    ada = await open_server.device("ada")
    group = await ada.group()
    await outgoing(ada, group, receiver.url)
    receiver.answers = [(503, b""), (404, b""), (302, b""), (200, b"")]
    await ada.send(group, "one")
    await ada.send(group, "two")
    posted = await receiver.count(5)
    ids = [one.headers["webhook-id"] for one in posted]
    assert ids[0] == ids[1] == ids[2] == ids[3] != ids[4], "and what follows waits"
    async with asyncio.timeout(WITHIN_S):
        while "failure_count" in await webhook(ada, group):
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("status", "why", "count"), [(500, "failures", 3), (410, "gone", 1)])
async def test_a_url_that_fails_for_good_is_disabled_and_its_maker_told(
    open_server: Server,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    *,
    status: int,
    why: str,
    count: int,
) -> None:
    monkeypatch.setattr(deliver, "FAILURES", 3)
    ada = await open_server.device("ada")
    group = await ada.group()
    made = await outgoing(ada, group, receiver.url)
    receiver.answers = [(status, b"")]
    await ada.send(group, "lost")
    async with asyncio.timeout(WITHIN_S):
        while (event := (await ada.next("event"))["entry"])["conversation_id"] == group or "body" not in event:
            pass
    assert "Mirror" in event["body"], "told in a direct conversation, by the server"
    assert event["sender_id"] != ada.user_id
    state = await webhook(ada, group)
    assert (state["disabled_for"], len(receiver.posted)) == (why, count)
    await ada.send(group, "unheard")
    receiver.answers = [(200, b"")]
    enable = f"/v1/conversations/{group}/webhooks/{made['webhook_id']}/enable"
    assert (await ada.http("POST", enable)).status_code == 204
    assert (await ada.http("POST", enable)).status_code == 404, "it is not disabled"
    await ada.send(group, "heard")
    posted = await receiver.count(count + 1)
    assert posted[-1].json["data"]["entry"]["body"] == "heard"


async def test_a_backlog_has_an_end(open_server: Server, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "BACKLOG", 3)
    ada = await open_server.device("ada")
    group = await ada.group()
    await outgoing(ada, group, receiver.url)
    receiver.may_answer.clear()
    for number in range(8):
        await ada.send(group, str(number))
        await receiver.count(1)
        async with asyncio.timeout(WITHIN_S):
            while number < 3 and await waiting(open_server, group) < number + 1:
                await asyncio.sleep(0.02)
    async with asyncio.timeout(WITHIN_S):
        while (await webhook(ada, group)).get("disabled_for") != "backlog":
            await asyncio.sleep(0.02)
    receiver.may_answer.set()


async def waiting(server: Server, group: int) -> int:
    async with server.parts.database.read() as connection:
        question = (
            "select count(*) from webhook_deliveries d join outgoing_webhooks w on w.id = d.webhook_id"
            " where w.conversation_id = %s"
        )
        row = await (await connection.execute(question, [group])).fetchone()
        assert row is not None
        return row[0]


@pytest.mark.usefixtures("quick")
async def test_an_inner_address_is_never_called(server: Server, receiver: Receiver) -> None:
    ada = await server.device("ada")
    group = await ada.group()
    await outgoing(ada, group, receiver.url)  # this server opens no network
    await ada.send(group, "secret")
    async with asyncio.timeout(WITHIN_S):
        while (await webhook(ada, group)).get("failure_count", 0) < 2:
            await asyncio.sleep(0.02)
    assert receiver.posted == []
    bad = await ada.http(
        "POST", f"/v1/conversations/{group}/webhooks/outgoing", json={"name": "a", "url": "file:///etc/passwd"}
    )
    assert (bad.status_code, bad.json()["path"]) == (400, "$.url")


async def test_a_message_that_was_deleted_meanwhile_is_not_told(open_server: Server, receiver: Receiver) -> None:
    ada = await open_server.device("ada")
    group = await ada.group()
    await outgoing(ada, group, receiver.url)
    receiver.may_answer.clear()
    await ada.send(group, "first")
    await receiver.count(1)
    regretted = await ada.send(group, "regretted")
    await ada.command("delete", conversation_id=group, target_seq=regretted["seq"])
    await ada.send(group, "last")
    receiver.may_answer.set()
    posted = await receiver.count(2)
    assert [one.json["data"]["entry"]["body"] for one in posted] == ["first", "last"]


@pytest.mark.promise("D10")
async def test_deliveries_go_on_after_a_restart(postgres_dsn: str, data_folder: Path, receiver: Receiver) -> None:
    async with serving(postgres_dsn, data_folder, **OPENED) as server:
        ada = await server.device("ada")
        group = await ada.group()
        made = await outgoing(ada, group, receiver.url)
        receiver.may_answer.clear()
        await ada.send(group, "one")
        await receiver.count(1)
        await ada.send(group, "two")
        credentials = ada.credentials
    receiver.may_answer.set()
    async with serving(postgres_dsn, data_folder, **OPENED) as server:
        ada = await server.greeted(credentials)
        async with server.parts.database.transaction() as connection:  # as if the 30 s of the lease had passed
            await connection.execute("update outgoing_webhooks set due_at = now() where id = %s", [made["webhook_id"]])
        async with asyncio.timeout(WITHIN_S):
            while not any(one.json["data"]["entry"]["body"] == "two" for one in receiver.posted):
                await asyncio.sleep(0.02)
    assert len({one.headers["webhook-id"] for one in receiver.posted}) == 2
