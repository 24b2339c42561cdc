"""Who nobody is: every command and every route, asked without a good token, does nothing and says why.

Commands and routes come from their tables, so a new one is asked as soon as it is there.
"""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from litestar.di import Provide
from websockets.exceptions import ConnectionClosed

from seriatim.core.clock import ManualClock, SystemClock
from seriatim.core.ids import uuid7
from seriatim.features.accounts.keys import ACCESS_TOKENS, server_keys, server_secret
from seriatim.features.accounts.tokens import Tokens
from seriatim.gateway.http.documents import openapi_document
from seriatim.gateway.http.health import Standing, health_route
from seriatim.gateway.http.routes import ROUTES
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.commands import AnyCommand, Focus, Hello, Ping, Typing
from seriatim.protocol.limits import TOKEN_LIFE_S
from seriatim.protocol.own.commands import Received
from world import WITHIN_S, Device, Server

COMMANDS: dict[str, type[AnyCommand]] = {command.__struct_config__.tag: command for command in get_args(AnyCommand)}
ON_A_SOCKET = {
    "anonymous": ("unauthenticated", CloseCode.NO_HELLO),
    "forged": ("unauthenticated", CloseCode.NOT_AUTHENTICATED),
    "expired": ("token_expired", CloseCode.NOT_AUTHENTICATED),
    "revoked": ("unauthenticated", CloseCode.DEVICE_REVOKED),
}
"""Per standing the code of the error and of the close, whatever is asked."""
OVER_HTTP = {
    "anonymous": ("unauthenticated", None),
    "forged": ("unauthenticated", None),
    "expired": ("token_expired", None),
    "revoked": ("unauthenticated", "revoked"),
}
"""Per standing the code and the reason of the 401, whatever is asked."""
OF_THE_FEATURE = {"join": "conflict", "leave": "conflict", "set_role": "not_found"} | dict.fromkeys(
    ("slash", "answer_slash"), "not_found"
)
"""What the owner himself cannot do: he is a member, the only owner, whom he has just removed is none; no bot here."""
FIRST_MESSAGE = 2
ON_A_MEMBER = {"remove", "set_role"}
BY_LINK = {"ask_password_reset", "reset_password", "confirm_mail_address", "unsubscribe"}
"""Routes for who cannot log in, or has a link that was mailed."""
PUBLIC = BY_LINK | {"health", "sign_up", "log_in", "refresh", "call_webhook", "emoji_picture", "download_export"}
"""Routes that ask for no access token; `refresh` asks for its own kind, `call_webhook` for a secret in its path.

A picture is for who knows its hash, an export for who has its link."""

GIVEN_BY_THE_SERVER = (
    "sender",
    "accounts",
    "devices",
    "database",
    "commands",
    "later",
    "tell",
    "traces",
    "bot_keeping",
    "slash_keeping",
    "hooks",
    "mail_keeping",
    "emoji_keeping",
    "export_keeping",
    "searching",
    "presence",
)
DOCUMENT = openapi_document(
    [health_route(Standing(lambda: None)), *ROUTES],
    {name: Provide(lambda: None, sync_to_thread=False) for name in GIVEN_BY_THE_SERVER},
)
OPERATIONS: dict[str, tuple[str, str]] = {
    operation["operationId"]: (method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
STATE = """
select (select jsonb_agg(c) from conversations c where c.id = %(conversation_id)s),
    (select jsonb_agg(m order by m.user_id) from members m where m.conversation_id = %(conversation_id)s),
    (select count(*) from members m where m.user_id = %(user_id)s),
    (select jsonb_agg(d order by d.id) from devices d where d.user_id = %(user_id)s)"""


@dataclass
class Scene:
    """Ada, who owns a conversation and so may do everything there, and what her lesser selves would show."""

    server: Server
    ada: Device
    tokens: dict[str, str | None]
    revoked_id: int
    conversation_id: int
    fields: dict[str, Any]
    """By name, what the frames and bodies of any request may hold; `user_id` is no member."""
    member_id: int
    of_verbs: dict[str, dict[str, Any]]
    """By verb, the fields in which it differs."""

    def known(self, verb: str) -> dict[str, Any]:
        """Return the fields of one request, with a fresh key."""
        concerned = {"user_id": self.member_id} if verb in ON_A_MEMBER else {}
        return self.fields | concerned | self.of_verbs.get(verb, {}) | {"client_id": str(uuid7())}

    def command(self, command: type[AnyCommand]) -> dict[str, Any]:
        """Return a command that is right in everything."""
        type_ = command.__struct_config__.tag
        known = self.known(type_) | {"id": 1, "token": self.ada.credentials["access_token"]}
        return {"type": type_, **{name: known[name] for name in command.__struct_fields__ if name in known}}

    def hello(self, standing: str) -> dict[str, Any]:
        device_id = self.revoked_id if standing == "revoked" else self.ada.device_id
        return self.command(Hello) | {"token": self.tokens[standing], "device_id": device_id}

    async def state(self) -> object:
        """Return all that a refused request must not have changed."""
        named = {"conversation_id": self.conversation_id, "user_id": self.ada.user_id}
        async with self.server.parts.database.read() as connection:
            return await (await connection.execute(STATE, named)).fetchone()

    async def request(self, operation_id: str, token: str | None) -> Any:
        method, path = OPERATIONS[operation_id]
        known = self.known(operation_id) | {"token": "none"}
        path = re.sub(r"\{(\w+)\}", lambda match: str(known[match[1]]), path)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        body = known if method in ("POST", "PATCH") else None
        return await self.server.http.request(method, path, headers=headers, json=body)


@pytest.fixture
async def scene(server: Server, data_folder: Path) -> Scene:
    ada, bob, eve = [await server.device(name) for name in ("ada", "bob", "eve")]
    lost = await server.another_device(ada)
    conversation_id = await ada.group(bob)
    assert (await ada.send(conversation_id, "words"))["seq"] == FIRST_MESSAGE
    other = (await ada.send(conversation_id, "other words"))["seq"]
    poll = (await ada.command("start_poll", conversation_id=conversation_id, question="which", options=["a", "b"]))[
        "seq"
    ]
    assert (await ada.http("DELETE", f"/v1/devices/{lost.device_id}")).is_success
    async with asyncio.timeout(WITHIN_S):
        while not server.parts.revocations.revoked(lost.device_id):
            await asyncio.sleep(0.01)
    assert await lost.closed() == CloseCode.DEVICE_REVOKED, "its socket is not heard either"
    clock = SystemClock()
    keys = await server_keys(server.parts.database, server_secret(data_folder, None), ACCESS_TOKENS, clock)
    before = ManualClock(clock.now())
    before.advance(-TOKEN_LIFE_S - 1)
    return Scene(
        server,
        ada,
        {
            "anonymous": None,
            "forged": Tokens({"another": bytes(32)}, clock).issue(ada.user_id, ada.device_id)[0],
            "expired": Tokens(keys, before).issue(ada.user_id, ada.device_id)[0],
            "revoked": lost.credentials["access_token"],
        },
        lost.device_id,
        conversation_id,
        {
            "client": {"name": "test", "version": "1"},
            "device_id": ada.device_id,
            "conversation_id": conversation_id,
            "user_id": eve.user_id,
            "seq": 1,
            "after": 0,
            "entries": [],
            "kind": "group",
            "title": "Another",
            "body": "mine",
            "role": "admin",
            "name": "another",
            "text": "words",
            "changed_at": "2026-01-01T00:00:00Z",
            "pinned": True,
            "seqs": {str(conversation_id): 1},
            "scheduled_id": 1,
            "reminder_id": 1,
            "call_id": "none",
            "webhook_id": 1,
            "secret": "none",
            "invitation_id": 1,
            "report_id": 1,
            "group_id": 1,
            "user_ids": [eve.user_id],
            "until": "2100-01-01T00:00:00Z",
            "resolution": "nothing",
            "emoji": "\N{THUMBS UP SIGN}",
            "picture": "",
            "digest": "none",
            "question": "which",
            "options": ["one", "other"],
            "target_seq": FIRST_MESSAGE,
            "source_conversation_id": conversation_id,
            "source_seq": FIRST_MESSAGE,
        },
        bob.user_id,
        {
            "delete": {"target_seq": other},
            "vote": {"target_seq": poll, "options": [0]},
            "close_poll": {"target_seq": poll},
        },
    )


@pytest.mark.promise("I1")
@pytest.mark.parametrize("standing", ON_A_SOCKET)
async def test_no_command_is_done_for_nobody(scene: Scene, standing: str) -> None:
    code, close_code = ON_A_SOCKET[standing]
    before = await scene.state()
    for type_, command in COMMANDS.items():
        frames = [] if standing == "anonymous" else [scene.hello(standing)]
        if command is not Hello:
            frames.append(scene.command(command))
        if not frames:
            continue  # a hello without any token is no hello
        device = Device(scene.server, scene.ada.credentials)
        await device.connect(greet=False)
        await device.say_raw(msgspec.json.encode(frames).decode())  # in one message: the command is there before the no
        answer = await device.next()
        assert (answer["type"], answer["code"], answer["fatal"]) == ("error", code, True), type_
        with pytest.raises(ConnectionClosed):
            await device.next()
        assert device.close_code == close_code, type_
    assert await scene.state() == before


async def test_the_same_commands_are_done_for_their_owner(scene: Scene) -> None:
    """Guard the test above: what is wrong in itself would be refused for another reason."""
    device = Device(scene.server, scene.ada.credentials)
    await device.connect(greet=False)
    await device.say(**scene.command(Hello))
    assert (await device.next())["type"] == "welcome"
    for type_, command in COMMANDS.items():
        if command in (Hello, Ping, Focus, Typing, Received):
            await device.say(type="ping")
        else:
            await device.say(**scene.command(command))
        answer = await device.next("ok", "sent", "page", "compared", "pong", "error")
        assert answer.get("code") == OF_THE_FEATURE.get(type_), type_
    await device.close()


@pytest.mark.promise("I1")
@pytest.mark.parametrize("standing", OVER_HTTP)
async def test_no_route_does_anything_for_nobody(scene: Scene, standing: str) -> None:
    before = await scene.state()
    for operation_id in OPERATIONS.keys() - PUBLIC:
        answer = await scene.request(operation_id, scene.tokens[standing])
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem.get("reason")) == (401, *OVER_HTTP[standing]), operation_id
    assert await scene.state() == before


def test_every_route_that_asks_for_no_token_is_listed() -> None:
    public = {
        operation["operationId"]
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
        if operation.get("security") == []
    }
    assert public == PUBLIC
