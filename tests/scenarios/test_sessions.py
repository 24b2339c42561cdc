"""Sessions over HTTP on a real database: refresh, browsers, log-out, and who calls."""

import asyncio
import secrets

import pytest

from scenarios.front_door import BROWSER, HOST, ORIGIN, PASSWORD, FrontDoor, fresh_name, refused
from seriatim.core.ids import DeviceId, UserId
from seriatim.features.accounts.accounts import RENEWALS
from seriatim.features.accounts.tokens import Tokens
from seriatim.gateway.http.app import HttpSettings
from seriatim.storage.postgres.database import Database


@pytest.fixture
def door(database: Database) -> FrontDoor:
    return FrontDoor(database)


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


async def test_a_crowd_that_renews_takes_half_of_what_may_write_and_is_told_when_to_come_again(door: FrontDoor) -> None:
    ada = await door.sign_up()
    door.accounts.renewals._within_s = 0.1
    done = asyncio.Event()

    async def renew() -> None:
        async with door.accounts.renewals.turn():
            await done.wait()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(RENEWALS):
            tasks.create_task(renew())
        await asyncio.sleep(0)
        answer = await door.refresh(ada["device_id"], ada["refresh_token"])
        assert refused(answer)[:2] == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        done.set()
    assert (await door.refresh(ada["device_id"], ada["refresh_token"])).status_code == 200


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
