"""Accounts over HTTP on a real database: sign-up, log-in, refresh, log-out, people, invitations."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
import psycopg
import pytest
from argon2 import PasswordHasher

import seriatim
from scenarios.front_door import BROWSER, HOST, ORIGIN, PASSWORD, PASSWORDS, FrontDoor, fresh_name, refused
from seriatim.core.clock import SystemClock
from seriatim.core.ids import DeviceId, UserId
from seriatim.features.accounts import store
from seriatim.features.accounts.accounts import AccountSettings
from seriatim.features.accounts.keys import WrongSecret, server_keys
from seriatim.features.accounts.rules import SignUpPolicy
from seriatim.features.accounts.tokens import Tokens
from seriatim.gateway.http.app import HttpSettings
from seriatim.protocol.limits import RATES, Rates
from seriatim.storage.postgres.database import Connection, Database
from seriatim.storage.postgres.migrate import migrate


@pytest.fixture
def door(database: Database) -> FrontDoor:
    return FrontDoor(database)


@pytest.fixture
async def empty(postgres_dsn: str):
    """Return pools on a database of its own: who is first is decided once per server."""
    name = f"empty_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    dsn = psycopg.conninfo.make_conninfo(postgres_dsn, dbname=name)
    migrate(dsn)
    database = Database(dsn, writing=2, reading=2)
    await database.open()
    yield database
    await database.close()


# Sign-up


async def test_a_new_account_is_signed_in_and_found(door: FrontDoor) -> None:
    name = fresh_name()
    ada = await door.sign_up(name)
    assert ada["name"] == name
    me = await door.call("GET", "/v1/me", token=ada["access_token"])
    assert me.json() == {
        "user_id": ada["user_id"],
        "name": name,
        "device_id": ada["device_id"],
        "server_admin": me.json()["server_admin"],
    }
    expires_at = datetime.fromisoformat(ada["expires_at"])
    assert timedelta(seconds=598) < expires_at - door.clock.now() <= timedelta(seconds=600)


async def test_a_name_is_taken_once_whatever_its_case_or_composition(door: FrontDoor) -> None:
    tag = secrets.token_hex(8)
    await door.sign_up(f"\u00c5sa {tag}")
    body = {"name": f"a\u030aSA {tag.upper()}", "password": PASSWORD, "device": {"name": "laptop"}}
    answer = await door.call("POST", "/v1/auth/sign-up", json=body)
    assert refused(answer) == (409, "conflict", "$.name", "name_taken")


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"password": "short"}, "$.password", None),
        ({"password": "password123"}, "$.password", "common"),
        ({"password": 1234567890}, "$.password", None),
        ({"name": ""}, "$.name", None),
        ({"name": "a\u200bb"}, "$.name", "characters"),
        ({"name": "a\u0000b"}, "$.name", None),
        ({"name": "x" * 65}, "$.name", None),
        ({"name": None}, "$.name", None),
        ({"device": {}}, "$.device.name", None),
        ({"device": {"name": "a\u202eb"}}, "$.device.name", "characters"),
        ({"device": {"name": "a", "kind": "k" * 33}}, "$.device.kind", None),
        ({"device": "laptop"}, "$.device", None),
    ],
)
async def test_bad_input_is_named_by_its_field_and_makes_no_account(
    door: FrontDoor, change: dict[str, object], path: str, reason: str | None
) -> None:
    name = fresh_name()
    body = {"name": name, "password": PASSWORD, "device": {"name": "laptop"}} | change
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=body)) == (400, "bad_request", path, reason)
    await door.sign_up(name)  # nobody has it


async def test_of_many_who_ask_for_one_name_at_once_one_gets_it(door: FrontDoor) -> None:
    body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "laptop"}}
    answers: list[int] = []

    async def ask() -> None:
        answers.append((await door.call("POST", "/v1/auth/sign-up", json=body)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
    assert sorted(answers) == [201, 409, 409, 409, 409]


async def test_the_first_account_is_admin_and_no_other_one(empty: Database) -> None:
    door = FrontDoor(empty)
    admins = []
    for _ in range(3):
        ada = await door.sign_up()
        admins.append((await door.call("GET", "/v1/me", token=ada["access_token"])).json()["server_admin"])
    assert admins == [True, False, False]


async def test_of_two_first_accounts_at_once_one_waits_for_the_other(empty: Database) -> None:
    seen: list[bool] = []

    async def second() -> None:
        async with empty.transaction() as connection:
            seen.append(await store.anybody(connection))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks, empty.transaction() as first:
            assert not await store.anybody(first)
            tasks.start_soon(second)
            while not seen and not await waits_for_a_lock(first):
                await anyio.lowlevel.checkpoint()
            user = store.NewUser(UserId(1), "ada", "ada", "-", server_admin=True, now=datetime.now(UTC))
            await store.add_user(first, user)
    assert seen == [True]


async def waits_for_a_lock(connection: Connection) -> bool:
    question = """
        select exists (select from pg_locks join pg_database on database = pg_database.oid
        where not granted and locktype = 'advisory' and datname = current_database())"""
    row = await (await connection.execute(question)).fetchone()
    return bool(row and row[0])


async def test_where_sign_up_is_closed_nobody_signs_up(empty: Database) -> None:
    door = FrontDoor(empty, AccountSettings(sign_up=SignUpPolicy.CLOSED))
    body = {"name": "ada", "password": PASSWORD, "device": {"name": "laptop"}}
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=body)) == (403, "forbidden", None, "closed")


async def test_an_invitation_by_the_admin_lets_one_person_in_once(empty: Database) -> None:
    door = FrontDoor(empty, AccountSettings(sign_up=SignUpPolicy.INVITATION, rates=FrontDoor(empty).settings.rates))
    admin = await door.sign_up("admin")
    body = {"name": "bob", "password": PASSWORD, "device": {"name": "laptop"}}
    needed = (403, "forbidden", "$.invitation", "invitation")
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=body)) == needed
    wrong = body | {"invitation": "x" * 22}
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=wrong)) == needed

    made = await door.call("POST", "/v1/admin/invitations", token=admin["access_token"])
    secret = {"invitation": made.json()["invitation"]}
    taken = body | {"name": "Admin"} | secret
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=taken))[3] == "name_taken"  # it is not used up
    bob = await door.sign_up("bob", **secret)
    used = body | {"name": "eve"} | secret
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=used))[:2] == (410, "gone")
    answer = await door.call("POST", "/v1/admin/invitations", token=bob["access_token"])
    assert refused(answer)[:2] == (403, "forbidden")


async def test_an_invitation_expires(empty: Database) -> None:
    door = FrontDoor(empty, AccountSettings(sign_up=SignUpPolicy.INVITATION))
    admin = await door.sign_up("admin")
    made = (await door.call("POST", "/v1/admin/invitations", token=admin["access_token"])).json()
    door.clock.advance(7 * 24 * 3600 + 1)
    body = {"name": "bob", "password": PASSWORD, "device": {"name": "x"}, "invitation": made["invitation"]}
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=body))[:2] == (410, "gone")


# Log-in


async def test_a_second_device_signs_in_with_any_spelling_of_the_name(door: FrontDoor) -> None:
    ada = await door.sign_up()
    phone = await door.log_in(ada["name"].upper())
    assert (phone["user_id"], phone["name"]) == (ada["user_id"], ada["name"])
    assert phone["device_id"] != ada["device_id"]
    assert door.changed == [ada["user_id"]]


async def test_a_wrong_password_and_a_name_nobody_has_get_the_same_answer_after_the_same_work(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await door.sign_up()
    hashes: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, password_hash: str, password: str) -> bool:
        hashes.append(password_hash.rpartition("$")[0].rpartition("$")[0])
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    answers = []
    for name in (ada["name"], fresh_name()):
        body = {"name": name, "password": "wrong giraffe battery", "device": {"name": "x"}}
        answers.append(await door.call("POST", "/v1/auth/log-in", json=body))
    assert refused(answers[0]) == (401, "unauthenticated", None, "password")
    assert answers[0].content == answers[1].content
    assert hashes == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


async def test_the_twenty_first_device_is_refused_until_one_is_signed_out_or_forgotten(door: FrontDoor) -> None:
    ada = await door.sign_up()
    for _ in range(19):
        last = await door.log_in(ada["name"])
    body = {"name": ada["name"], "password": PASSWORD, "device": {"name": "one more"}}
    assert refused(await door.call("POST", "/v1/auth/log-in", json=body)) == (409, "conflict", None, "devices")
    await door.call("POST", "/v1/auth/log-out", token=last["access_token"])
    await door.log_in(ada["name"])
    assert refused(await door.call("POST", "/v1/auth/log-in", json=body))[1] == "conflict"
    door.clock.advance(61 * 24 * 3600)
    await door.log_in(ada["name"])


# Rates


async def test_guesses_at_one_account_are_slowed_from_wherever_they_come(database: Database) -> None:
    door = FrontDoor(database, AccountSettings(rates=RATES))
    body = {"name": fresh_name(), "password": "wrong giraffe battery", "device": {"name": "x"}}
    for number in range(5):
        answer = await door.call("POST", "/v1/auth/log-in", json=body, address=f"192.0.2.{number}")
        assert answer.status_code == 401
    answer = await door.call("POST", "/v1/auth/log-in", json=body, address="192.0.2.99")
    assert refused(answer)[:2] == (429, "rate_limited")
    assert answer.json()["retry_after_ms"] == 12_000
    assert answer.headers["retry-after"] == "12"
    door.clock.advance(13)
    assert (await door.call("POST", "/v1/auth/log-in", json=body)).status_code == 401


async def test_one_network_is_slowed_whatever_names_it_tries(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = FrontDoor(database, AccountSettings(rates=RATES))
    monkeypatch.setattr(PASSWORDS, "matches", lambda *_: False)  # its work is tested elsewhere
    statuses = []
    for number in range(21):
        body = {"name": fresh_name(), "password": "wrong giraffe battery", "device": {"name": "x"}}
        answer = await door.call("POST", "/v1/auth/log-in", json=body, address=f"2001:db8:1:2::{number:x}")
        statuses.append(answer.status_code)
    assert statuses == [401] * 20 + [429]


async def test_one_network_makes_five_accounts_an_hour_and_mistakes_do_not_count(database: Database) -> None:
    door = FrontDoor(database, AccountSettings(rates=RATES))
    weak = {"name": fresh_name(), "password": "password123", "device": {"name": "x"}}
    for _ in range(8):
        assert (await door.call("POST", "/v1/auth/sign-up", json=weak)).status_code == 400
    for _ in range(5):
        await door.sign_up()
    body = weak | {"password": PASSWORD}
    assert refused(await door.call("POST", "/v1/auth/sign-up", json=body))[1] == "rate_limited"
    assert (await door.call("POST", "/v1/auth/sign-up", json=body, address="198.51.100.1")).status_code == 201


async def test_refreshes_are_slowed_per_device(database: Database) -> None:
    door = FrontDoor(database, AccountSettings(rates=RATES))
    ada = await door.sign_up()
    statuses = [(await door.refresh(ada["device_id"], ada["refresh_token"])).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


async def test_searches_are_slowed_per_user(database: Database) -> None:
    door = FrontDoor(database, AccountSettings(rates=Rates()))
    ada = await door.sign_up()
    statuses = [(await door.call("GET", "/v1/users?name=a", token=ada["access_token"])).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


async def test_a_spoofed_forwarding_header_does_not_change_the_bucket(database: Database) -> None:
    door = FrontDoor(database, AccountSettings(rates=RATES))
    for number in range(6):
        body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "x"}}
        spoof = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = await door.call("POST", "/v1/auth/sign-up", json=body, headers=spoof)
    assert answer.status_code == 429


async def test_behind_a_trusted_proxy_its_callers_are_counted(database: Database) -> None:
    door = FrontDoor(database, AccountSettings(rates=RATES), HttpSettings(trusted_proxies=("192.0.2.0/24",)))
    for number in range(6):
        body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "x"}}
        caller = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = await door.call("POST", "/v1/auth/sign-up", json=body, headers=caller)
    assert answer.status_code == 201


# Refresh


async def test_each_refresh_gives_new_tokens_and_the_newest_goes_on(door: FrontDoor) -> None:
    ada = await door.sign_up()
    tokens = [ada["refresh_token"]]
    for _ in range(5):
        door.clock.advance(500)
        answer = (await door.refresh(ada["device_id"], tokens[-1])).json()
        assert answer["device_id"] == ada["device_id"]
        door.tokens.verify(answer["access_token"])
        tokens.append(answer["refresh_token"])
    assert len(set(tokens)) == 6


async def test_a_lost_answer_logs_nobody_out(door: FrontDoor) -> None:
    ada = await door.sign_up()
    await door.refresh(ada["device_id"], ada["refresh_token"])  # the answer is lost
    again = await door.refresh(ada["device_id"], ada["refresh_token"])
    assert again.status_code == 200
    assert (await door.refresh(ada["device_id"], again.json()["refresh_token"])).status_code == 200


async def test_two_answers_that_race_are_both_good_until_one_is_used(door: FrontDoor) -> None:
    ada = await door.sign_up()
    one, two = [(await door.refresh(ada["device_id"], ada["refresh_token"])).json() for _ in range(2)]
    assert (await door.refresh(ada["device_id"], one["refresh_token"])).status_code == 200
    answer = await door.refresh(ada["device_id"], two["refresh_token"])
    assert refused(answer) == (401, "unauthenticated", None, "replayed")


async def test_a_superseded_token_ends_the_device_for_its_thief_and_its_owner(door: FrontDoor) -> None:
    ada = await door.sign_up()
    phone = await door.log_in(ada["name"])
    await door.revocations.poll()
    door.ended.clear()
    stolen = ada["refresh_token"]
    second = (await door.refresh(ada["device_id"], stolen)).json()
    third = (await door.refresh(ada["device_id"], second["refresh_token"])).json()
    assert refused(await door.refresh(ada["device_id"], stolen))[3] == "replayed"
    assert refused(await door.refresh(ada["device_id"], third["refresh_token"]))[3] == "refresh_token"
    await door.revocations.poll()
    assert door.ended == [(ada["user_id"], ada["device_id"])]
    answer = await door.call("GET", "/v1/me", token=third["access_token"])
    assert refused(answer) == (401, "unauthenticated", None, "revoked")
    assert (await door.refresh(phone["device_id"], phone["refresh_token"])).status_code == 200


async def test_a_refresh_token_is_good_on_its_own_device_only_and_for_its_time(door: FrontDoor) -> None:
    ada = await door.sign_up()
    phone = await door.log_in(ada["name"])
    for device_id, token in [
        (phone["device_id"], ada["refresh_token"]),
        (1, ada["refresh_token"]),
        (ada["device_id"], "A" * 64),
        (ada["device_id"], "no base64 at all \u00e9"),
        (ada["device_id"], ada["access_token"]),
    ]:
        assert refused(await door.refresh(device_id, token)) == (401, "unauthenticated", None, "refresh_token")
    door.clock.advance(60 * 24 * 3600 + 1)
    assert refused(await door.refresh(ada["device_id"], ada["refresh_token"]))[3] == "refresh_token"


async def test_what_the_database_holds_signs_nobody_in(door: FrontDoor) -> None:
    ada = await door.sign_up()
    async with door.database.read() as connection:
        rows = await (await connection.execute("select row_to_json(t)::text from refresh_tokens t")).fetchall()
        rows += await (await connection.execute("select row_to_json(c)::text from credentials c")).fetchall()
    dump = "\n".join(row[0] for row in rows)
    assert PASSWORD not in dump
    assert ada["refresh_token"] not in dump


async def test_lost_answers_do_not_pile_up(door: FrontDoor) -> None:
    ada = await door.sign_up()
    for _ in range(20):
        last = await door.refresh(ada["device_id"], ada["refresh_token"])
        door.clock.advance(1)
    async with door.database.read() as connection:
        count = await (
            await connection.execute(
                "select count(*) from refresh_tokens where device_id = %(device_id)s", {"device_id": ada["device_id"]}
            )
        ).fetchone()
    assert count == (5,)
    assert (await door.refresh(ada["device_id"], last.json()["refresh_token"])).status_code == 200


# Browsers


async def test_a_browser_gets_its_refresh_token_as_a_cookie_that_scripts_and_other_paths_never_see(
    door: FrontDoor,
) -> None:
    body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "Firefox", "kind": "web"}}
    answer = await door.call("POST", "/v1/auth/sign-up", json=body, headers=BROWSER)
    assert "refresh_token" not in answer.json()
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"seriatim_{answer.json()['device_id']}=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/v1/auth", f"max-age={60 * 24 * 3600}"}


async def test_over_https_the_cookie_is_secure(database: Database) -> None:
    door = FrontDoor(database, http=HttpSettings(trusted_proxies=("192.0.2.1",)))
    body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "Firefox"}}
    headers = BROWSER | {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1"}
    answer = await door.call("POST", "/v1/auth/sign-up", json=body, headers=headers)
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers


async def test_an_older_browser_says_what_it_is(door: FrontDoor) -> None:
    body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "Safari"}}
    headers = {"X-Seriatim-Client": "web", "Origin": ORIGIN}
    answer = await door.call("POST", "/v1/auth/sign-up", json=body, headers=headers)
    assert "set-cookie" in answer.headers
    assert "refresh_token" not in answer.json()


async def test_two_windows_of_one_browser_are_two_people(door: FrontDoor) -> None:
    cookies: dict[str, str] = {}
    people = []
    for _ in range(2):
        body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "Firefox"}}
        answer = await door.call("POST", "/v1/auth/sign-up", json=body, headers=BROWSER)
        cookies |= dict(answer.cookies)
        people.append(answer.json())
    jar = BROWSER | {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    for person in people:
        answer = await door.call("POST", "/v1/auth/refresh", json={"device_id": person["device_id"]}, headers=jar)
        assert (answer.status_code, answer.json()["name"]) == (200, person["name"])
        assert f"seriatim_{person['device_id']}" in dict(answer.cookies)


async def test_without_a_cookie_or_a_token_there_is_no_refresh(door: FrontDoor) -> None:
    answer = await door.call("POST", "/v1/auth/refresh", json={"device_id": 5}, headers=BROWSER)
    assert refused(answer)[:2] == (401, "unauthenticated")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"http://{HOST}:81", None])
async def test_a_page_of_another_site_cannot_use_the_cookie(door: FrontDoor, origin: str | None) -> None:
    body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "Firefox"}}
    answer = await door.call("POST", "/v1/auth/sign-up", json=body, headers=BROWSER)
    device_id = answer.json()["device_id"]
    cookie = {"Cookie": f"seriatim_{device_id}={answer.cookies[f'seriatim_{device_id}']}"}
    foreign = cookie | ({"Origin": origin} if origin else {})
    stolen = await door.call("POST", "/v1/auth/refresh", json={"device_id": device_id}, headers=foreign)
    assert refused(stolen) == (403, "forbidden", None, "origin")
    own = await door.call("POST", "/v1/auth/refresh", json={"device_id": device_id}, headers=BROWSER | cookie)
    assert own.status_code == 200


async def test_a_page_of_another_site_cannot_sign_a_browser_in(door: FrontDoor) -> None:
    body = {"name": fresh_name(), "password": PASSWORD, "device": {"name": "Firefox"}}
    answer = await door.call("POST", "/v1/auth/log-in", json=body, headers={"Origin": "https://evil.example"})
    assert refused(answer)[3] == "origin"


# Log-out


async def test_logging_out_ends_this_device_and_clears_its_cookie(door: FrontDoor) -> None:
    ada = await door.sign_up()
    phone = await door.log_in(ada["name"])
    answer = await door.call("POST", "/v1/auth/log-out", token=ada["access_token"], headers=BROWSER)
    assert answer.status_code == 204
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert (await door.refresh(ada["device_id"], ada["refresh_token"])).status_code == 401
    assert (await door.refresh(phone["device_id"], phone["refresh_token"])).status_code == 200
    await door.revocations.poll()
    assert (ada["user_id"], ada["device_id"]) in door.ended
    assert (await door.call("GET", "/v1/me", token=ada["access_token"])).status_code == 401
    assert (await door.call("GET", "/v1/me", token=phone["access_token"])).status_code == 200


async def test_logging_out_everywhere_ends_every_device_of_the_user_and_no_other(door: FrontDoor) -> None:
    ada, bob = await door.sign_up(), await door.sign_up()
    devices = [ada, await door.log_in(ada["name"]), await door.log_in(ada["name"])]
    answer = await door.call("POST", "/v1/auth/log-out-everywhere", token=devices[1]["access_token"])
    assert answer.status_code == 204
    for device in devices:
        assert (await door.refresh(device["device_id"], device["refresh_token"])).status_code == 401
    assert (await door.refresh(bob["device_id"], bob["refresh_token"])).status_code == 200
    await door.revocations.poll()
    ended = {device_id for user_id, device_id in door.ended if user_id == ada["user_id"]}
    assert ended == {device["device_id"] for device in devices}


# Who calls


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "Bearer a.b.c", "bearer  "],
)
async def test_without_a_good_token_nobody_is_known(door: FrontDoor, header: str | None) -> None:
    answer = await door.call("GET", "/v1/me", headers={"Authorization": header} if header is not None else {})
    assert refused(answer)[:2] == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_old_token_is_told_apart_so_that_it_is_renewed(door: FrontDoor) -> None:
    ada = await door.sign_up()
    door.clock.advance(601)
    assert refused(await door.call("GET", "/v1/me", token=ada["access_token"]))[:2] == (401, "token_expired")


async def test_a_token_of_another_server_is_refused(door: FrontDoor) -> None:
    ada = await door.sign_up()
    other = Tokens({"test": secrets.token_bytes(32)}, door.clock)
    token, _ = other.issue(UserId(ada["user_id"]), DeviceId(ada["device_id"]))
    assert refused(await door.call("GET", "/v1/me", token=token))[:2] == (401, "unauthenticated")


# People


async def test_people_are_found_by_the_beginning_of_their_name_exact_match_first(door: FrontDoor) -> None:
    tag = f"zo{secrets.token_hex(6)}"
    ada = await door.sign_up()
    for name in (f"{tag}b", f"{tag.upper()}A", tag, f"x{tag}", f"{tag}%", f"{tag}_"):
        await door.sign_up(name)
    answer = await door.call("GET", "/v1/users", params={"name": tag.upper()}, token=ada["access_token"])
    names = [user["name"] for user in answer.json()["users"]]
    assert names[0] == tag
    assert set(names) == {tag, f"{tag.upper()}A", f"{tag}b", f"{tag}%", f"{tag}_"}
    answer = await door.call("GET", "/v1/users", params={"name": f"{tag}%"}, token=ada["access_token"])
    assert [user["name"] for user in answer.json()["users"]] == [f"{tag}%"]


async def test_people_are_found_by_id(door: FrontDoor) -> None:
    ada, bob = await door.sign_up(), await door.sign_up()
    ids = f"{ada['user_id']},{bob['user_id']},{2**53 - 1}"
    answer = await door.call("GET", "/v1/users", params={"ids": ids}, token=ada["access_token"])
    found = {(user["user_id"], user["name"]) for user in answer.json()["users"]}
    assert found == {(ada["user_id"], ada["name"]), (bob["user_id"], bob["name"])}


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "$.name"),
        ("?name=a&ids=1", "$.name"),
        ("?ids=", "$.ids"),
        ("?ids=1,a", "$.ids"),
        ("?ids=0", "$.ids"),
        ("?ids=-1", "$.ids"),
        ("?ids=9007199254740992", "$.ids"),
        ("?ids=99999999999999999999999999", "$.ids"),
        ("?ids=%D9%A1", "$.ids"),
        ("?ids=" + ",".join(["1"] * 201), "$.ids"),
        ("?name=" + "a" * 65, "$.name"),
        ("?name=", "$.name"),
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(door: FrontDoor, query: str, path: str) -> None:
    ada = await door.sign_up()
    answer = await door.call("GET", f"/v1/users{query}", token=ada["access_token"])
    assert refused(answer)[:3] == (400, "bad_request", path)


async def test_a_name_with_a_nul_or_half_a_character_finds_nobody_and_breaks_nothing(door: FrontDoor) -> None:
    ada = await door.sign_up()
    for query in ("?name=%00", "?name=a%00b", "?name=%ED%A0%80"):
        answer = await door.call("GET", f"/v1/users{query}", token=ada["access_token"])
        assert answer.status_code in (200, 400), answer.text


# Keys


async def test_the_keys_of_a_server_are_made_once_and_opened_with_its_secret_only(empty: Database) -> None:
    clock, kind = SystemClock(), "access_tokens"
    made = await server_keys(empty, b"s" * 32, kind, clock)
    assert await server_keys(empty, b"s" * 32, kind, clock) == made
    assert await server_keys(empty, b"s" * 32, "other", clock) != made
    with pytest.raises(WrongSecret):
        await server_keys(empty, b"t" * 32, kind, clock)
    async with empty.read() as connection:
        rows = await (await connection.execute("select sealed from server_keys")).fetchall()
    assert all(key not in row[0] for row in rows for key in made.values())


# The server itself


async def test_health_says_why_it_cannot_serve(door: FrontDoor) -> None:
    assert (await door.call("GET", "/health")).json() == {"status": "ok"}
    door.why_unavailable = "the database does not answer"
    answer = await door.call("GET", "/health")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the database does not answer")


async def test_while_the_database_is_unreachable_every_route_says_when_to_come_back() -> None:
    lost = Database("host=/nonexistent dbname=nothing")
    door = FrontDoor(lost)
    token, _ = door.tokens.issue(UserId(1), DeviceId(1))
    body = {"name": "ada", "password": PASSWORD, "device": {"name": "x"}}
    calls: list[Callable[[], object]] = [
        lambda: door.call("GET", "/v1/me", token=token),
        lambda: door.call("POST", "/v1/auth/log-in", json=body),
    ]
    for call in calls:
        answer = await call()  # type: ignore[misc]
        assert refused(answer)[:2] == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1


async def test_a_bug_is_told_as_one_and_shows_nothing_of_itself(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await door.sign_up()

    def broken(*_: object) -> None:
        raise RuntimeError("select secret from a_table")

    monkeypatch.setattr("seriatim.features.accounts.people.me", broken)
    answer = await door.call("GET", "/v1/me", token=ada["access_token"])
    assert refused(answer)[:2] == (500, "internal")
    assert "secret" not in answer.text


async def test_unknown_addresses_and_methods_are_problems_too(door: FrontDoor) -> None:
    for path in ("/v1/nothing", "/v1", "/nothing", "/v1/auth/nothing"):
        assert refused(await door.call("GET", path))[:2] == (404, "not_found")
    assert refused(await door.call("POST", "/v1/nothing"))[:2] == (404, "not_found")
    answer = await door.call("PUT", "/v1/auth/log-in")
    assert refused(answer)[:2] == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"{", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b'{"name":"\xff"}', 400, "bad_request"),
        (rb'{"name":"\ud800","password":"correct giraffe","device":{"name":"x"}}', 400, "bad_request"),
        (b"[" * 100_000, 400, "bad_request"),
        (b'"' + b"x" * (256 * 1024) + b'"', 413, "too_large"),
    ],
)
async def test_a_body_that_is_none_is_refused(door: FrontDoor, content: bytes, status: int, code: str) -> None:
    answer = await door.call("POST", "/v1/auth/log-in", content=content)
    assert refused(answer)[:2] == (status, code)


async def test_a_document_describes_every_route_and_its_refusals(door: FrontDoor) -> None:
    document = (await door.call("GET", "/v1/openapi.json")).json()
    operations = {
        (method, path): operation for path, item in document["paths"].items() for method, operation in item.items()
    }
    assert ("post", "/v1/auth/sign-up") in operations
    assert ("delete", "/v1/devices/{device_id}") in operations
    assert operations["get", "/v1/users"].get("parameters")
    for operation in operations.values():
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert names <= {"name", "ids", "device_id"}, "what a handler gets from the server is no parameter"
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert operations["post", "/v1/auth/log-in"]["security"] == []
    assert "security" not in operations["get", "/v1/me"]


def test_the_files_that_are_no_modules_stand_beside_them() -> None:
    package = Path(seriatim.__file__).parent
    assert (package / "features" / "accounts" / "common_passwords.txt").is_file()
    assert (package / "gateway" / "http" / "docs" / "index.html").is_file()
