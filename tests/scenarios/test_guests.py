"""Guests see what they were invited to; and how far back newcomers read."""

from typing import Any

from rows import unchanged
from seriatim.core.ids import uuid7
from seriatim.storage.postgres.database import Database
from world import PASSWORD, Device, Server


async def guest(server: Server, database: Database, host: Device, name: str = "guest") -> Device:
    """Sign a guest up, with an invitation by an admin of the server."""
    async with database.transaction() as connection:
        await connection.execute("update users set server_admin = true where id = %s", [host.user_id])
    invitation = (await host.http("POST", "/v1/admin/invitations?guest=true")).json()["invitation"]
    body = {
        "name": f"{name}-{uuid7()}",
        "password": PASSWORD,
        "device": {"name": "test", "kind": "test"},
        "invitation": invitation,
    }
    answer = await server.http.post("/v1/auth/sign-up", json=body)
    assert answer.status_code == 201, answer.text
    return await server.greeted(answer.json())


async def found(device: Device, path: str) -> Any:
    answer = await device.http("GET", f"/v1/{path}")
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_guest_sees_what_he_was_invited_to_and_who_is_in_it(server: Server, database: Database) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    gus = await guest(server, database, ada)
    assert (await found(gus, "me"))["guest"] is True
    title = str(uuid7())
    public = await ada.command("create", kind="channel", title=title, visibility="public")
    here = await ada.group(bob)
    there = public["conversation_id"]
    async with unchanged(database):
        assert (await found(gus, f"channels?name={title}"))["conversations"] == []
        for type_, fields in (("fetch", {}), ("join", {"client_id": str(uuid7())})):
            assert (await gus.ask(type_, conversation_id=there, **fields))["code"] == "not_found"
        for person in (bob, eve):
            assert (await found(gus, f"users?name={person.name}"))["users"] == []
            assert (await found(gus, f"users?ids={person.user_id}"))["users"] == []
            answer = await gus.command("create", kind="direct", members=[person.user_id])
            assert (answer["code"], answer["path"]) == ("not_found", "$.members[0]")
        invite = await ada.command("invite", conversation_id=here, user_ids=[gus.user_id])
        assert (invite["code"], invite["reason"]) == ("conflict", "guest")
    await ada.command("invite", conversation_id=here, user_ids=[gus.user_id], role="guest")
    assert [user["user_id"] for user in (await found(gus, f"users?ids={bob.user_id},{eve.user_id}"))["users"]] == [
        bob.user_id
    ]
    assert (await found(gus, f"conversations/{here}"))["role"] == "guest"
    assert (await gus.send(here, "hello"))["type"] == "sent"
    assert (await found(bob, f"users?ids={gus.user_id}"))["users"][0]["guest"] is True
    await ada.command("invite", conversation_id=here, user_ids=[eve.user_id])
    assert (await found(gus, f"users?ids={eve.user_id}"))["users"][0]["user_id"] == eve.user_id
    await eve.command("leave", conversation_id=here)
    assert (await found(gus, f"users?ids={eve.user_id}"))["users"] == [], "no more than those who are there"
    assert await gus.direct(bob)


async def test_a_guest_speaks_and_does_nothing_else(server: Server, database: Database) -> None:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    gus = await guest(server, database, ada)
    here = await ada.group(bob)
    await ada.command("invite", conversation_id=here, user_ids=[gus.user_id], role="guest")
    await ada.command("set_settings", conversation_id=here, invite_role="member", pin_role="member")
    sent = await gus.send(here, "hello")
    async with unchanged(database):
        for type_, fields in (
            ("invite", {"user_ids": [eve.user_id]}),
            ("pin", {"target_seq": sent["seq"]}),
            ("remove", {"user_id": bob.user_id}),
            ("set_settings", {"title": "mine"}),
        ):
            answer = await gus.command(type_, conversation_id=here, **fields)
            assert answer["code"] == "forbidden", type_
        for kind in ("group", "channel"):
            answer = await gus.command("create", kind=kind, title="mine")
            assert (answer["code"], answer["reason"]) == ("forbidden", "guest")
        promoted = await ada.command("set_role", conversation_id=here, user_id=gus.user_id, role="admin")
        assert (promoted["code"], promoted["reason"]) == ("conflict", "guest")
        assert (await found(gus, "groups"))["groups"] == []
    assert (await bob.command("invite", conversation_id=here, user_ids=[eve.user_id]))["type"] == "sent"


async def test_a_guest_who_follows_a_link_or_is_there_from_the_beginning_is_a_guest(
    server: Server, database: Database
) -> None:
    ada = await server.device("ada")
    gus = await guest(server, database, ada)
    here = await ada.group()
    token = (await ada.http("POST", f"/v1/conversations/{here}/invitations", json={})).json()["token"]
    key = str(uuid7())
    for _ in range(2):
        answer = await gus.http("POST", f"/v1/invitations/{token}", json={"client_id": key})
        assert answer.is_success, answer.text
    assert (await gus.history(here))[-1]["role"] == "guest"
    founded = await ada.group(gus)
    assert [(await found(gus, f"conversations/{place}"))["role"] for place in (here, founded)] == ["guest"] * 2


async def test_history_for_all_shows_newcomers_what_was_before(server: Server) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group()
    await ada.send(here, "before")
    await ada.command("invite", conversation_id=here, user_ids=[bob.user_id])
    assert "before" not in str(await bob.history(here))
    await ada.command("set_settings", conversation_id=here, history="all")
    await ada.command("invite", conversation_id=here, user_ids=[cyd.user_id])
    for device in (bob, cyd):
        assert "before" in str(await device.history(here))
    await bob.command("leave", conversation_id=here)
    await ada.send(here, "after he left")
    page = await bob.ask("fetch", conversation_id=here)
    assert (page["first_kept"], page["head"], "after he left" in str(page)) == (1, 6, False)


async def test_history_since_joining_closes_a_public_channel_to_outsiders(server: Server) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    made = await ada.command("create", kind="channel", title=str(uuid7()), visibility="public", members=[cyd.user_id])
    here = made["conversation_id"]
    await ada.send(here, "before")
    assert "before" in str(await bob.history(here))
    await ada.command("set_settings", conversation_id=here, history="joined")
    assert (await bob.ask("fetch", conversation_id=here))["code"] == "forbidden"
    assert "last" not in await found(bob, f"conversations/{here}")
    joined = await bob.command("join", conversation_id=here)
    page = await bob.ask("fetch", conversation_id=here)
    assert (page["first_kept"], [entry["kind"] for entry in page["entries"]]) == (joined["seq"], ["member_added"])
    assert "before" in str(await cyd.history(here)), "who was there before keeps it"


async def test_who_comes_back_reads_nothing_of_his_former_time(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await bob.send(here, "his")
    await bob.command("leave", conversation_id=here)
    assert "his" in str(await bob.history(here)), "what one could read when one left stays"
    back = await ada.command("invite", conversation_id=here, user_ids=[bob.user_id])
    page = await bob.ask("fetch", conversation_id=here, after=0)
    assert (page["first_kept"], [entry["seq"] for entry in page["entries"]]) == (back["seq"], [back["seq"]])
