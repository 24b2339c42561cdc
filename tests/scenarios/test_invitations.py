"""Ways into a conversation on a whole server: people added together, links, requests to join."""

import asyncio
from typing import Any

import pytest

from rows import unchanged
from seriatim.core.ids import random_id, uuid7
from seriatim.storage.postgres.database import Database
from world import Device, Server


async def ok(device: Device, method: str, path: str, **more: Any) -> Any:
    answer = await device.http(method, f"/v1/{path}", **more)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def refused(device: Device, method: str, path: str, **more: Any) -> tuple[str, str | None]:
    answer = await device.http(method, f"/v1/{path}", **more)
    assert answer.is_error, answer.text
    return answer.json()["code"], answer.json().get("reason")


async def channel(device: Device, title: str | None = None, **fields: Any) -> int:
    answer = await device.command("create", kind="channel", title=title or str(uuid7()), **fields)
    return answer["conversation_id"]


async def follow(device: Device, token: str, **body: Any) -> Any:
    return await ok(device, "POST", f"invitations/{token}", json={"client_id": str(uuid7())} | body)


async def test_people_added_together_are_one_entry_that_each_of_them_gets(server: Server) -> None:
    ada, bob, cyd, dan = [await server.device(name) for name in ("ada", "bob", "cyd", "dan")]
    here = await ada.group(bob)
    await ada.send(here, "before")
    sent = await ada.command("invite", conversation_id=here, user_ids=[cyd.user_id, dan.user_id, cyd.user_id])
    assert sent["seq"] == 3
    for device in (bob, cyd, dan):
        entry = await device.next("event", where=lambda frame: frame["entry"]["kind"] == "member_added")
        assert entry["entry"]["user_id"] == cyd.user_id
        assert entry["entry"]["user_ids"] == [cyd.user_id, dan.user_id]
        assert entry["entry"]["roster_version"] == 2
    await ada.send(here, "after")
    for device in (cyd, dan):
        assert (await device.event(here))["body"] == "after"
        assert [entry["seq"] for entry in await device.history(here)] == [3, 4]
    found = await ok(ada, "GET", f"conversations/{here}")
    assert (found["member_count"], found["roster_version"]) == (4, 2)


async def test_one_who_cannot_be_added_keeps_all_out(server: Server, database: Database) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group(bob)
    async with unchanged(database):
        for other, code, reason in ((bob.user_id, "conflict", "already_member"), (random_id(), "not_found", None)):
            answer = await ada.command("invite", conversation_id=here, user_ids=[cyd.user_id, other])
            assert (answer["code"], answer.get("reason"), answer["path"]) == (code, reason, "$.user_ids[1]")


async def test_a_link_shows_where_it_leads_and_lets_in_who_follows_it(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(title="Inside")
    await ada.send(here, "before")
    made = await ok(ada, "POST", f"conversations/{here}/invitations", json={})
    assert len(made["token"]) == 22
    preview = await ok(bob, "GET", f"invitations/{made['token']}")
    assert (preview["title"], preview["member_count"], preview["role"]) == ("Inside", 1, "member")
    assert (await bob.ask("fetch", conversation_id=here))["code"] == "not_found", "a preview opens nothing"
    key = str(uuid7())
    sent = await follow(bob, made["token"], client_id=key)
    added = await ada.next("event", where=lambda frame: frame["entry"]["kind"] == "member_added")
    assert (added["entry"]["user_id"], added["entry"]["sender_id"]) == (bob.user_id, bob.user_id)
    assert [entry["seq"] for entry in await bob.history(here)] == [sent["seq"]]
    again = await follow(bob, made["token"], client_id=key)
    assert (again["seq"], again["duplicate"]) == (sent["seq"], True)
    assert await refused(bob, "POST", f"invitations/{made['token']}", json={"client_id": str(uuid7())}) == (
        "conflict",
        "already_member",
    )
    (listed,) = (await ok(ada, "GET", f"conversations/{here}/invitations"))["invitations"]
    assert (listed["use_count"], "token" in listed) == (1, False)


async def test_the_database_knows_no_token(server: Server, database: Database) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    token = (await ok(ada, "POST", f"conversations/{here}/invitations", json={}))["token"]
    async with database.read() as connection:
        rows = await (await connection.execute("select i::text from conversation_invitations i")).fetchall()
    assert rows
    assert not any(token in row[0] for row in rows)


async def test_a_link_that_is_used_up_revoked_or_too_old_is_gone(server: Server, database: Database) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group()
    made = [
        await ok(ada, "POST", f"conversations/{here}/invitations", json=body)
        for body in ({"most_uses": 1}, {}, {"life_s": 60})
    ]
    used = await follow(bob, made[0]["token"], client_id=(key := str(uuid7())))
    await ok(ada, "DELETE", f"conversations/{here}/invitations/{made[1]['invitation_id']}")
    async with database.transaction() as connection:
        await connection.execute(
            "update conversation_invitations set expires_at = now() - interval '1 s' where id = %s",
            [made[2]["invitation_id"]],
        )
    assert (await ok(ada, "GET", f"conversations/{here}/invitations"))["invitations"] == []
    async with unchanged(database):
        for one in made:
            assert await refused(cyd, "GET", f"invitations/{one['token']}") == ("gone", "invitation")
            path = f"invitations/{one['token']}"
            assert await refused(cyd, "POST", path, json={"client_id": str(uuid7())}) == ("gone", "invitation")
            joined = await cyd.command("join", conversation_id=here, invitation=one["token"])
            assert (joined["code"], joined["path"]) == ("gone", "$.invitation")
    assert (await follow(bob, made[0]["token"], client_id=key))["seq"] == used["seq"], "a retry finds what it did"


async def test_of_many_who_follow_a_link_for_one_at_once_one_comes_in(server: Server) -> None:
    ada, *others = [await server.device("p") for _ in range(4)]
    here = await ada.group()
    token = (await ok(ada, "POST", f"conversations/{here}/invitations", json={"most_uses": 1}))["token"]
    async with asyncio.TaskGroup() as tasks:
        racing = [
            tasks.create_task(device.http("POST", f"/v1/invitations/{token}", json={"client_id": str(uuid7())}))
            for device in others
        ]
    assert sorted(task.result().status_code for task in racing) == [200, 410, 410]


async def test_a_token_of_another_conversation_or_of_none_opens_nothing(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here, there = await ada.group(), await ada.group()
    token = (await ok(ada, "POST", f"conversations/{here}/invitations", json={}))["token"]
    async with unchanged(database):
        for place, said in ((there, token), (here, "x" * 22), (random_id(), token)):
            answer = await bob.command("join", conversation_id=place, invitation=said)
            assert (answer["code"], answer["path"], answer["reason"]) == ("not_found", "$.invitation", "invitation")
        assert await refused(bob, "GET", f"invitations/{'x' * 22}") == ("not_found", "invitation")
        body = {"client_id": str(uuid7())}
        assert await refused(bob, "POST", f"invitations/{'x' * 22}", json=body) == ("not_found", "invitation")


async def test_a_link_for_admins_is_an_owners_and_ends_with_his_right(server: Server, database: Database) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group(bob)
    await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role="owner")
    links = f"conversations/{here}/invitations"
    made = await ok(bob, "POST", links, json={"role": "admin"})
    assert await refused(bob, "POST", links, json={"role": "owner"}) == ("bad_request", "owner")
    await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role="admin")
    async with unchanged(database):
        assert await refused(bob, "POST", links, json={"role": "admin"}) == ("forbidden", None)
        assert (await cyd.command("join", conversation_id=here, invitation=made["token"]))["code"] == "gone"
    await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role="owner")
    assert (await cyd.command("join", conversation_id=here, invitation=made["token"]))["type"] == "sent"
    assert (await ok(cyd, "GET", f"conversations/{here}"))["role"] == "admin"


async def test_members_who_may_invite_deal_with_their_own_links_only(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    links = f"conversations/{here}/invitations"
    assert await refused(bob, "POST", links, json={}) == ("forbidden", None)
    await ada.command("set_settings", conversation_id=here, invite_role="member")
    hers, his = await ok(ada, "POST", links, json={}), await ok(bob, "POST", links, json={})
    assert [one["invitation_id"] for one in (await ok(bob, "GET", links))["invitations"]] == [his["invitation_id"]]
    assert len((await ok(ada, "GET", links))["invitations"]) == 2
    assert await refused(bob, "DELETE", f"{links}/{hers['invitation_id']}") == ("not_found", None)
    await ok(ada, "DELETE", f"{links}/{his['invitation_id']}")


async def test_there_are_at_most_100_good_links(server: Server, database: Database) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    links = f"conversations/{here}/invitations"
    made = await ok(ada, "POST", links, json={})
    async with database.transaction() as connection:
        await connection.execute(
            "insert into conversation_invitations (id, conversation_id, token_hash, role, created_by, created_at,"
            " expires_at) select id - n, conversation_id, token_hash || decode(to_hex(n + 16), 'hex'), role,"
            " created_by,"
            " created_at, expires_at from conversation_invitations, generate_series(1, 99) n where id = %s",
            [made["invitation_id"]],
        )
    async with unchanged(database):
        assert await refused(ada, "POST", links, json={}) == ("conflict", "full")
    await ok(ada, "DELETE", f"{links}/{made['invitation_id']}")
    await ok(ada, "POST", links, json={})


async def test_a_listed_channel_is_found_and_shows_only_its_name_until_one_is_let_in(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    title = str(uuid7())
    here = await channel(ada, title, visibility="listed")
    await ada.send(here, "secret")
    (found,) = (await ok(bob, "GET", f"channels?name={title}"))["conversations"]
    assert (found["conversation_id"], found["visibility"], found["member_count"]) == (here, "listed", 1)
    assert {"last", "last_message_at", "role"} & found.keys() == set()
    assert (found["head"], found["unread"]) == (0, 0)
    assert await ok(bob, "GET", f"conversations/{here}") == found
    assert (await bob.ask("fetch", conversation_id=here))["code"] == "forbidden"
    assert (await bob.command("join", conversation_id=here))["code"] == "forbidden"
    await ok(bob, "POST", f"conversations/{here}/join-requests", json={"words": "please"})
    asking = f"conversations/{here}/join-requests"
    (request,) = (await ok(ada, "GET", asking))["requests"]
    assert (request["user_id"], request["words"], request["name"]) == (bob.user_id, "please", bob.name)
    sent = await ada.command("invite", conversation_id=here, user_ids=[bob.user_id])
    assert (await ok(ada, "GET", asking))["requests"] == [], "whoever is let in asks no more"
    assert [entry["seq"] for entry in await bob.history(here)] == [sent["seq"]]


async def test_a_request_is_refused_or_taken_back(server: Server, database: Database) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await channel(ada, visibility="listed", members=[cyd.user_id])
    asking = f"conversations/{here}/join-requests"
    for device in (bob, ada):
        await ok(bob, "POST", asking, json={})
        async with unchanged(database):
            assert await refused(cyd, "DELETE", f"{asking}/{bob.user_id}") == ("forbidden", None)
            assert await refused(cyd, "POST", asking, json={}) == ("conflict", "already_member")
        await ok(device, "DELETE", f"{asking}/{bob.user_id}")
        assert await refused(device, "DELETE", f"{asking}/{bob.user_id}") == ("not_found", None)
    assert await refused(cyd, "GET", asking) == ("forbidden", None)


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_only_a_listed_channel_is_asked(server: Server, database: Database, visibility: str) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await channel(ada, visibility=visibility)
    async with unchanged(database):
        code, _ = await refused(bob, "POST", f"conversations/{here}/join-requests", json={})
    assert code == ("not_found" if visibility == "private" else "forbidden")


async def test_the_directory_is_searched_by_words_of_titles_and_topics(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    word = str(uuid7())
    first = await channel(ada, f"a {word} b", visibility="public")
    second = await channel(ada, visibility="listed")
    await channel(ada, f"hidden {word}")
    await ada.command("set_settings", conversation_id=second, topic=f"All about {word.upper()}!")
    found = (await ok(bob, "GET", f"channels?word={word}"))["conversations"]
    assert {one["conversation_id"] for one in found} == {first, second}
    assert (await ok(bob, "GET", "channels?word=%25_"))["conversations"] == [], "no pattern: plain words"
