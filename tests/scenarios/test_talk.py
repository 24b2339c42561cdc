"""The headline story on a whole server: messages from one device to others, in order, once."""

import asyncio

import pytest

from seriatim.core.ids import uuid7
from world import Server


async def test_a_message_reaches_every_device_of_every_member_with_one_seq(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    laptop = await server.another_device(bob)
    here = await ada.direct(bob)
    for device in (ada, bob, laptop):
        assert (await device.event(here))["kind"] == "conversation_created"
    sent = await ada.send(here, "hi")
    entries = [await device.event(here) for device in (ada, bob, laptop)]
    assert entries[0] == entries[1] == entries[2]
    assert (entries[0]["seq"], entries[0]["body"], entries[0]["ordinal"]) == (sent["seq"], "hi", 1) == (2, "hi", 1)


async def test_an_outsider_hears_nothing_and_cannot_send(server: Server) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    here = await ada.direct(bob)
    refused = await eve.send(here, "let me in")
    assert (refused["type"], refused["code"]) == ("error", "not_found")
    missing = await eve.send(here + 1, "let me in")
    assert {key: refused[key] for key in ("code", "message")} == {key: missing[key] for key in ("code", "message")}
    await ada.send(here, "secret")
    own = await eve.group()
    assert (await eve.next("event"))["entry"]["conversation_id"] == own, "the first event is his own"


@pytest.mark.promise("L2")
async def test_a_retry_after_a_lost_ack_gets_the_same_seq(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here, key = await ada.direct(bob), str(uuid7())
    first = await ada.send(here, "hi", client_id=key)
    again = await ada.send(here, "hi", client_id=key)
    assert again | {"id": 0} == first | {"id": 0, "duplicate": True}
    assert [entry["body"] for entry in (await bob.history(here))[1:]] == ["hi"]
    other = await ada.send(here, "other", client_id=key)
    assert other["code"] == "key_reused"


@pytest.mark.promise("L3")
async def test_two_people_who_talk_at_once_see_the_same_order(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    count = 50
    for device in (ada, bob):
        await device.event(here)

    async def talk(device: object, name: str) -> None:
        for number in range(count):
            await device.say(  # type: ignore[attr-defined]
                type="send", id=1_000 + number, conversation_id=here, client_id=str(uuid7()), body=f"{name} {number}"
            )

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk(ada, "ada"))
        tasks.create_task(talk(bob, "bob"))
    seen = [[await device.event(here) for _ in range(2 * count)] for device in (ada, bob)]
    assert seen[0] == seen[1]
    assert [entry["seq"] for entry in seen[0]] == list(range(2, 2 * count + 2))
    own = [entry["body"] for entry in seen[0] if entry["sender_id"] == ada.user_id]
    assert own == [f"ada {number}" for number in range(count)], "a device's sends keep their order"


async def test_reading_on_one_device_tells_the_others(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    laptop = await server.another_device(bob)
    here = await ada.direct(bob)
    sent = await ada.send(here, "hi")
    assert (await bob.ask("read", conversation_id=here, seq=sent["seq"]))["type"] == "ok"
    told = await laptop.next("self", where=lambda frame: frame["what"]["change"] == "read")
    assert told["what"] == {
        "change": "read", "conversation_id": here, "seq": sent["seq"], "unread": 0, "mentions": 0,
    }  # fmt: skip


async def test_a_newcomer_sees_what_follows_and_whoever_left_does_not(server: Server) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group(bob)
    await ada.send(here, "before")
    await ada.command("invite", conversation_id=here, user_id=cyd.user_id)
    assert (await cyd.event(here))["kind"] == "member_added"
    await ada.send(here, "both")
    assert (await cyd.event(here))["body"] == "both"
    await bob.command("leave", conversation_id=here)
    await ada.send(here, "after")
    kinds = [await bob.event(here) for _ in range(5)]
    assert [entry.get("body", entry["kind"]) for entry in kinds] == [
        "conversation_created", "before", "member_added", "both", "member_left",
    ]  # fmt: skip
    assert [entry.get("body", entry["kind"]) for entry in await bob.history(here)][-1] == "member_left"
    assert [entry.get("body", entry["kind"]) for entry in await cyd.history(here)] == [
        "member_added", "both", "member_left", "after",
    ]  # fmt: skip


@pytest.mark.promise("D2")
async def test_a_lost_last_hint_is_found_by_the_next_heartbeat(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    await bob.event(here)
    await ada.next("event")
    monkeypatch.setattr(server.parts.publisher._broker, "publish", lambda _hints: None)
    sent = await ada.send(here, "nobody is told")
    monkeypatch.undo()
    await bob.say(type="ping", heads={here: 1})
    pong = await bob.next("pong")
    assert [here, sent["seq"]] in [row[:2] for row in pong["heads"]]


@pytest.mark.promise("D3")
async def test_resume_tells_what_moved_since_the_token_and_no_more(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    quiet, lively = await ada.direct(bob), await ada.group(bob)
    await bob.say(type="ping")
    token = (await bob.next("pong"))["resume_token"]
    await bob.close()
    sent = await ada.send(lively, "while away")
    await bob.connect(resume={"epoch": bob.welcome["epoch"], "token": token})
    rows = {row[0]: row for row in bob.welcome["heads"]}
    assert rows[lively][1] == sent["seq"]
    assert rows[lively][4] == 1, "one unread"
    assert quiet not in rows or rows[quiet][1] == 1
    await bob.close()
    await bob.connect(resume={"epoch": "another", "token": token})
    assert {quiet, lively} <= {row[0] for row in bob.welcome["heads"]}, "another epoch: everything"


async def test_a_revoked_device_is_closed_within_five_seconds(server: Server) -> None:
    ada = await server.device("ada")
    phone = await server.another_device(ada)
    answer = await ada.http("DELETE", f"/v1/devices/{phone.device_id}")
    assert answer.status_code == 204, answer.text
    assert await phone.closed() == 4410
    refused = await phone.connect(greet=False)
    await refused.say(
        type="hello",
        token=phone.credentials["access_token"],
        device_id=phone.device_id,
        client={"name": "test", "version": "1"},
    )
    assert (await refused.next("error"))["code"] == "unauthenticated"
    assert await refused.closed() == 4410


async def test_the_same_commands_exist_over_http(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    created = await ada.http("POST", "/v1/conversations", json={
        "kind": "direct", "members": [bob.user_id], "client_id": str(uuid7()),
    })  # fmt: skip
    assert created.status_code == 200, created.text
    here, key = created.json()["conversation_id"], str(uuid7())
    path = f"/v1/conversations/{here}/send"
    headers = {**ada.headers, "Idempotency-Key": key}
    first = await server.http.post(path, json={"body": "hi"}, headers=headers)
    again = await server.http.post(path, json={"body": "hi"}, headers=headers)
    assert (first.json()["seq"], again.json()["seq"], again.json()["duplicate"]) == (2, 2, True)
    assert (await bob.event(here))["kind"] == "conversation_created"
    assert (await bob.event(here))["body"] == "hi"
    refused = await server.http.post(path, json={"body": ""}, headers=headers)
    assert (refused.status_code, refused.json()["code"], refused.json()["path"]) == (400, "bad_request", "$.body")
    page = await ada.http("GET", f"/v1/conversations/{here}/entries?after=0")
    assert [entry["seq"] for entry in page.json()["entries"]] == [1, 2]
