"""Limits in time: rates with the wait they name, and how long silence and tokens are borne."""

import asyncio
import itertools
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pictures import custom_emoji
from rows import unchanged
from seriatim.core.ids import uuid7
from seriatim.protocol.limits import (
    HEARTBEAT_S,
    HELLO_WITHIN_S,
    PONG_WITHIN_S,
    REFUSED_FRAMES,
    REFUSED_FRAMES_WINDOW_S,
    TOKEN_GRACE_S,
    TOKEN_LIFE_S,
    Rate,
)
from seriatim.storage.postgres.database import Database
from world import PASSWORD, UNLIMITED, Device, Server, serving

BURST = 3
SLOW = Rate(0.5, BURST)
"""A token comes every two seconds, of a clock that tests move."""
Move = Callable[[Server, float], None]


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Move:
    """Return what moves a server's clock forward and lets its wheel look at whoever is due."""

    def moved(server: Server, seconds: float) -> None:
        clock = server.parts.sockets.clock
        now, monotonic = clock.now, clock.monotonic
        monkeypatch.setattr(clock, "now", lambda: now() + timedelta(seconds=seconds))
        monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + seconds)
        server.parts.sockets.wheel.turn()

    return moved


@pytest.fixture
def limited(postgres_dsn: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what runs a server with this one rate slow and its clock at rest: `move` brings the next token."""

    @asynccontextmanager
    async def run(name: str, rate: Rate = SLOW) -> AsyncGenerator[Server]:
        rates = msgspec.structs.replace(UNLIMITED, **{name: rate})
        async with serving(postgres_dsn, data_folder, rates=rates) as server:
            clock = server.parts.sockets.clock
            here = math.ceil(clock.monotonic())
            monkeypatch.setattr(clock, "monotonic", lambda: here)
            yield server

    return run


async def sending(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    return lambda key: ada.command("send", conversation_id=here, body="hi", client_id=key)


async def sending_together(ada: Device, bob: Device) -> Callable[[str], Any]:
    """The two use one conversation's rate up; nobody is its owner or admin."""
    here = await ada.direct(bob)
    assert (await bob.send(here, "mine"))["type"] == "sent"
    count = iter(range(BURST))

    async def speak(key: str) -> Any:
        speaker = bob if next(count, 0) % 2 else ada
        return await speaker.command("send", conversation_id=here, body="hi", client_id=key)

    return speak


async def creating(ada: Device, bob: Device) -> Callable[[str], Any]:
    return lambda key: ada.command("create", kind="group", title=key, members=[bob.user_id], client_id=key)


async def inviting(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group()

    async def invite(key: str) -> Any:
        await ada.command("remove", conversation_id=here, user_id=bob.user_id)
        return await ada.command("invite", conversation_id=here, user_id=bob.user_id, client_id=key)

    return invite


async def removing(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group()

    async def remove(key: str) -> Any:
        await ada.command("invite", conversation_id=here, user_id=bob.user_id)
        return await ada.command("remove", conversation_id=here, user_id=bob.user_id, client_id=key)

    return remove


async def coming_and_going(ada: Device, bob: Device) -> Callable[[str], Any]:
    made = await ada.command("create", kind="channel", title=str(uuid7()), visibility="public")
    verbs = itertools.cycle(["join", "leave"])
    verb = next(verbs)

    async def move(key: str) -> Any:
        nonlocal verb
        answer = await bob.command(verb, conversation_id=made["conversation_id"], client_id=key)
        if answer["type"] == "sent":
            verb = next(verbs)
        return answer

    return move


async def promoting(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    roles = itertools.cycle(["admin", "member"])
    role = next(roles)

    async def promote(key: str) -> Any:
        nonlocal role
        answer = await ada.command("set_role", conversation_id=here, user_id=bob.user_id, role=role, client_id=key)
        if answer["type"] == "sent":
            role = next(roles)
        return answer

    return promote


async def renaming(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    return lambda key: ada.command("set_settings", conversation_id=here, title=key, client_id=key)


async def choosing(ada: Device, _bob: Device) -> Callable[[str], Any]:
    return lambda key: ada.ask("set_presence", text=key)


async def changing(ada: Device, bob: Device) -> Callable[[str], Any]:
    """Every command on a message, one after the other, draws on one bucket."""
    here = await ada.group(bob)
    said = (await ada.send(here, "words"))["seq"]
    asked = (await ada.command("start_poll", conversation_id=here, question="?", options=["a", "b"]))["seq"]
    changes = itertools.cycle(
        [
            ("react", {"target_seq": said, "emoji": "👍"}),
            ("unreact", {"target_seq": said, "emoji": "👍"}),
            ("vote", {"target_seq": asked, "options": [0]}),
            ("pin", {"target_seq": said}),
            ("edit", {"target_seq": said, "body": "other words"}),
            ("unpin", {"target_seq": said}),
            ("close_poll", {"target_seq": asked}),
            ("delete", {"target_seq": said}),
        ]
    )
    change = next(changes)

    async def act(key: str) -> Any:
        nonlocal change
        answer = await ada.command(change[0], conversation_id=here, client_id=key, **change[1])
        if answer["type"] == "sent":
            change = next(changes)
        return answer

    return act


async def asking(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    return lambda key: ada.command("start_poll", conversation_id=here, question=key, options=["a", "b"], client_id=key)


async def forwarding(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    said = await ada.send(here, "words")
    source = {"source_conversation_id": here, "source_seq": said["seq"]}
    return lambda key: ada.command("forward", conversation_id=here, client_id=key, **source)


async def pinning(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    return lambda _key: ada.ask("set_mine", conversation_id=here, pinned=True)


async def fetching(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    return lambda _key: ada.ask("fetch", conversation_id=here)


async def comparing(ada: Device, bob: Device) -> Callable[[str], Any]:
    here = await ada.group(bob)
    return lambda key: ada.ask("compare", entries=[[here, 1, key, "2026-01-01T00:00:00Z"]])


@pytest.mark.parametrize(
    "case",
    [
        ("send", sending, 0),
        ("conversation_send", sending_together, 1),
        ("create", creating, 0),
        ("invite", inviting, 0),
        ("change", removing, 0),
        ("change", coming_and_going, 0),
        ("change", promoting, 0),
        ("change", renaming, 0),
        ("change", choosing, 0),
        ("edit", changing, 0),
        ("send", asking, 0),
        ("send", forwarding, 1),
        ("fetch", fetching, 0),
        ("fetch", comparing, 0),
        ("own", pinning, 0),
    ],
)
async def test_beyond_a_rate_the_same_key_succeeds_after_the_wait_that_was_named(
    limited: Callable[..., Any], move: Move, database: Database, case: tuple[str, Any, int]
) -> None:
    rate, prepare, used = case
    async with limited(rate) as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        act = await prepare(ada, bob)
        for _ in range(BURST - used):
            assert (await act(str(uuid7())))["type"] in {"sent", "page", "compared", "ok"}
        key = str(uuid7())
        if prepare in (inviting, removing):  # they make room, or fill it, first: that changes rows
            refused = await act(key)
        else:
            async with unchanged(database):
                refused = await act(key)
        assert refused["code"] == "rate_limited"
        assert 1_500 < refused["retry_after_ms"] <= 2_000
        move(server, refused["retry_after_ms"] / 1000)
        answer = await act(key)
        assert answer["type"] in {"sent", "page", "compared", "ok"}
        assert "duplicate" not in answer
        assert (await act(str(uuid7())))["code"] == "rate_limited", "one token had come, no more"


async def test_owners_and_admins_are_spared_the_rate_of_their_conversation(limited: Callable[..., Any]) -> None:
    async with limited("conversation_send") as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        here = await ada.group(bob)
        for _ in range(BURST):
            assert (await bob.send(here, "hi"))["type"] == "sent"
        key = str(uuid7())
        async with asyncio.timeout(1):  # a token takes two seconds
            while (answer := await ada.send(here, "order!", client_id=key))["type"] != "sent":
                assert answer["code"] == "rate_limited"
        for _ in range(2 * BURST):
            assert (await ada.send(here, "order!"))["type"] == "sent"
        assert (await bob.send(here, "hi"))["code"] == "rate_limited", "members are many, and not spared"


async def test_frames_of_any_kind_have_a_rate_per_session(limited: Callable[..., Any], move: Move) -> None:
    async with limited("frames", Rate(0.5, 10)) as server:
        ada = await server.device("ada")
        for _ in range(9):  # hello was the first
            await ada.ask("fetch", conversation_id=1)
        refused = await ada.ask("fetch", conversation_id=1)
        assert (refused["code"], refused["reason"]) == ("rate_limited", "frames")
        other = await server.greeted(ada.credentials)
        assert (await other.ask("fetch", conversation_id=1))["code"] == "not_found", "another session has its own"
        await ada.say(type="ping")
        assert (await ada.next("error"))["code"] == "rate_limited"
        move(server, refused["retry_after_ms"] / 1000)
        assert (await ada.ask("fetch", conversation_id=1))["code"] == "not_found"


async def http(server: Server, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    answer = await server.http.request(method, path, **more)
    has_json = "json" in answer.headers.get("content-type", "")
    return answer.status_code, answer.json() if has_json else {}, dict(answer.headers)


async def searching(server: Server, ada: Device) -> Callable[[], Any]:
    return partial(http, server, "GET", "/v1/users?name=a", headers=ada.headers)


async def taking_another_name(server: Server, ada: Device) -> Callable[[], Any]:
    return lambda: http(server, "PATCH", "/v1/me", headers=ada.headers, json={"display_name": str(uuid7())})


def listing(path: str) -> Callable[[Server, Device], Any]:
    async def prepare(server: Server, ada: Device) -> Callable[[], Any]:
        return partial(http, server, "GET", path.format(await ada.group()), headers=ada.headers)

    return prepare


async def refreshing(server: Server, ada: Device) -> Callable[[], Any]:
    async def refresh() -> Any:
        answer = await http(server, "POST", "/v1/auth/refresh", json={
            "device_id": ada.device_id, "refresh_token": ada.credentials["refresh_token"],
        })  # fmt: skip
        if answer[0] == 200:
            ada.credentials["refresh_token"] = answer[1]["refresh_token"]
        return answer

    return refresh


async def guessing(server: Server, ada: Device) -> Callable[[], Any]:
    body = {"name": ada.name, "password": PASSWORD, "device": {"name": "x", "kind": "test"}}
    return partial(http, server, "POST", "/v1/auth/log-in", json=body)


async def signing_up(server: Server, _ada: Device) -> Callable[[], Any]:
    body = {"password": PASSWORD, "device": {"name": "x", "kind": "test"}}
    return lambda: http(server, "POST", "/v1/auth/sign-up", json=body | {"name": str(uuid7())})


async def reporting(server: Server, ada: Device) -> Callable[[], Any]:
    here = await ada.group()
    sent = await ada.send(here, "words")
    path = f"/v1/conversations/{here}/reports"
    return partial(http, server, "POST", path, headers=ada.headers, json={"seq": sent["seq"]})


async def unsubscribing(server: Server, _ada: Device) -> Callable[[], Any]:
    return partial(http, server, "POST", "/v1/mail/unsubscribe/none")


async def forgetting_an_address(server: Server, ada: Device) -> Callable[[], Any]:
    return partial(http, server, "DELETE", "/v1/me/mail", headers=ada.headers)


async def banning(server: Server, ada: Device) -> Callable[[], Any]:
    here, other = await ada.group(), await server.device("other")
    path = f"/v1/conversations/{here}/bans/{other.user_id}"
    return partial(http, server, "PUT", path, headers=ada.headers)


async def removing_emoji(server: Server, ada: Device) -> Callable[[], Any]:
    database = server.parts.database
    async with database.transaction() as connection:
        await connection.execute("update users set server_admin = true where id = %s", [ada.user_id])
    names = [f"e{uuid7().hex[-12:]}" for _ in range(BURST + 2)]
    await custom_emoji(database, *names)
    left = iter(names)

    async def remove() -> Any:
        return await http(server, "DELETE", f"/v1/emoji/{next(left)}", headers=ada.headers)

    return remove


async def test_tokens_of_invitations_are_tried_at_a_rate_by_whatever_door(
    limited: Callable[..., Any], database: Database
) -> None:
    async with limited("invitation") as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        here = await ada.group()
        token = (await ada.http("POST", f"/v1/conversations/{here}/invitations", json={})).json()["token"]

        async def tries(said: str) -> list[str]:
            joined = await bob.command("join", conversation_id=here, invitation=said)
            body = {"client_id": str(uuid7())}
            answers = [
                await bob.http("GET", f"/v1/invitations/{said}"),
                await bob.http("POST", f"/v1/invitations/{said}", json=body),
            ]
            return [joined["code"], *(answer.json()["code"] for answer in answers)]

        for _ in range(BURST // 3):
            assert await tries("x" * 22) == ["not_found"] * 3
        async with unchanged(database):
            while "not_found" in await tries("y" * 22):
                pass
            assert await tries(token) == ["rate_limited"] * 3, "also the right one: nobody learns that it is"


@pytest.mark.parametrize(
    "case",
    [
        ("search_users", searching, 0),
        ("search_users", taking_another_name, 0),
        ("lists", listing("/v1/conversations"), 0),
        ("lists", listing("/v1/conversations/{}"), 0),
        ("lists", listing("/v1/conversations/{}/members"), 0),
        ("lists", listing("/v1/channels"), 0),
        ("lists", listing("/v1/me/unreads"), 0),
        ("lists", listing("/v1/emoji"), 0),
        ("change", removing_emoji, 0),
        ("refresh", refreshing, 0),
        ("log_in_account", guessing, 0),
        ("log_in_address", guessing, 1),
        ("sign_up_address", signing_up, 1),
        ("reset_address", unsubscribing, 0),
        ("mail", forgetting_an_address, 0),
        ("report", reporting, 0),
        ("change", banning, 0),
        ("export", listing("/v1/conversations/{}/export"), 0),
    ],
)
async def test_a_rate_over_http_is_429_with_retry_after(
    limited: Callable[..., Any], move: Move, database: Database, case: tuple[str, Any, int]
) -> None:
    rate, prepare, used = case
    async with limited(rate) as server:
        act = await prepare(server, await server.device("ada"))
        for _ in range(BURST - used):
            assert (await act())[0] in {200, 201, 204}
        async with unchanged(database):
            status, problem, headers = await act()
        assert (status, problem["code"], headers["retry-after"]) == (429, "rate_limited", "2")
        move(server, problem["retry_after_ms"] / 1000)
        assert (await act())[0] in {200, 201, 204}


# --- silence and age --------------------------------------------------------------------------------------------------


async def heard(*devices: Device) -> None:
    """Let these devices ping, without the second that a pong may take."""
    for device in devices:
        await device.say(type="ping")
        assert (await device.ask("fetch", conversation_id=1))["code"] == "not_found"


async def test_who_says_no_hello_in_10_s_is_closed_with_4408(server: Server, move: Move) -> None:
    ada = await server.device("ada")
    silent, slow = Device(server, ada.credentials), Device(server, ada.credentials)
    await silent.connect(greet=False)
    await slow.connect(greet=False)
    move(server, HELLO_WITHIN_S - 2)
    await slow.say(
        type="hello",
        token=ada.credentials["access_token"],
        device_id=ada.device_id,
        client={"name": "test", "version": "1"},
    )
    assert (await slow.next("welcome"))["type"] == "welcome"
    move(server, 4)
    assert await silent.closed() == 4408
    await heard(slow)
    await slow.close()


async def test_who_does_not_ping_is_closed_with_4002_and_who_does_is_not(server: Server, move: Move) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    move(server, HEARTBEAT_S + PONG_WITHIN_S - 3)
    await heard(ada)
    move(server, 5)
    assert await bob.closed() == 4002
    await heard(ada)


async def test_a_socket_outlives_its_token_by_a_minute_unless_it_is_renewed(server: Server, move: Move) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")

    left_s = TOKEN_LIFE_S + TOKEN_GRACE_S
    while left_s > 30:
        move(server, 30)
        left_s -= 30
        if left_s == 330:
            answer = await server.http.post("/v1/auth/refresh", json={
                "device_id": ada.device_id, "refresh_token": ada.credentials["refresh_token"],
            })  # fmt: skip
            renewed = await ada.ask("renew", token=answer.json()["access_token"])
            assert renewed["type"] == "ok"
        await heard(ada, bob)
    move(server, 32)
    assert await bob.closed() == 4401
    await heard(ada)


async def test_refused_frames_are_forgiven_after_a_minute(server: Server, move: Move) -> None:
    ada = await server.device("ada")
    for _ in range(3):
        for _ in range(REFUSED_FRAMES):
            await ada.say_raw("{")
            assert (await ada.next("error"))["code"] == "bad_frame"
        for _ in range(3):
            move(server, REFUSED_FRAMES_WINDOW_S / 3 + 1)
            await heard(ada)
