"""Exports over HTTP: one's own as an archive behind a link, and a conversation as its member reads it."""

import asyncio
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rows import unchanged
from seriatim.client import Client
from seriatim.core.errors import NotFound
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.features.export import read
from seriatim.features.export.archive import make, pack, store
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.limits import Rate
from seriatim.storage.postgres.database import Database
from world import PASSWORD, UNLIMITED, WITHIN_S, Device, Server, serving


async def ended(device: Device) -> dict[str, Any]:
    """Return the export once it is made, or has failed."""
    async with asyncio.timeout(WITHIN_S):
        while (told := (await device.http("GET", "/v1/me/export")).json())["state"] in ("waiting", "running"):
            await asyncio.sleep(0.05)
    return told


async def change(database: Database, device: Device, assignments: str) -> None:
    async with database.transaction() as connection:
        statement = f"update exports set {assignments} where user_id = %s"
        await connection.execute(statement, [device.user_id])  # pyright: ignore[reportArgumentType]


async def exported(device: Device, here: int, **params: str) -> Any:
    return await device.http("GET", f"/v1/conversations/{here}/export", params=params)


async def test_what_is_ones_own_comes_as_an_archive_behind_a_link_that_needs_no_session(
    server: Server, database: Database
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here, elsewhere = await ada.group(bob), await ada.group()
    for number in range(205):
        await ada.send(here, f"message {number}")
    await ada.send(elsewhere, "for ada alone")
    assert (await bob.http("GET", "/v1/me/export")).json() == {"state": "none"}
    asked = await bob.http("POST", "/v1/me/export")
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    told = await ended(bob)
    assert told["state"] == "done"
    got = await server.http.get(told["path"])
    assert (got.status_code, len(got.content)) == (200, told["bytes"])
    assert {name: got.headers[name] for name in ("content-type", "cache-control", "x-content-type-options")} == {
        "content-type": "application/zip",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    assert got.headers["content-disposition"].startswith("attachment;")
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert archive.testzip() is None
        lines = [json.loads(line) for line in archive.read("export.jsonl").splitlines()]
        page = archive.read("export.html").decode()
    assert lines[0]["name"] == bob.name
    said = [line["body"] for line in lines if line.get("kind") == "message_sent"]
    assert said == [f"message {number}" for number in range(205)]
    assert ("message 204" in page, "ada alone" in page) == (True, False)
    assert page.endswith("</html>\n")
    async with unchanged(database):
        again = await bob.http("POST", "/v1/me/export")
    assert (again.status_code, again.json()["reason"]) == (429, "export_daily")
    assert 23 * 3_600_000 < again.json()["retry_after_ms"] <= 24 * 3_600_000
    assert (await ada.http("GET", "/v1/me/export")).json() == {"state": "none"}, "it is Bob's"


async def test_a_link_is_good_for_15_minutes_and_cannot_be_made_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    await ada.http("POST", "/v1/me/export")
    path = (await ended(ada))["path"]
    user_id, until, proof = path.removeprefix("/v1/exports/").split(".")
    for false in (
        f"{bob.user_id}.{until}.{proof}",
        f"{user_id}.{int(until) + 60}.{proof}",
        f"{user_id}.{until}.{'0' * 64}",
        "none",
        "1.2.\u00e9",
    ):
        refused = await server.http.get(f"/v1/exports/{false}")
        assert (refused.status_code, refused.json()["path"]) == (404, "$.token"), false
    clock, now = server.parts.exports.clock, server.parts.exports.clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=15))
    assert (await server.http.get(path)).json()["code"] == "gone"
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=14, seconds=58))
    assert (await server.http.get(path)).status_code == 200


async def test_one_is_made_at_a_time_and_a_lost_one_says_so_and_may_be_asked_for_again(
    server: Server, database: Database
) -> None:
    ada = await server.device("ada")
    await ada.http("POST", "/v1/me/export")
    await ended(ada)
    await change(database, ada, "state = 'running', alive_at = now()")
    async with unchanged(database):
        refused = await ada.http("POST", "/v1/me/export")
    assert (refused.status_code, refused.json()["reason"]) == (409, "export_running")
    await change(database, ada, "alive_at = now() - interval '61 seconds'")  # its process was killed
    told = await ended(ada)
    assert (told["state"], told["reason"], "path" in told) == ("failed", "interrupted", False)
    assert (await ada.http("POST", "/v1/me/export")).status_code == 202
    assert (await ended(ada))["state"] == "done"


async def test_a_run_that_was_given_up_writes_nothing_any_more(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await server.device("ada")
    finish = pack.Archive.finish
    waits, goes_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(archive: pack.Archive) -> int:
        loop.call_soon_threadsafe(waits.set)
        asyncio.run_coroutine_threadsafe(goes_on.wait(), loop).result(WITHIN_S)
        return finish(archive)

    monkeypatch.setattr(pack.Archive, "finish", slow)
    await ada.http("POST", "/v1/me/export")
    await asyncio.wait_for(waits.wait(), WITHIN_S)
    await change(database, ada, "state = 'failed', reason = 'interrupted'")
    goes_on.set()
    await asyncio.sleep(0.3)
    assert (await ended(ada))["reason"] == "interrupted"
    async with database.read() as connection:
        kept = await connection.execute("select from export_pieces where user_id = %s", [ada.user_id])
        assert kept.rowcount == 0


@pytest.mark.parametrize(
    ("module", "bound"), [(make, "EXPORT_LINES"), (pack, "EXPORT_BYTES"), (pack, "UNPACKED_BYTES")]
)
async def test_what_is_too_much_says_to_ask_an_operator(
    server: Server, monkeypatch: pytest.MonkeyPatch, module: Any, bound: str
) -> None:
    ada = await server.device("ada")
    monkeypatch.setattr(module, bound, 1)
    await ada.http("POST", "/v1/me/export")
    told = await ended(ada)
    assert (told["state"], told["reason"]) == ("failed", "ask_operator")
    assert (await ada.http("POST", "/v1/me/export")).json()["reason"] == "export_daily"


async def test_so_many_are_kept_at_once_and_no_more(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await server.device("ada")
    monkeypatch.setattr(store, "MOST", 0)
    async with unchanged(database):
        refused = (await ada.http("POST", "/v1/me/export")).json()
    assert (refused["code"], refused["reason"]) == ("rate_limited", "exports_kept")


async def test_an_archive_is_kept_for_a_day(server: Server, database: Database) -> None:
    ada = await server.device("ada")
    await ada.http("POST", "/v1/me/export")
    path = (await ended(ada))["path"]
    await change(database, ada, "asked_at = now() - interval '25 hours'")
    async with asyncio.timeout(WITHIN_S):
        while (await ada.http("GET", "/v1/me/export")).json() != {"state": "none"}:
            await asyncio.sleep(0.05)
    assert (await server.http.get(path)).json()["code"] == "gone"
    assert (await ada.http("POST", "/v1/me/export")).status_code == 202


@pytest.mark.promise("I1")
async def test_a_conversation_is_exported_as_its_reader_reads_it(server: Server) -> None:
    ada, bob, eve = await server.device("ada"), await server.device("bob"), await server.device("eve")
    here = await ada.group(bob)
    await ada.send(here, "for both <b>")
    await bob.command("leave", conversation_id=here)
    await ada.send(here, "after bob left")
    got = await exported(bob, here)
    head, *entries = [json.loads(line) for line in got.text.splitlines()]
    assert (head["type"], head["conversation_id"]) == ("conversation", here)
    assert [one["body"] for one in entries if one["kind"] == "message_sent"] == ["for both <b>"]
    assert got.headers["content-disposition"] == f'attachment; filename="conversation-{here}.jsonl"'
    page = await exported(ada, here, format="html")
    assert ("for both &lt;b&gt;" in page.text, "after bob left" in page.text) == (True, True)
    assert page.headers["content-type"] == "application/octet-stream"
    assert (page.headers["cache-control"], page.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert (await exported(eve, here)).json()["code"] == "not_found"
    assert (await exported(ada, here, format="pdf")).json()["path"] == "$.format"


@pytest.mark.promise("I1")
async def test_who_loses_the_right_meanwhile_gets_no_further_page(server: Server) -> None:
    ada, eve = await server.device("ada"), await server.device("eve")
    made = await ada.command("create", kind="channel", title=str(uuid7()), visibility="public")
    here = made["conversation_id"]
    for number in range(205):
        await ada.send(here, str(number))
    lines = read.readable(server.parts.database.read, UserId(eve.user_id), ConversationId(here))
    for _ in range(1 + read.PAGE):  # the head and a page
        await anext(lines)
    assert (await ada.http("PUT", f"/v1/conversations/{here}/bans/{eve.user_id}")).is_success
    with pytest.raises(NotFound):
        await anext(lines)


async def test_pages_wait_for_their_rate_and_exports_have_one(postgres_dsn: str, data_folder: Path) -> None:
    rates = msgspec.structs.replace(UNLIMITED, fetch=Rate(5, 1), export=Rate(0.001, 1))
    async with serving(postgres_dsn, data_folder, rates=rates) as server:
        ada = await server.device("ada")
        here = await ada.group()
        for number in range(405):
            await ada.send(here, str(number))
        began = asyncio.get_running_loop().time()
        assert len((await exported(ada, here)).text.splitlines()) == 407
        assert asyncio.get_running_loop().time() - began > 0.5, "a head and three pages at five a second"
        refused = await exported(ada, here)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")


async def test_the_sdk_takes_both_along(server: Server) -> None:
    async with await Client.sign_up(server.url, f"ada-{uuid7()}", PASSWORD) as ada:
        made = await ada.create(ConversationKind.GROUP, title="A group")
        await ada.send(made.conversation_id, "words")
        lines = io.BytesIO()
        await ada.http.export_conversation(made.conversation_id, lines)
        assert b'"words"' in lines.getvalue()
        await ada.http.ask_export()
        async with asyncio.timeout(WITHIN_S):
            while (told := await ada.http.export()).path is None:
                await asyncio.sleep(0.05)
        archive = io.BytesIO()
        await ada.http.download(told.path, archive)
        assert archive.tell() == told.bytes
        with pytest.raises(NotFound):
            await ada.http.download("/v1/exports/none", io.BytesIO())
