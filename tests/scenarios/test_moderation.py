"""Order in conversations on a whole server: silences, bans, blocks, archives, reports, and the audit of it all."""

import json
from datetime import UTC, datetime, timedelta
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


def said(answer: dict[str, Any]) -> tuple[str | None, str | None]:
    return answer.get("code"), answer.get("reason")


def later(**time: float) -> dict[str, str]:
    return {"until": (datetime.now(UTC) + timedelta(**time)).isoformat()}


async def acts(device: Device, here: int) -> list[tuple[str, int | None]]:
    """Return what the audit of a conversation says, the newest first."""
    return [
        (row["act"], row.get("user_id")) for row in (await ok(device, "GET", f"conversations/{here}/audit"))["acts"]
    ]


async def make_server_admin(database: Database, device: Device) -> None:
    async with database.transaction() as connection:
        await connection.execute("update users set server_admin = true where id = %s", [device.user_id])


async def test_a_silenced_member_reads_and_says_nothing_until_his_time_is_over(
    server: Server, database: Database
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    mine = await bob.send(here, "mine")
    silence = f"conversations/{here}/silences/{bob.user_id}"
    await ok(ada, "PUT", silence, json=later(hours=1))
    async with unchanged(database):
        assert said(await bob.send(here, "no")) == ("forbidden", "silenced")
        (row,) = (await ok(ada, "GET", f"conversations/{here}/silences"))["silences"]
        assert (await ok(bob, "GET", f"conversations/{here}"))["silenced_until"] == row["until"]
        assert "silenced_until" not in await ok(ada, "GET", f"conversations/{here}"), "it is told to him alone"
        edit = await bob.command("edit", conversation_id=here, target_seq=mine["seq"], body="other")
        react = await bob.command("react", conversation_id=here, target_seq=mine["seq"], emoji="\N{THUMBS UP SIGN}")
        assert [said(answer) for answer in (edit, react)] == [("forbidden", "silenced")] * 2
    assert [entry["body"] for entry in await bob.history(here) if entry["kind"] == "message_sent"] == ["mine"]
    (row,) = (await ok(ada, "GET", f"conversations/{here}/silences"))["silences"]
    assert (row["user_id"], row["name"]) == (bob.user_id, bob.name)
    await bob.command("leave", conversation_id=here)
    await ada.command("invite", conversation_id=here, user_ids=[bob.user_id])
    assert said(await bob.send(here, "no")) == ("forbidden", "silenced"), "coming back does not end it"
    async with database.transaction() as connection:
        await connection.execute(
            "update members set silenced_until = now() where conversation_id = %s and user_id = %s",
            [here, bob.user_id],
        )
    assert (await bob.send(here, "again"))["type"] == "sent"
    await ok(ada, "PUT", silence, json=later(hours=1))
    await ok(ada, "DELETE", silence)
    assert (await bob.send(here, "and again"))["type"] == "sent"
    assert (await ok(ada, "GET", f"conversations/{here}/silences"))["silences"] == []
    kinds = {entry["kind"] for entry in await ada.history(here)}
    assert kinds == {"conversation_created", "message_sent", "member_left", "member_added"}, "nobody is told"
    assert (await acts(ada, here))[:2] == [("unsilence", bob.user_id), ("silence", bob.user_id)]


async def test_a_silence_ends_within_a_year_and_is_for_those_below(server: Server, database: Database) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    here = await ada.group(bob, cyd)
    await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role="admin")
    silences = f"conversations/{here}/silences"
    async with unchanged(database):
        for until in (later(hours=-1), later(days=366)):
            assert await refused(ada, "PUT", f"{silences}/{cyd.user_id}", json=until) == ("bad_request", "until")
        assert await refused(ada, "PUT", f"{silences}/{cyd.user_id}", json={"until": "2026-01-01T00:00:00"}) == (
            "bad_request", None,
        )  # fmt: skip
        assert await refused(bob, "PUT", f"{silences}/{ada.user_id}", json=later(hours=1)) == ("forbidden", None)
        assert await refused(cyd, "PUT", f"{silences}/{bob.user_id}", json=later(hours=1)) == ("forbidden", None)
        assert await refused(ada, "PUT", f"{silences}/{random_id()}", json=later(hours=1)) == ("not_found", None)
        assert await refused(ada, "PUT", f"{silences}/0", json=later(hours=1)) == ("not_found", None)
    await ok(bob, "PUT", f"{silences}/{cyd.user_id}", json=later(hours=1))


async def test_who_is_banned_comes_back_by_no_door_until_the_ban_is_lifted(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    made = await ada.command("create", kind="channel", title=str(uuid7()), visibility="public", members=[bob.user_id])
    here = made["conversation_id"]
    token = (await ok(ada, "POST", f"conversations/{here}/invitations", json={}))["token"]
    await ada.send(here, "seen")
    assert (await ada.command("remove", conversation_id=here, user_id=bob.user_id, ban=True))["type"] == "sent"
    left = await bob.next("event", where=lambda frame: frame["entry"]["kind"] == "member_left")
    assert left["entry"]["banned"] is True
    await ada.send(here, "unseen")
    async with unchanged(database):
        assert (await bob.command("join", conversation_id=here))["code"] == "forbidden"
        assert said(await bob.command("join", conversation_id=here, invitation=token)) == ("forbidden", "banned")
        assert await refused(bob, "GET", f"invitations/{token}") == ("forbidden", "banned")
        answer = await ada.command("invite", conversation_id=here, user_ids=[bob.user_id])
        assert said(answer) == ("conflict", "banned")
    assert "unseen" not in str(await bob.history(here)), "for him it is public no more"
    assert "seen" in str(await bob.history(here))
    assert here not in [one["conversation_id"] for one in (await ok(bob, "GET", "channels"))["conversations"]]
    (row,) = (await ok(ada, "GET", f"conversations/{here}/bans"))["bans"]
    assert (row["user_id"], row["banned_by"]) == (bob.user_id, ada.user_id)
    await ok(ada, "DELETE", f"conversations/{here}/bans/{bob.user_id}")
    assert await refused(ada, "DELETE", f"conversations/{here}/bans/{bob.user_id}") == ("not_found", None)
    assert (await bob.command("join", conversation_id=here))["type"] == "sent"
    assert (await acts(ada, here))[:2] == [("unban", bob.user_id), ("ban", bob.user_id)]


async def test_a_stranger_is_banned_before_he_comes(server: Server, database: Database) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    made = await ada.command("create", kind="channel", title=str(uuid7()), visibility="public", members=[cyd.user_id])
    here = made["conversation_id"]
    bans = f"conversations/{here}/bans"
    await ok(ada, "PUT", f"{bans}/{bob.user_id}")
    async with unchanged(database):
        await ok(ada, "PUT", f"{bans}/{bob.user_id}")
        assert (await bob.command("join", conversation_id=here))["code"] == "not_found"
        assert (await bob.ask("fetch", conversation_id=here))["code"] == "not_found"
        assert await refused(ada, "PUT", f"{bans}/{cyd.user_id}") == ("conflict", "member")
        assert await refused(ada, "PUT", f"{bans}/{random_id()}") == ("not_found", None)
        assert await refused(cyd, "PUT", f"{bans}/{bob.user_id}") == ("forbidden", None)


async def test_bans_are_walked_by_their_cursor(server: Server) -> None:
    ada, *others = [await server.device("p") for _ in range(4)]
    here = await ada.group()
    for other in others:
        await ok(ada, "PUT", f"conversations/{here}/bans/{other.user_id}")
    first = await ok(ada, "GET", f"conversations/{here}/bans?limit=2")
    rest = await ok(ada, "GET", f"conversations/{here}/bans?limit=2&cursor={first['cursor']}")
    assert "cursor" not in rest
    found = [row["user_id"] for row in first["bans"] + rest["bans"]]
    assert found == sorted(other.user_id for other in others)


async def blocked(database: Database, user: Device, direct: int) -> list[Any]:
    """Return the rows that hold whom somebody blocks, and who may write in his direct conversation."""
    async with database.read() as connection:
        found = await connection.execute(
            "select b::text from blocks b where user_id = %s"
            " union all select m::text from members m where conversation_id = %s",
            [user.user_id, direct],
        )
        return sorted(await found.fetchall())


async def test_who_is_blocked_neither_writes_directly_nor_adds_the_other(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    direct = await bob.direct(ada)
    await bob.send(direct, "before")
    group = await bob.group()
    await ok(ada, "PUT", f"blocks/{bob.user_id}")
    once = await blocked(database, ada, direct)
    await ok(ada, "PUT", f"blocks/{bob.user_id}")
    assert await blocked(database, ada, direct) == once, "once more changes nothing"
    async with unchanged(database):
        assert said(await bob.send(direct, "no")) == ("forbidden", "silenced")
        invite = await bob.command("invite", conversation_id=group, user_ids=[ada.user_id])
        create = await bob.command("create", kind="group", members=[ada.user_id])
        assert [said(answer) for answer in (invite, create)] == [("forbidden", "blocked")] * 2
        assert create["path"] == "$.members[0]"
    assert (await ok(ada, "GET", "blocks"))["users"] == [{"user_id": bob.user_id, "name": bob.name}]
    assert (await ok(bob, "GET", "blocks"))["users"] == [], "he is not told"
    for path in (f"conversations/{direct}", "conversations"):
        assert "silenced_until" not in json.dumps(await ok(bob, "GET", path)), "nor by this"
    assert (await ada.send(direct, "still mine"))["type"] == "sent"
    assert (await bob.history(direct))[-1]["body"] == "still mine"
    await ok(ada, "DELETE", f"blocks/{bob.user_id}")
    assert (await bob.send(direct, "after"))["type"] == "sent"
    assert (await bob.command("invite", conversation_id=group, user_ids=[ada.user_id]))["type"] == "sent"


async def test_who_is_blocked_begins_no_conversation_with_the_other(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    await ok(ada, "PUT", f"blocks/{bob.user_id}")
    async with unchanged(database):
        answer = await bob.command("create", kind="direct", members=[ada.user_id])
        assert said(answer) == ("forbidden", "blocked")
        assert await refused(ada, "PUT", f"blocks/{ada.user_id}") == ("bad_request", "self")
        assert await refused(ada, "PUT", f"blocks/{random_id()}") == ("not_found", None)
    direct = await ada.direct(bob)
    assert said(await bob.send(direct, "no")) == ("forbidden", "silenced"), "also where she begins it"


async def test_an_announcement_channel_is_written_by_admins_and_read_by_all(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await ada.command("set_settings", conversation_id=here, post_role="admin")
    mine = await ada.send(here, "news")
    async with unchanged(database):
        assert said(await bob.send(here, "no")) == ("forbidden", "post_role")
    react = await bob.command("react", conversation_id=here, target_seq=mine["seq"], emoji="\N{THUMBS UP SIGN}")
    assert react["type"] == "sent", "readers react"
    assert (await ok(bob, "GET", f"conversations/{here}"))["post_role"] == "admin"
    await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role="admin")
    assert (await bob.send(here, "mine"))["type"] == "sent"


async def test_slow_mode_makes_members_wait_and_admins_not(server: Server, database: Database) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await ada.command("set_settings", conversation_id=here, slow_mode_s=600)
    assert (await bob.send(here, "one"))["type"] == "sent"
    async with unchanged(database):
        answer = await bob.send(here, "two")
        assert said(answer)[1] == "slow_mode"
        assert 590_000 < answer["retry_after_ms"] <= 600_000
        assert (await ada.command("set_settings", conversation_id=here, slow_mode_s=21_601))["code"] == "bad_request"
    for _ in range(2):
        assert (await ada.send(here, "order"))["type"] == "sent"
    await ada.command("set_settings", conversation_id=here, slow_mode_s=0)
    assert (await bob.send(here, "two"))["type"] == "sent"


async def test_an_archived_conversation_is_read_and_nothing_else_until_it_is_opened_again(
    server: Server, database: Database
) -> None:
    ada, bob, cyd = [await server.device(name) for name in ("ada", "bob", "cyd")]
    made = await ada.command("create", kind="channel", title=str(uuid7()), visibility="public", members=[bob.user_id])
    here = made["conversation_id"]
    token = (await ok(ada, "POST", f"conversations/{here}/invitations", json={}))["token"]
    mine = await ada.send(here, "kept")
    await ada.command("set_settings", conversation_id=here, archived=True)
    async with unchanged(database):
        answers = [
            await ada.send(here, "no"),
            await ada.command("edit", conversation_id=here, target_seq=mine["seq"], body="no"),
            await ada.command("pin", conversation_id=here, target_seq=mine["seq"]),
            await ada.command("invite", conversation_id=here, user_ids=[cyd.user_id]),
            await cyd.command("join", conversation_id=here),
            await cyd.command("join", conversation_id=here, invitation=token),
        ]
        assert [said(answer) for answer in answers] == [("forbidden", "archived")] * len(answers)
        assert await refused(ada, "POST", f"conversations/{here}/invitations", json={}) == ("forbidden", "archived")
    assert (await bob.history(here))[1]["body"] == "kept"
    assert (await ok(bob, "GET", f"conversations/{here}"))["archived"] is True
    assert (await bob.command("leave", conversation_id=here))["type"] == "sent"
    await ada.command("set_settings", conversation_id=here, archived=False)
    assert (await cyd.command("join", conversation_id=here))["type"] == "sent"
    assert (await cyd.send(here, "again"))["type"] == "sent"


async def test_a_report_goes_through_the_queue_of_those_who_moderate(server: Server, database: Database) -> None:
    ada, bob, cyd, eve = [await server.device(name) for name in ("ada", "bob", "cyd", "eve")]
    here = await ada.group(bob, cyd)
    await ada.command("set_role", conversation_id=here, user_id=cyd.user_id, role="admin")
    bad = await bob.send(here, "bad words")
    await ok(bob, "POST", f"conversations/{here}/reports", json={"seq": bad["seq"], "words": "look"})
    await ok(bob, "POST", f"conversations/{here}/reports", json={"seq": bad["seq"], "words": "look again"})
    queue = f"conversations/{here}/reports"
    (report,) = (await ok(ada, "GET", queue))["reports"]
    assert (report["reporter_id"], report["words"], report["entry"]["body"]) == (bob.user_id, "look", "bad words")
    path = f"reports/{report['report_id']}"
    async with unchanged(database):
        assert await refused(bob, "GET", queue) == ("forbidden", None)
        for device in (bob, eve):
            assert await refused(device, "POST", f"{path}/take") == ("not_found", None)
            answer = await refused(device, "POST", f"{path}/resolve", json={"resolution": "nothing"})
            assert answer == ("not_found", None)
        assert await refused(bob, "POST", queue, json={"seq": 99}) == ("not_found", None)
        assert await refused(bob, "POST", queue, json={"seq": 1}) == ("not_found", None), "no message"
        assert await refused(eve, "POST", queue, json={"seq": bad["seq"]}) == ("not_found", None)
    await ok(cyd, "POST", f"{path}/take")
    assert await refused(ada, "POST", f"{path}/take") == ("conflict", "taken")
    assert (await ok(ada, "GET", queue))["reports"][0]["taken_by"] == cyd.user_id
    await ok(ada, "POST", f"{path}/resolve", json={"resolution": "member"})
    assert (await ok(ada, "GET", queue))["reports"] == []
    assert await refused(ada, "POST", f"{path}/resolve", json={"resolution": "nothing"}) == ("conflict", "resolved")
    assert (await acts(ada, here))[:2] == [("resolve_report", None), ("take_report", None)]


@pytest.mark.promise("D11")
async def test_a_report_keeps_nothing_of_a_message_that_was_deleted(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    bad = await bob.send(here, "bad words")
    await ok(ada, "POST", f"conversations/{here}/reports", json={"seq": bad["seq"]})
    await ada.command("delete", conversation_id=here, target_seq=bad["seq"])
    (report,) = (await ok(ada, "GET", f"conversations/{here}/reports"))["reports"]
    assert "bad words" not in str(report)


async def test_an_admin_of_the_server_sees_all_reports_and_each_look_is_written_down(
    server: Server, database: Database
) -> None:
    ada, bob, root = [await server.device(name) for name in ("ada", "bob", "root")]
    here = await bob.direct(ada)
    bad = await bob.send(here, "bad words")
    await ok(ada, "POST", f"conversations/{here}/reports", json={"seq": bad["seq"]})
    async with unchanged(database):
        for path in ("admin/reports", "admin/audit"):
            assert await refused(ada, "GET", path) == ("forbidden", "server_admin")
        assert await refused(ada, "GET", f"conversations/{here}/reports") == ("forbidden", None)
    await make_server_admin(database, root)
    reports = (await ok(root, "GET", "admin/reports?limit=200"))["reports"]
    (report,) = [one for one in reports if one["conversation_id"] == here]
    assert report["entry"]["body"] == "bad words"
    await ok(root, "POST", f"reports/{report['report_id']}/resolve", json={"resolution": "nothing"})
    resolved, look = (await ok(root, "GET", "admin/audit?limit=2"))["acts"]
    assert (resolved["act"], resolved["conversation_id"], resolved["details"]["resolution"]) == (
        "resolve_report", here, "nothing",
    )  # fmt: skip
    assert (look["act"], look["actor_id"]) == ("read_reports", root.user_id)
    assert report["report_id"] in look["details"]["reports"]


async def test_what_admins_do_to_members_and_settings_is_written_down_and_walked_by_cursor(
    server: Server, database: Database
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    his = await bob.send(here, "his")
    await ada.command("delete", conversation_id=here, target_seq=his["seq"])
    await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role="admin")
    await ada.command("set_settings", conversation_id=here, title="New", slow_mode_s=5)
    await ada.command("remove", conversation_id=here, user_id=bob.user_id)
    first = await ok(ada, "GET", f"conversations/{here}/audit?limit=3")
    rest = await ok(ada, "GET", f"conversations/{here}/audit?limit=3&cursor={first['cursor']}")
    rows = first["acts"] + rest["acts"]
    assert [row["act"] for row in rows] == ["remove", "set_settings", "set_role", "delete"]
    assert rows[1]["details"] == {"changed": ["title", "slow_mode_s"]}
    assert rows[2]["details"] == {"role": "admin", "before": "member"}
    assert {row["actor_id"] for row in rows} == {ada.user_id}
    async with unchanged(database):
        assert await refused(bob, "GET", f"conversations/{here}/audit") == ("forbidden", None)
