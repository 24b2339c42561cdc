"""Mail by a real SMTP server: addresses, forgotten passwords, invitations, digests, and what waits while it is away."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scenarios.mail_world import SENDER, Postbox, html_of, postbox, secret_of, text_of
from seriatim.core.ids import uuid7
from seriatim.features.mail.send import Mails
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.limits import RATES
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.statements import counted
from world import PASSWORD, UNLIMITED, Device, Server, serving

PUBLIC = "https://chat.example.org"
NEW = "another giraffe battery"
DEVICE = {"name": "test", "kind": "test"}


@pytest.fixture
async def box() -> AsyncIterator[Postbox]:
    async with postbox() as box:
        yield box


@pytest.fixture
async def mailing(
    postgres_dsn: str, data_folder: Any, box: Postbox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    monkeypatch.setattr("seriatim.features.mail.send.IDLE_S", 0.05)
    async with database.transaction() as connection:
        await connection.execute("delete from mails")
    async with serving(postgres_dsn, data_folder, **settings(box)) as server:
        yield server


def settings(box: Postbox) -> dict[str, Any]:
    return {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": SENDER, "public_url": PUBLIC}


def mails(server: Server) -> Mails:
    assert server.parts.mail.mails is not None
    return server.parts.mail.mails


async def with_address(server: Server, box: Postbox, name: str = "ada") -> tuple[Device, str]:
    """Sign somebody up who confirms an address."""
    device = await server.device(name)
    address = f"{uuid7()}@Example.org"
    assert (await device.http("POST", "/v1/me/mail", json={"address": address})).status_code == 202
    secret = secret_of(await box.next())
    assert (await server.http.post("/v1/mail/confirm", json={"secret": secret})).status_code == 204
    return device, address


async def ask(server: Server, who: str) -> int:
    return (await server.http.post("/v1/auth/ask-reset", json={"who": who})).status_code


async def reset(server: Server, secret: str, password: str = NEW) -> Any:
    return await server.http.post("/v1/auth/reset-password", json={"secret": secret, "password": password})


async def log_in(server: Server, name: str, password: str) -> int:
    body = {"name": name, "password": password, "device": DEVICE}
    return (await server.http.post("/v1/auth/log-in", json=body)).status_code


async def rows(database: Database, question: Any) -> Any:
    async with database.read() as connection:
        return await (await connection.execute(question)).fetchall()


async def test_an_address_is_somebodys_once_he_has_followed_the_link(mailing: Server, box: Postbox) -> None:
    ada, bob = await mailing.device("ada"), await mailing.device("bob")
    address = f"{uuid7()}@example.org"
    await ada.http("POST", "/v1/me/mail", json={"address": address})
    mail = await box.next()
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == (address, SENDER, "auto-generated")
    assert f"{PUBLIC}/confirm#{secret_of(mail)}" in text_of(mail)
    assert f'href="{PUBLIC}/confirm#{secret_of(mail)}"' in html_of(mail)
    assert (await ada.http("GET", "/v1/me/mail")).json() == {"sends": True}, "not his before"
    for status in (204, 410):
        answer = await mailing.http.post("/v1/mail/confirm", json={"secret": secret_of(mail)})
        assert answer.status_code == status
    assert (await ada.http("GET", "/v1/me/mail")).json() == {"sends": True, "address": address}

    await bob.http("POST", "/v1/me/mail", json={"address": address.upper()})
    taken = await mailing.http.post("/v1/mail/confirm", json={"secret": secret_of(await box.next())})
    assert (taken.status_code, taken.json()["reason"]) == (409, "address_taken")

    other = f"{uuid7()}@example.org"
    await ada.http("POST", "/v1/me/mail", json={"address": other})
    await mailing.http.post("/v1/mail/confirm", json={"secret": secret_of(await box.next())})
    told = await box.next()
    assert (told["To"], "has changed" in told["Subject"]) == (address, True), "whoever lost it hears of it"
    await ada.http("DELETE", "/v1/me/mail")
    assert (await ada.http("GET", "/v1/me/mail")).json() == {"sends": True}


@pytest.mark.parametrize(
    "address",
    ["ada", "a@b@c", "ada@-x.org", "a b@x.org", "ada@x.org\nBcc: eve@x.org", "a@x.org\n", "=?utf-8?q?=0a?=@x.org"],
)
async def test_what_is_no_address_is_refused(mailing: Server, address: str) -> None:
    ada = await mailing.device("ada")
    answer = await ada.http("POST", "/v1/me/mail", json={"address": address})
    assert (answer.status_code, answer.json()["path"], answer.json()["reason"]) == (400, "$.address", "address")


@pytest.mark.promise("I1")
async def test_a_mailed_link_sets_a_password_once_and_ends_every_session(mailing: Server, box: Postbox) -> None:
    ada, address = await with_address(mailing, box)
    assert [await ask(mailing, ada.name), await ask(mailing, address.lower())] == [204, 204]
    mail, second = await box.next(), await box.next()
    assert mail["To"] == second["To"] == address
    secret = secret_of(mail)
    weak = await reset(mailing, secret, "password123")
    assert (weak.status_code, weak.json()["path"]) == (400, "$.password")
    assert (await reset(mailing, secret)).status_code == 204
    assert await ada.closed() == CloseCode.DEVICE_REVOKED
    for used in (secret, secret_of(second)):
        answer = await reset(mailing, used)
        assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (410, "gone", "link")
    refresh = {"device_id": ada.device_id, "refresh_token": ada.credentials["refresh_token"]}
    assert (await mailing.http.post("/v1/auth/refresh", json=refresh)).status_code == 401
    assert [await log_in(mailing, ada.name, PASSWORD), await log_in(mailing, ada.name, NEW)] == [401, 200]


async def test_no_secret_of_a_link_is_in_the_database(mailing: Server, box: Postbox, database: Database) -> None:
    ada, _ = await with_address(mailing, box)
    await ask(mailing, ada.name)
    secret = secret_of(await box.next())
    assert len(secret) == 43, "32 bytes"
    kept = await rows(database, "select t::text from one_time_links t union all select t::text from mails t")
    assert kept
    assert secret not in str(kept)


async def test_a_link_is_good_for_a_quarter_of_an_hour(
    mailing: Server, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = await with_address(mailing, box)
    await ask(mailing, ada.name)
    secret = secret_of(await box.next())
    clock = mailing.parts.accounts.clock
    now = clock.now
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: now() + timedelta(minutes=15, seconds=1))
        assert (await reset(mailing, secret)).status_code == 410
    assert (await reset(mailing, secret)).status_code == 204


async def test_a_log_in_with_the_old_password_that_a_reset_overtakes_fails(
    mailing: Server, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = await with_address(mailing, box)
    await ask(mailing, ada.name)
    secret = secret_of(await box.next())
    passwords = mailing.parts.accounts.passwords
    verify = passwords.verify

    async def slow(password_hash: str | None, password: str) -> bool:
        good = await verify(password_hash, password)
        assert (await reset(mailing, secret)).status_code == 204
        return good

    monkeypatch.setattr(passwords, "verify", slow)
    assert await log_in(mailing, ada.name, PASSWORD) == 401


async def test_names_that_nobody_has_are_answered_with_the_same_work(mailing: Server, box: Postbox) -> None:
    ada, address = await with_address(mailing, box)
    without = await mailing.device("bob")
    loop = mails(mailing)
    work: list[Any] = []
    with pytest.MonkeyPatch.context() as still:
        still.setattr(loop, "step", _nothing)  # what is sent later is another's time
        for who in (ada.name, address, without.name, f"nobody {uuid7()}", f"{uuid7()}@example.org"):
            with counted() as count:
                assert await ask(mailing, who) == 204
            work.append({name: times for name, times in count.items() if "mail" in name or "link" in name})
    assert work == [{"-- queue mail": 1}] * 5
    assert {(await box.next())["To"], (await box.next())["To"]} == {address}
    assert box.mails.empty()


async def _nothing() -> int:
    return 0


async def test_links_are_asked_for_at_a_rate_per_name_and_per_network(
    postgres_dsn: str, data_folder: Any, box: Postbox
) -> None:
    rates = msgspec.structs.replace(UNLIMITED, reset_account=RATES.reset_account)
    async with serving(postgres_dsn, data_folder, rates=rates, **settings(box)) as server:
        who = f"nobody {uuid7()}"
        assert [await ask(server, who) for _ in range(4)] == [204, 204, 204, 429]
        assert await ask(server, who.upper()) == 429
        assert await ask(server, f"somebody {uuid7()}") == 204


async def test_without_mail_an_admin_makes_the_link(server: Server, database: Database) -> None:
    ada, root = await server.device("ada"), await server.device("root")
    refused = await server.http.post("/v1/auth/ask-reset", json={"who": ada.name})
    assert (refused.status_code, refused.json()["reason"]) == (409, "no_mail")
    path = f"/v1/admin/users/{ada.user_id}/reset-link"
    async with database.transaction() as connection:
        await connection.execute("update users set server_admin = false where id = %s", [ada.user_id])
        await connection.execute("update users set server_admin = true where id = %s", [root.user_id])
    assert (await ada.http("POST", path)).status_code == 403
    made = (await root.http("POST", path)).json()
    address, _, secret = made["url"].partition("#")
    assert (made["name"], address) == (ada.name, f"{server.url}/reset")
    assert (await reset(server, secret)).status_code == 204
    assert await log_in(server, ada.name, NEW) == 200
    audit = (await root.http("GET", "/v1/admin/audit")).json()["acts"]
    assert (audit[0]["act"], audit[0]["user_id"]) == ("make_reset_link", ada.user_id)


async def test_whoever_runs_the_server_makes_the_link(server: Server, postgres_dsn: str) -> None:
    ada = await server.device("ada")

    async def run(name: str) -> tuple[str, int | None]:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("seriatim"), "user", "reset-link", name,
            env={"SERIATIM_DATABASE_URL": postgres_dsn, "SERIATIM_PUBLIC_URL": PUBLIC},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        said, _ = await process.communicate()
        return said.decode(), process.returncode

    address, _, secret = (await run(ada.name.upper()))[0].strip().partition("#")
    assert address == f"{PUBLIC}/reset"
    assert (await reset(server, secret)).status_code == 204
    assert await run(f"nobody {uuid7()}") == ("", 1)


async def test_an_invitation_is_mailed_and_makes_an_account(
    postgres_dsn: str, data_folder: Any, box: Postbox, database: Database
) -> None:
    async with serving(postgres_dsn, data_folder, **settings(box)) as server:
        root = await server.device("root")
        async with database.transaction() as connection:
            await connection.execute("update users set server_admin = true where id = %s", [root.user_id])
        body = {"address": "grace@example.org", "guest": True}
        assert (await root.http("POST", "/v1/admin/invitations/mail", json=body)).status_code == 202
        mail = await box.next()
        assert f"{PUBLIC}/#invitation={secret_of(mail)}" in text_of(mail)
        sign_up = {"name": f"grace {uuid7()}", "password": PASSWORD, "device": DEVICE, "invitation": secret_of(mail)}
        credentials = (await server.http.post("/v1/auth/sign-up", json=sign_up)).json()
        bearer = {"Authorization": f"Bearer {credentials['access_token']}"}
        assert (await server.http.get("/v1/me", headers=bearer)).json()["guest"]


async def test_a_digest_comes_once_a_day_with_names_and_counts_only(
    mailing: Server, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = await with_address(mailing, box)
    bob = await mailing.device("bob")
    group = await bob.group(ada, title="<b>A & B</b>")
    direct = await bob.direct(ada)
    await bob.send(group, "the first words", mentions=[ada.user_id])
    await bob.send(group, "the second words")
    await bob.send(direct, "whispered words")
    assert await mails(mailing).queue_digests() == 0, "nobody gets one unasked"
    assert (await ada.http("PATCH", "/v1/me/mail", json={"digest": True})).json()["digest"]
    assert await mails(mailing).queue_digests() == 1
    mail = await box.next()
    text, html = text_of(mail), html_of(mail)
    assert mail["Subject"] == "3 missed messages on Seriatim"
    assert "<b>A & B</b>: 2, 1 of them to you" in text
    assert f"{bob.name}: 1" in text
    assert "words" not in text + html
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;: 2" in html
    assert "<b>" not in html

    await bob.send(direct, "more")
    assert await mails(mailing).queue_digests() == 0, "one a day"
    clock = mailing.parts.accounts.clock
    now = clock.now
    with monkeypatch.context() as tomorrow:
        tomorrow.setattr(clock, "now", lambda: now() + timedelta(days=1, minutes=1))
        assert await mails(mailing).queue_digests() == 1
    assert "4 missed" in (await box.next())["Subject"]

    click = re.fullmatch(rf"<{PUBLIC}(/v1/mail/unsubscribe/[^>]+)>", mail["List-Unsubscribe"])
    assert click is not None
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    form = {"List-Unsubscribe": "One-Click"}
    assert (await mailing.http.post(click[1][:-1] + "x", data=form)).status_code == 204
    assert (await ada.http("GET", "/v1/me/mail")).json()["digest"], "a false link does nothing"
    assert (await mailing.http.post(click[1], data=form)).status_code == 204
    assert "digest" not in (await ada.http("GET", "/v1/me/mail")).json()


async def test_who_is_here_or_has_muted_gets_no_digest(mailing: Server, box: Postbox, database: Database) -> None:
    ada, _ = await with_address(mailing, box)
    bob = await mailing.device("bob")
    direct = await bob.direct(ada)
    await bob.send(direct, "words")
    await ada.http("PATCH", "/v1/me/mail", json={"digest": True})
    async with database.transaction() as connection:
        await connection.execute("delete from presence where user_id = %s", [ada.user_id])
        await connection.execute("insert into presence (user_id, last_seen_at) values (%s, now())", [ada.user_id])
    assert await mails(mailing).queue_digests() == 0
    async with database.transaction() as connection:
        await connection.execute("delete from presence where user_id = %s", [ada.user_id])
        await connection.execute("update members set level = 'nothing' where user_id = %s", [ada.user_id])
    assert await mails(mailing).queue_digests() == 0


async def put_off(mailing: Server, box: Postbox, database: Database) -> Device:
    """Return somebody whose mail the mail server would not take just now."""
    ada = await mailing.device("ada")
    box.answers = ["451 later"]
    await ada.http("POST", "/v1/me/mail", json={"address": "ada@example.org"})
    await until(database, "select 1 from mails where failure_count = 1 and due_at > now() + interval '30 s'")
    return ada


async def test_mail_waits_while_the_server_is_away_and_is_dropped_when_it_never_will_go(
    mailing: Server, box: Postbox, database: Database
) -> None:
    ada = await put_off(mailing, box, database)
    async with database.transaction() as connection:
        await connection.execute("update mails set due_at = now()")
    assert (await box.next())["To"] == "ada@example.org"
    await until(database, "select 1 where not exists (select from mails)")
    box.answers = ["550 nobody"]
    tried = box.tried
    await ada.http("POST", "/v1/me/mail", json={"address": "nobody@example.org"})
    await until(database, "select 1 where not exists (select from mails)")
    assert box.tried == tried + 1
    assert box.mails.empty()


async def test_a_mail_that_no_header_can_hold_is_dropped_and_holds_up_no_other(
    mailing: Server, box: Postbox, database: Database
) -> None:
    ada = await put_off(mailing, box, database)
    async with database.transaction() as connection:
        await connection.execute("update mails set asked = '=?utf-8?q?=0a?=@x.org', due_at = now()")
    await until(database, "select 1 where not exists (select from mails)")
    await ada.http("POST", "/v1/me/mail", json={"address": "ada@example.org"})
    assert (await box.next())["To"] == "ada@example.org"


async def test_more_mail_than_may_wait_is_refused(
    mailing: Server, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setattr("seriatim.features.mail.store.WAITING", 2)
    monkeypatch.setattr(mails(mailing), "step", _nothing)
    assert [await ask(mailing, "somebody") for _ in range(3)] == [204, 204, 503]
    async with database.transaction() as connection:
        await connection.execute("delete from mails")


async def until(database: Database, question: Any) -> None:
    async with asyncio.timeout(10):
        while not await rows(database, question):
            await asyncio.sleep(0.02)
