"""The table of limits: at each limit accepted, one beyond it the stated answer and no changed row, and life goes on."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from rows import unchanged
from seriatim.core.ids import MAX_ID, random_id, uuid7
from seriatim.protocol.limits import (
    CREATE_MEMBERS,
    DEVICES_PER_USER,
    INVITE_USERS,
    LIMITS,
    REFUSED_FRAMES,
    SLOW_MODE_S,
    SOCKETS_PER_USER,
)
from seriatim.storage.postgres.database import Database
from world import PASSWORD, Device, Server, serving

WIDE = "\U0001f600"
"""One code point, four bytes of UTF-8."""
BAD_REQUEST = "bad_request"


def key() -> str:
    return str(uuid7())


async def still_there(device: Device, here: int) -> None:
    """Show that this connection goes on."""
    assert (await device.send(here, "still here"))["type"] == "sent"


async def refused(device: Device, frame: str | bytes, code: str, path: str | None) -> dict[str, Any]:
    """Say this and check the refusal."""
    await device.say_raw(frame)
    error = await device.next("error")
    assert (error["code"], error.get("path")) == (code, path)
    assert not error.get("fatal")
    return error


@pytest.fixture
async def ada(server: Server) -> Device:
    return await server.device("ada")


@pytest.fixture
async def here(ada: Device) -> int:
    return await ada.group()


# --- frames -----------------------------------------------------------------------------------------------------------


async def test_a_frame_of_64_kib_is_taken_and_one_byte_more_closes_with_1009(
    server: Server, ada: Device, here: int, database: Database
) -> None:
    send = {"type": "send", "id": 1, "conversation_id": here, "client_id": key(), "body": "hi", "later": ""}
    send["later"] = "x" * (LIMITS.frame_bytes - len(msgspec.json.encode(send)))
    text = msgspec.json.encode(send).decode()
    assert len(text) == LIMITS.frame_bytes
    await ada.say_raw(text)
    assert (await ada.next("sent"))["id"] == 1
    async with unchanged(database):
        await ada.say_raw(text + " ")
        assert await ada.closed() == 1009
    await ada.connect()
    await still_there(ada, here)


async def test_an_array_has_at_most_64_frames(ada: Device, here: int, database: Database) -> None:
    def array(count: int) -> str:
        frames = [
            {"type": "send", "id": 1_000 + n, "conversation_id": here, "client_id": key(), "body": str(n)}
            for n in range(count)
        ]
        return msgspec.json.encode(frames).decode()

    await ada.say_raw(array(LIMITS.frames_per_message))
    assert [(await ada.next("sent"))["id"] for _ in range(64)] == list(range(1_000, 1_064))
    async with unchanged(database):
        await refused(ada, array(LIMITS.frames_per_message + 1), "bad_frame", None)
    await still_there(ada, here)


@pytest.mark.parametrize(("depth", "taken"), [(14, True), (100_000, False)])
async def test_deep_nesting_is_refused(ada: Device, here: int, depth: int, taken: bool, database: Database) -> None:
    start = msgspec.json.encode(
        {"type": "send", "id": 7, "conversation_id": here, "client_id": key(), "body": "hi", "later": 0}
    ).decode()
    if taken:
        await ada.say_raw(start[:-2] + "[" * depth + "]" * depth + "}")
        assert (await ada.next("sent"))["id"] == 7
    else:
        async with unchanged(database):
            await refused(ada, start[:-2] + "[" * (LIMITS.frame_bytes - len(start)), "bad_frame", None)
    await still_there(ada, here)


@pytest.mark.parametrize("subprotocol", ["seriatim.v1.json", "seriatim.v1.msgpack"])
async def test_the_eleventh_refused_frame_closes_with_4400(server: Server, ada: Device, subprotocol: str) -> None:
    await ada.connect(subprotocol=subprotocol, greet=False)
    for _ in range(REFUSED_FRAMES + 1):
        await ada.say_raw(b"\xc1" if subprotocol.endswith("msgpack") else "{")
    assert await ada.closed() == 4400
    await ada.connect()
    for _ in range(REFUSED_FRAMES):
        await refused(ada, "{", "bad_frame", None)
    assert (await ada.ask("fetch", conversation_id=1))["code"] == "not_found", "ten are borne, the session goes on"


# --- fields -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("character", ["x", "é", WIDE])
async def test_a_body_has_16_kib_of_utf8_whatever_its_characters(
    ada: Device, here: int, character: str, database: Database
) -> None:
    most = character * (LIMITS.body_bytes // len(character.encode()))
    sent = await ada.send(here, most)
    assert (await ada.history(here))[sent["seq"] - 1]["body"] == most
    async with unchanged(database):
        answer = await ada.send(here, most + character)
        assert (answer["code"], answer["path"], answer["reason"]) == ("too_large", "$.body", "body_bytes")
        over_http = await ada.http(
            "POST", f"/v1/conversations/{here}/send", json={"body": most + character, "client_id": key()}
        )
        assert over_http.status_code == 413
        assert {name: over_http.json()[name] for name in ("code", "path")} == {"code": "too_large", "path": "$.body"}
    await still_there(ada, here)


async def test_overlong_bodies_are_no_faults_of_the_connection(ada: Device, here: int) -> None:
    for _ in range(REFUSED_FRAMES + 2):
        assert (await ada.send(here, "x" * (LIMITS.body_bytes + 1)))["code"] == "too_large"
    await still_there(ada, here)


@pytest.mark.parametrize(("field", "most"), [("title", LIMITS.title_code_points), ("topic", LIMITS.topic_code_points)])
async def test_titles_and_topics_are_counted_in_code_points(
    ada: Device, here: int, field: str, most: int, database: Database
) -> None:
    answer = await ada.command("set_settings", conversation_id=here, **{field: WIDE * most})
    assert answer["type"] == "sent"
    async with unchanged(database):
        answer = await ada.command("set_settings", conversation_id=here, **{field: WIDE * (most + 1)})
        assert (answer["code"], answer["path"]) == (BAD_REQUEST, f"$.{field}")
        if field == "title":
            answer = await ada.command("create", kind="group", title=WIDE * (most + 1))
            assert (answer["code"], answer["path"]) == (BAD_REQUEST, "$.title")
    await still_there(ada, here)


async def test_names_of_people_and_devices_have_64_code_points(server: Server, database: Database) -> None:
    def request(name: str, device: str) -> dict[str, Any]:
        return {"name": name, "password": PASSWORD, "device": {"name": device, "kind": "test"}}

    start = key()
    longest = start + WIDE * (LIMITS.name_code_points - len(start))
    made = await server.http.post("/v1/auth/sign-up", json=request(longest, WIDE * LIMITS.name_code_points))
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {made.json()['access_token']}"}
    async with unchanged(database):
        for wrong, path in (
            (request(longest + "x", "d"), "$.name"),
            (request(key(), "x" * (LIMITS.name_code_points + 1)), "$.device.name"),
        ):
            answer = await server.http.post("/v1/auth/sign-up", json=wrong)
            assert (answer.status_code, answer.json()["code"], answer.json()["path"]) == (400, BAD_REQUEST, path)
        renamed = await server.http.patch(
            f"/v1/devices/{made.json()['device_id']}", json={"name": "x" * 65}, headers=headers
        )
        assert (renamed.status_code, renamed.json()["path"]) == (400, "$.name")


@pytest.mark.parametrize("field", ["conversation_id", "target_seq", "id"])
async def test_numbers_end_where_those_of_javascript_do(ada: Device, here: int, field: str, database: Database) -> None:
    frame = {"type": "send", "id": 1, "conversation_id": here, "client_id": key(), "body": "hi"}
    async with unchanged(database):
        await ada.say(**frame | {"id": MAX_ID, "conversation_id": MAX_ID})
        assert (await ada.next("error"))["code"] == "not_found"
        await refused(ada, msgspec.json.encode(frame | {field: MAX_ID + 1}).decode(), BAD_REQUEST, f"$.{field}")
    await still_there(ada, here)


async def test_a_page_has_at_most_200_entries(ada: Device, here: int, database: Database) -> None:
    for number in range(3):
        frames = [
            {"type": "send", "id": 1, "conversation_id": here, "client_id": key(), "body": str(number)}
            for _ in range(LIMITS.frames_per_message)
        ]
        await ada.say_raw(msgspec.json.encode(frames).decode())
        for _ in frames:
            await ada.next("sent")
    for number in range(10):
        await ada.send(here, str(number))
    page = await ada.ask("fetch", conversation_id=here, after=0, limit=LIMITS.page_entries)
    assert [entry["seq"] for entry in page["entries"]] == list(range(1, 201))
    assert (page["head"], page["complete"]) == (203, False)
    async with unchanged(database):
        answer = await ada.ask("fetch", conversation_id=here, after=0, limit=LIMITS.page_entries + 1)
        assert (answer["code"], answer["path"]) == (BAD_REQUEST, "$.limit")
        over_http = await ada.http("GET", f"/v1/conversations/{here}/entries?limit={LIMITS.page_entries + 1}")
        assert (over_http.status_code, over_http.json()["path"]) == (400, "$.limit")
    await still_there(ada, here)


@pytest.mark.parametrize(
    ("type_", "field", "most"),
    [
        ("compare", "entries", LIMITS.compare_rows),
        ("focus", "conversation_ids", LIMITS.focus_ids),
        ("focus", "user_ids", LIMITS.focus_ids),
    ],
)
async def test_lists_have_their_length_and_no_more(ada: Device, here: int, type_: str, field: str, most: int) -> None:
    one: Any = [here, 1, key(), "2026-01-01T00:00:00Z"] if type_ == "compare" else here
    longest = [one] * most
    await ada.say(type=type_, id=5, **{field: longest})
    if type_ == "compare":
        assert (await ada.next("compared"))["entries"] == []
    await refused(ada, msgspec.json.encode({"type": type_, "id": 6, field: [*longest, one]}).decode(),
                  BAD_REQUEST, f"$.{field}")  # fmt: skip
    await still_there(ada, here)


async def test_a_message_mentions_at_most_50_people(ada: Device, here: int, database: Database) -> None:
    most = [random_id() for _ in range(LIMITS.mentions)]
    assert (await ada.ask("send", conversation_id=here, client_id=key(), body="x", mentions=most))["type"] == "sent"
    async with unchanged(database):
        answer = await ada.ask("send", conversation_id=here, client_id=key(), body="x", mentions=[*most, random_id()])
        assert (answer["code"], answer["path"]) == (BAD_REQUEST, "$.mentions")
    await still_there(ada, here)


async def test_a_ping_names_at_most_100_heads(ada: Device, here: int) -> None:
    heads = {str(number + 1): 1 for number in range(LIMITS.focus_ids)}
    await ada.say(type="ping", heads=heads)
    await ada.next("pong")
    more = msgspec.json.encode({"type": "ping", "heads": heads | {"7777": 1}}).decode()
    await refused(ada, more, BAD_REQUEST, "$.heads")
    await still_there(ada, here)


@pytest.mark.parametrize("token", ["garbage", "-1", "9" * 30, "1e5", "\u0663", str(2**63 - 1), "x" * 1_024, ""])
async def test_a_false_resume_token_tells_all_heads(ada: Device, here: int, token: str) -> None:
    await ada.connect(resume={"epoch": ada.welcome["epoch"], "token": token})
    assert [row[0] for row in ada.welcome["heads"]] == [here]


async def test_a_resume_token_over_1_kib_is_refused(ada: Device, here: int) -> None:
    hello = {
        "type": "hello",
        "token": ada.credentials["access_token"],
        "device_id": ada.device_id,
        "client": {"name": "test", "version": "1"},
        "resume": {"epoch": ada.welcome["epoch"], "token": "1" * 1_025},
    }
    await ada.connect(greet=False)
    await refused(ada, msgspec.json.encode(hello).decode(), BAD_REQUEST, "$.resume.token")
    await ada.say(**hello | {"resume": None})
    assert (await ada.next("welcome"))["heads"][0][0] == here, "the connection goes on"


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def strangers(database: Database) -> list[int]:
    """Return more people than one `create` may name."""
    ids = [random_id() for _ in range(CREATE_MEMBERS + 1)]
    async with database.transaction() as connection:
        await connection.execute(
            "insert into users (id, name, name_key, created_at)"
            " select id, 's' || id, 's' || id, now() from unnest(%s::bigint[]) id",
            [ids],
        )
    return ids


async def test_a_create_names_at_most_200_members(ada: Device, strangers: list[int], database: Database) -> None:
    made = await ada.command("create", kind="group", title="many", members=strangers[:CREATE_MEMBERS])
    assert made["type"] == "sent"
    async with unchanged(database):
        answer = await ada.command("create", kind="group", title="too many", members=strangers)
        assert (answer["code"], answer["path"]) == (BAD_REQUEST, "$.members")
    await still_there(ada, made["conversation_id"])


async def test_an_invite_names_at_most_100_people(
    ada: Device, here: int, strangers: list[int], database: Database
) -> None:
    async with unchanged(database):
        answer = await ada.command("invite", conversation_id=here, user_ids=strangers[: INVITE_USERS + 1])
        assert (answer["code"], answer["path"]) == (BAD_REQUEST, "$.user_ids")
    added = await ada.command("invite", conversation_id=here, user_ids=strangers[:INVITE_USERS])
    assert (await ada.history(here))[-1]["user_ids"] == strangers[:INVITE_USERS]
    assert (await ada.history(here))[-1]["seq"] == added["seq"]
    await still_there(ada, here)


async def test_slow_mode_asks_for_six_hours_at_most(ada: Device, here: int, database: Database) -> None:
    assert (await ada.command("set_settings", conversation_id=here, slow_mode_s=SLOW_MODE_S))["type"] == "sent"
    async with unchanged(database):
        for wrong in (SLOW_MODE_S + 1, -1):
            answer = await ada.command("set_settings", conversation_id=here, slow_mode_s=wrong)
            assert (answer["code"], answer["path"]) == (BAD_REQUEST, "$.slow_mode_s")
    await still_there(ada, here)


async def test_words_to_moderators_have_1024_code_points(ada: Device, here: int, database: Database) -> None:
    sent = await ada.send(here, "words")
    reports = f"/v1/conversations/{here}/reports"
    async with unchanged(database):
        answer = await ada.http("POST", reports, json={"seq": sent["seq"], "words": WIDE * 1_025})
        assert (answer.status_code, answer.json()["path"]) == (400, "$.words")
    assert (await ada.http("POST", reports, json={"seq": sent["seq"], "words": WIDE * 1_024})).is_success


async def test_a_conversation_has_at_most_10_000_members(
    server: Server, ada: Device, strangers: list[int], database: Database
) -> None:
    made = await ada.command("create", kind="channel", title=f"full {key()}", visibility="public")
    here, bob = made["conversation_id"], await server.device("bob")
    async with database.transaction() as connection:
        await connection.execute(
            "insert into members (conversation_id, user_id, joined_seq) select %s, n, 1 from generate_series(1, %s) n",
            [here, LIMITS.members - 2],
        )
        await connection.execute(
            "update conversations set member_count = member_count + %s where id = %s", [LIMITS.members - 2, here]
        )
    last = await ada.command("invite", conversation_id=here, user_id=strangers[0])
    assert last["type"] == "sent", "the ten-thousandth"
    async with unchanged(database):
        answers = (
            await ada.command("invite", conversation_id=here, user_id=strangers[1]),
            await bob.command("join", conversation_id=here),
        )
        assert [(answer["code"], answer["reason"]) for answer in answers] == [("conflict", "full")] * 2
    await still_there(ada, here)


async def test_a_user_has_at_most_20_devices(server: Server, ada: Device, database: Database) -> None:
    body = {"name": ada.name, "password": PASSWORD, "device": {"name": "one more", "kind": "test"}}
    for _ in range(DEVICES_PER_USER - 1):
        assert (await server.http.post("/v1/auth/log-in", json=body)).status_code == 200
    async with unchanged(database):
        answer = await server.http.post("/v1/auth/log-in", json=body)
        assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "conflict", "devices")


async def test_a_user_has_at_most_50_sockets(server: Server, ada: Device, database: Database) -> None:
    for _ in range(SOCKETS_PER_USER - 1):
        await server.greeted(ada.credentials)
    one_more = Device(server, ada.credentials)
    await one_more.connect(greet=False)
    async with unchanged(database):
        await one_more.say(
            type="hello",
            token=ada.credentials["access_token"],
            device_id=ada.device_id,
            client={"name": "test", "version": "1"},
        )
        error = await one_more.next("error")
        assert (error["code"], error["reason"], error["fatal"]) == ("conflict", "sockets", True)
        assert await one_more.closed() == 4403


@pytest.fixture
async def narrow(postgres_dsn: str, data_folder: Any) -> AsyncIterator[Server]:
    """Return a server that lets three sockets of an address wait to say hello."""
    async with serving(postgres_dsn, data_folder, unauthenticated_sockets_per_address=3) as server:
        yield server


async def test_sockets_that_say_nothing_are_few_per_address(narrow: Server) -> None:
    ada = await narrow.device("ada")
    silent = [Device(narrow, ada.credentials) for _ in range(3)]
    for device in silent:
        await device.connect(greet=False)
    with pytest.raises(InvalidStatus) as refusal:
        await Device(narrow, ada.credentials).connect(greet=False)
    assert (refusal.value.response.status_code, refusal.value.response.headers["Retry-After"]) == (503, "2")
    await silent[0].close()
    await narrow.greeted(ada.credentials)  # a place is free, and greeting gives it back
    await narrow.greeted(ada.credentials)
    for device in silent:
        await device.close()


async def test_a_body_over_http_has_at_most_256_kib(
    ada: Device, here: int, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with unchanged(database):
        answer = await ada.http(
            "POST", f"/v1/conversations/{here}/send", json={"body": "hi", "client_id": key(), "later": "x" * 262_144}
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert caplog.records == [], "it is refused once, without a fault of ours"
