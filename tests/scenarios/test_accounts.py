"""Accounts over HTTP on a real database: sign-up, log-in, refresh, log-out, people, invitations."""

import secrets
from datetime import UTC, datetime, timedelta

import anyio
import anyio.lowlevel
import psycopg
import pytest
from argon2 import PasswordHasher

from scenarios.front_door import PASSWORD, PASSWORDS, FrontDoor, fresh_name, refused
from seriatim.core.clock import SystemClock
from seriatim.core.ids import UserId
from seriatim.features.accounts import store
from seriatim.features.accounts.accounts import AccountSettings
from seriatim.features.accounts.keys import WrongSecret, server_keys
from seriatim.features.accounts.rules import SignUpPolicy
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
        "sign_in_name": name,
        "device_id": ada["device_id"],
        "server_admin": me.json()["server_admin"],
        "guest": False,
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
            seen.append(await store.any_admin(connection))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks, empty.transaction() as first:
            assert not await store.any_admin(first)
            tasks.start_soon(second)
            while not seen and not await waits_for_a_lock(first):
                await anyio.lowlevel.checkpoint()
            user = store.NewUser(UserId(1), "ada", "ada", "-", server_admin=True, guest=False, now=datetime.now(UTC))
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


async def test_false_refresh_tokens_are_slowed_per_network_whatever_they_say(database: Database) -> None:
    door = FrontDoor(database, AccountSettings(rates=RATES))
    ada = await door.sign_up()
    for number in range(RATES.log_in_address.burst - 1):  # the sign-up was one
        false = "garbage" if number % 2 else secrets.token_urlsafe(48)
        assert refused(await door.refresh(ada["device_id"] + number, false))[1] == "unauthenticated"
    answer = await door.refresh(ada["device_id"], ada["refresh_token"])
    assert (refused(answer)[1], answer.headers["Retry-After"]) == ("rate_limited", "3")
    body = {"name": ada["name"], "password": PASSWORD, "device": {"name": "x"}}
    assert refused(await door.call("POST", "/v1/auth/log-in", json=body))[1] == "rate_limited", "one bucket for both"
    door.clock.advance(3)
    for _ in range(5):
        answer = await door.refresh(ada["device_id"], ada["refresh_token"])
        assert answer.status_code == 200, "good ones cost the network nothing"


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
