"""What bad input gets, over a real socket and over HTTP: a stable code, the field's path, no trace of the inside."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from rows import unchanged
from seriatim.core.ids import DeviceId, UserId, uuid7
from seriatim.storage.postgres.database import Database
from world import PASSWORD, Device, Server, serving

INSIDE = ("Traceback", "msgspec", "litestar", "psycopg", "site-packages", "seriatim/", ".py", 'File "')
MSGPACK = "seriatim.v1.msgpack"


def key() -> str:
    return str(uuid7())


def without_inside(text: str) -> None:
    """Fail if an answer shows how it was made."""
    assert [word for word in INSIDE if word in text] == []


@pytest.fixture
async def ada(server: Server) -> Device:
    return await server.device("ada")


@pytest.fixture
async def bob(server: Server) -> Device:
    return await server.device("bob")


@pytest.fixture
async def here(ada: Device) -> int:
    return await ada.group()


def a_send(here: int, **changed: Any) -> dict[str, Any]:
    return {"type": "send", "id": 5, "conversation_id": here, "client_id": key(), "body": "hi"} | changed


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in a_send(1).items() if name != field}


# --- frames -----------------------------------------------------------------------------------------------------------

LONE = '{"type":"send","id":5,"conversation_id":1,"client_id":"00000000-0000-7000-8000-000000000000","body":"\\ud800"}'
FRAMES: list[tuple[str | dict[str, Any] | list[Any], str, str | None]] = [
    ("", "bad_frame", None),
    ("{", "bad_frame", None),
    ("nul", "bad_frame", None),
    ('{"type":"ping"} {}', "bad_frame", None),
    ("7", "bad_frame", "$"),
    ('"hello"', "bad_frame", "$"),
    ("null", "bad_frame", "$"),
    ("[]", "bad_frame", None),
    ("[7]", "bad_frame", "$[0]"),
    ("[[]]", "bad_frame", "$[0]"),
    ("{}", "bad_frame", "$"),
    ('{"type":"nonsense"}', "bad_frame", "$.type"),
    ('{"type":7}', "bad_frame", "$.type"),
    ({"type": "sent", "id": 1}, "bad_frame", "$.type"),
    (LONE, "bad_frame", None),
    ("\ufeff{}", "bad_frame", None),
    (a_send(1, body=None), "bad_request", "$.body"),
    (a_send(1, body=["hi"]), "bad_request", "$.body"),
    (a_send(1, body=""), "bad_request", "$.body"),
    (a_send(1, body=" \t\n\u2003"), "bad_request", "$.body"),
    (a_send(1, body="a\0b"), "bad_request", "$.body"),
    (a_send(1, body="x" * 16_385), "too_large", "$.body"),
    (a_send(1, client_id="mine"), "bad_request", "$.client_id"),
    (a_send(1, client_id=7), "bad_request", "$.client_id"),
    (a_send("1"), "bad_request", "$.conversation_id"),  # type: ignore[arg-type]
    (a_send(0), "bad_request", "$.conversation_id"),
    (a_send(-1), "bad_request", "$.conversation_id"),
    (a_send(1.5), "bad_request", "$.conversation_id"),  # type: ignore[arg-type]
    (a_send(10**30), "bad_request", "$.conversation_id"),
    (a_send(1, target_seq=0), "bad_request", "$.target_seq"),
    (a_send(1, thread_seq=0), "bad_request", "$.thread_seq"),
    (a_send(1, broadcast=True), "bad_request", "$.broadcast"),
    (a_send(1, mentions=[-1]), "bad_request", "$.mentions[0]"),
    (a_send(1, mentions="everybody"), "bad_request", "$.mentions"),
    (a_send(1, trace="yes"), "bad_request", "$.trace"),
    (a_send(1, id="5"), "bad_request", "$.id"),
    (without("body"), "bad_request", "$.body"),
    (without("client_id"), "bad_request", "$.client_id"),
    ([a_send(1), a_send(1, body=7)], "bad_request", "$[1].body"),
    ({"type": "create", "id": 5, "client_id": key(), "kind": "tea party"}, "bad_request", "$.kind"),
    ({"type": "create", "id": 5, "client_id": key(), "kind": "group", "members": [0]}, "bad_request", "$.members[0]"),
    ({"type": "fetch", "id": 5, "conversation_id": 1, "limit": 0}, "bad_request", "$.limit"),
    ({"type": "fetch", "id": 5, "conversation_id": 1, "after": -1}, "bad_request", "$.after"),
    ({"type": "fetch", "id": 5, "conversation_id": 1, "at": "2026-01-01T00:00:00"}, "bad_request", "$.at"),
    ({"type": "read", "id": 5, "conversation_id": 1, "seq": 0}, "bad_request", "$.seq"),
    ({"type": "compare", "id": 5, "entries": [[1, 1]]}, "bad_request", "$.entries[0]"),
    ({"type": "ping", "heads": {"x": 1}}, "bad_request", "$.heads"),
    ({"type": "hello"}, "bad_request", "$.token"),
]


async def test_a_bad_frame_gets_its_code_and_the_place_of_the_fault(ada: Device, here: int, database: Database) -> None:
    wrong: list[Any] = []
    async with unchanged(database):
        for frame, code, path in FRAMES:
            text = frame if isinstance(frame, str) else json.dumps(frame)
            id_ = frame.get("id") if isinstance(frame, dict) and type(frame.get("id")) is int else None
            fresh = await ada.server.greeted(ada.credentials)
            await fresh.say_raw(text)
            error = await fresh.next("error")
            without_inside(json.dumps(error))
            got = error["code"], error.get("path"), error.get("id")
            if got != (code, path, id_):
                wrong.append((text[:100], got))
            assert (await fresh.ask("fetch", conversation_id=here))["type"] == "page", "the session goes on"
            await fresh.close()
    assert wrong == []


GARBAGE = [
    b"\xc1", b"\x81", b"\x81\xa4type", b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\x91" * 60_000,
    b"\x81\xa4type\xa4send", b"\x82\xa4type\xa4ping\xa5heads\xd4\x00\x00", b"\x81\xa4type\xc4\x01\xff", b"\x07",
    b'{"type":"ping"}',
]  # fmt: skip


async def test_garbage_of_messagepack_is_refused_by_name(ada: Device, here: int, database: Database) -> None:
    greeting = {
        "type": "hello",
        "token": ada.credentials["access_token"],
        "device_id": ada.device_id,
        "client": {"name": "test", "version": "1"},
    }
    address = f"{ada.server.url.replace('http', 'ws', 1)}/v1/ws"
    async with connect(address, subprotocols=[Subprotocol(MSGPACK)]) as socket:
        await socket.send(msgspec.msgpack.encode(greeting))
        assert msgspec.msgpack.decode(await socket.recv(decode=False))["type"] == "welcome"
        async with unchanged(database):
            for data in GARBAGE[1:]:  # ten are borne
                await socket.send(data)
                error = msgspec.msgpack.decode(await socket.recv(decode=False))
                assert (error["type"], error["code"] in {"bad_frame", "bad_request"}) == ("error", True), data[:20]
                without_inside(str(error))
        await socket.send(msgspec.msgpack.encode(a_send(here)))
        assert {msgspec.msgpack.decode(await socket.recv(decode=False))["type"] for _ in range(2)} == {"event", "sent"}


@pytest.mark.parametrize(
    ("subprotocol", "data", "code"),
    [("seriatim.v1.json", b"{}", 1003), (MSGPACK, "{}", 1003)],
)
async def test_a_frame_of_the_other_subprotocol_closes(
    ada: Device, subprotocol: str, data: str | bytes, code: int
) -> None:
    await ada.connect(subprotocol=subprotocol, greet=False)
    await ada.say_raw(data)
    assert await ada.closed() == code


async def test_bad_utf8_closes_with_1007_and_changes_nothing(ada: Device, here: int, database: Database) -> None:
    text = msgspec.json.encode(a_send(here, body="MARK")).replace(b"MARK", b"\xff\xfe")
    async with unchanged(database):
        socket = ada._socket  # pyright: ignore[reportPrivateUsage] - nobody else would send this
        assert socket is not None
        await socket.send(text, text=True)
        assert await ada.closed() == 1007
        over_http = await ada.http("POST", f"/v1/conversations/{here}/send", content=b'{"body":"\xff"}')
    assert (over_http.status_code, over_http.json()["code"], over_http.json()["path"]) == (400, "bad_request", "$")


# --- commands ---------------------------------------------------------------------------------------------------------

ON_A_CONVERSATION: list[tuple[str, dict[str, Any]]] = [
    ("send", {"body": "hi"}),
    ("fetch", {}),
    ("read", {"seq": 1}),
    ("join", {}),
    ("leave", {}),
    ("invite", {"user_id": 1}),
    ("remove", {"user_id": 1}),
    ("set_role", {"user_id": 1, "role": "admin"}),
    ("set_settings", {"title": "mine now"}),
]


async def test_what_is_not_there_and_what_is_not_ones_own_look_the_same(
    bob: Device, here: int, database: Database
) -> None:
    async with unchanged(database):
        for command, fields in ON_A_CONVERSATION:
            await alike(bob, here, command, fields | ({} if command in {"fetch", "read"} else {"client_id": key()}))


async def alike(bob: Device, here: int, command: str, fields: dict[str, Any]) -> None:
    """Compare the refusals of a hidden and of a missing conversation over both ways."""
    hidden = await bob.ask(command, conversation_id=here, **fields)
    missing = await bob.ask(command, conversation_id=7, **fields)
    assert hidden["code"] == "not_found"
    assert hidden | {"id": 0} == missing | {"id": 0}
    if command != "fetch":
        answers = [await bob.http("POST", f"/v1/conversations/{place}/{command}", json=fields) for place in (here, 7)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()
        assert {name: answers[0].json().get(name) for name in ("code", "path")} == {
            "code": "not_found", "path": hidden.get("path"),
        }  # fmt: skip


async def test_a_key_with_another_body_is_refused_over_both_ways(ada: Device, here: int, database: Database) -> None:
    used = key()
    await ada.send(here, "first", client_id=used)
    async with unchanged(database):
        for answer in (
            await ada.send(here, "second", client_id=used),
            await ada.send(here, "first", client_id=used, target_seq=1),
            (await ada.http("POST", f"/v1/conversations/{here}/send", json={"body": "x", "client_id": used})).json(),
        ):
            assert answer["code"] == "key_reused"


BODIES = [
    (b"", "bad_request", "$"),
    (b"{", "bad_request", "$"),
    (b"[]", "bad_request", "$"),
    (b'{"body":""}', "bad_request", "$.body"),
    (b'{"body":7}', "bad_request", "$.body"),
    (b"{}", "bad_request", "$.body"),
    (b'{"body":"hi"}', "bad_request", "$.client_id"),
    (b'{"body":"hi","client_id":"x"}', "bad_request", "$.client_id"),
    (b'{"body":"%s"}' % (b"x" * 16_385), "too_large", "$.body"),
    (b'{"body":"\\ud800"}', "bad_request", "$"),
    (b"[" * 100_000, "bad_request", "$"),
]


async def test_a_bad_body_over_http_gets_its_code_and_path(ada: Device, here: int, database: Database) -> None:
    wrong: list[Any] = []
    async with unchanged(database):
        for body, code, path in BODIES:
            answer = await ada.http("POST", f"/v1/conversations/{here}/send", content=body)
            assert answer.headers["content-type"] == "application/problem+json"
            without_inside(answer.text)
            got = answer.status_code, answer.json()["code"], answer.json().get("path")
            if got != (413 if code == "too_large" else 400, code, path):
                wrong.append((body[:100], got))
    assert wrong == []


ADDRESSES = [
    ("GET", "/v1/nothing", 404, "not_found"),
    ("DELETE", "/v1/me", 405, "method_not_allowed"),
    ("GET", "/v1/conversations/0", 404, "not_found"),
    ("GET", "/v1/conversations/99999999999999999999", 404, "not_found"),
    ("GET", "/v1/conversations/x", 404, "not_found"),
    ("GET", "/v1/conversations?cursor=x", 400, "bad_request"),
    ("GET", "/v1/conversations?limit=many", 400, "bad_request"),
    ("GET", "/v1/me/threads?cursor=x", 400, "bad_request"),
    ("GET", "/v1/conversations/1/entries?at=2026-01-01T00:00:00", 400, "bad_request"),
    ("GET", "/v1/conversations/1/export?format=pdf", 400, "bad_request"),
    ("GET", "/v1/conversations/1/export", 404, "not_found"),
    ("GET", "/v1/exports/1.2.x", 404, "not_found"),
    ("GET", "/v1/users?name=%00", 400, "bad_request"),
    ("GET", "/v1/users?ids=1;drop", 400, "bad_request"),
]


async def test_a_bad_address_or_parameter_is_a_problem(ada: Device, database: Database) -> None:
    async with unchanged(database):
        for method, path, status, code in ADDRESSES:
            answer = await ada.http(method, path)
            assert (path, answer.status_code, answer.json()["code"]) == (path, status, code)
            without_inside(answer.text)


# --- who speaks -------------------------------------------------------------------------------------------------------


def forged(token: str) -> dict[str, str]:
    """Return tokens that only look like this good one."""
    head, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    other = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(other | {"sub": "1"}).encode()).rstrip(b"=").decode()
    return {
        "nonsense": "x",
        "no signature": f"{head}.{payload}.",
        "alg none": f"{unsigned}.{payload}.",
        "another user": f"{head}.{changed}.{signature}",
        "another key": jwt.encode(claims, "k" * 32, headers=jwt.get_unverified_header(token)),
        "half": token[: len(token) // 2],
        "not ascii": "é" * 100,
    }


async def test_a_forged_token_is_worth_nothing(ada: Device, database: Database) -> None:
    for how, false in forged(ada.credentials["access_token"]).items():
        async with unchanged(database):
            await worthless(ada, how, false)
    assert (await ada.ask("fetch", conversation_id=1))["code"] == "not_found", "his own socket goes on"


async def worthless(ada: Device, how: str, false: str) -> None:
    """Try a token everywhere."""
    renewed = await ada.ask("renew", token=false)
    assert (renewed["type"], renewed["code"]) == ("error", "unauthenticated")
    assert "fatal" not in renewed
    if how != "not ascii":
        answer = await ada.server.http.get("/v1/me", headers={"Authorization": f"Bearer {false}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    stranger = Device(ada.server, ada.credentials | {"access_token": false})
    await stranger.connect(greet=False)
    await greet(stranger)
    error = await stranger.next("error")
    assert (error["code"], error["fatal"]) == ("unauthenticated", True)
    without_inside(json.dumps(error))
    assert await stranger.closed() == 4401


async def greet(device: Device, **changed: Any) -> None:
    await device.say(
        **{
            "type": "hello",
            "token": device.credentials["access_token"],
            "device_id": device.device_id,
            "client": {"name": "test", "version": "1"},
        }
        | changed
    )


async def test_a_token_of_another_device_is_refused(ada: Device, bob: Device, database: Database) -> None:
    async with unchanged(database):
        renewed = await ada.ask("renew", token=bob.credentials["access_token"])
        assert (renewed["code"], renewed["path"]) == ("unauthenticated", "$.device_id")
        stranger = await Device(ada.server, ada.credentials).connect(greet=False)
        await greet(stranger, token=bob.credentials["access_token"])
        error = await stranger.next("error")
        assert (error["code"], error["path"]) == ("unauthenticated", "$.device_id")
        assert await stranger.closed() == 4401


async def test_an_expired_token_says_so(
    postgres_dsn: str, data_folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(postgres_dsn, data_folder) as server:
        ada, old = await server.device("ada"), ""
        with monkeypatch.context() as eleven_minutes_ago:
            clock = server.parts.sockets.clock
            eleven_minutes_ago.setattr(clock, "now", lambda: datetime.now(UTC) - timedelta(minutes=11))
            old, _ = server.parts.accounts.tokens.issue(UserId(ada.user_id), DeviceId(ada.device_id))
        async with unchanged(database):
            assert (await ada.ask("renew", token=old))["code"] == "token_expired"
            answer = await server.http.get("/v1/me", headers={"Authorization": f"Bearer {old}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")
            late = await Device(server, ada.credentials).connect(greet=False)
            await greet(late, token=old)
            error = await late.next("error")
            assert (error["code"], error["fatal"]) == ("token_expired", True)
            assert await late.closed() == 4401


async def test_whoever_does_not_greet_first_is_closed_with_4408(ada: Device, here: int, database: Database) -> None:
    silent = await Device(ada.server, ada.credentials).connect(greet=False)
    async with unchanged(database):
        await silent.say(**a_send(here))
        error = await silent.next("error")
        assert (error["code"], error["fatal"]) == ("unauthenticated", True)
        assert await silent.closed() == 4408


async def test_a_second_greeting_is_refused_and_the_session_goes_on(ada: Device, here: int) -> None:
    await greet(ada)
    error = await ada.next("error")
    assert (error["code"], error["path"]) == ("bad_request", "$.type")
    assert (await ada.send(here, "on we go"))["type"] == "sent"


@asynccontextmanager
async def handshake(server: Server, **how: Any) -> AsyncGenerator[InvalidStatus]:
    address = f"{server.url.replace('http', 'ws', 1)}/v1/ws"
    with pytest.raises(InvalidStatus) as refusal:
        await connect(address, **how)
    yield refusal.value


async def test_a_foreign_page_may_not_connect_and_not_sign_in(server: Server, database: Database) -> None:
    json_ = [Subprotocol("seriatim.v1.json")]
    async with unchanged(database):
        for origin in ("https://evil.example", "null", "file://", "http://[", "http://[evil"):
            async with handshake(server, origin=Origin(origin), subprotocols=json_) as refusal:
                problem = json.loads(refusal.response.body or b"")
                assert (refusal.response.status_code, problem["code"]) == (403, "forbidden")
            answer = await server.http.post(
                "/v1/auth/log-in",
                json={"name": "x", "password": PASSWORD, "device": {"name": "x"}},
                headers={"Origin": origin},
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("offered", [None, ["soap"], ["seriatim.v2.json"]])
async def test_an_unknown_subprotocol_is_400(server: Server, offered: list[str] | None) -> None:
    names = None if offered is None else [Subprotocol(name) for name in offered]
    async with handshake(server, subprotocols=names) as refusal:
        problem = json.loads(refusal.response.body or b"")
        assert (refusal.response.status_code, problem["code"]) == (400, "bad_request")


async def test_a_name_is_given_once_however_it_is_written(server: Server, database: Database) -> None:
    name = f"Zoë {key()[:23]}"

    def request(name: str) -> dict[str, Any]:
        return {"name": name, "password": PASSWORD, "device": {"name": "x", "kind": "test"}}

    assert (await server.http.post("/v1/auth/sign-up", json=request(name))).status_code == 201
    async with unchanged(database):
        for again in (name, name.upper(), name.replace("ë", "e\u0308")):
            answer = await server.http.post("/v1/auth/sign-up", json=request(again))
            assert answer.status_code == 409
            problem = answer.json()
            assert (problem["code"], problem["path"], problem["reason"]) == ("conflict", "$.name", "name_taken")
