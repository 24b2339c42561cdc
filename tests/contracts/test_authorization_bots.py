"""What bots may do: every command and route crossed with what a token may be for; what is not listed is refused."""

import re
from typing import Any, get_args

import msgspec
import pytest

from scenarios.test_bots import admin, make_bot
from seriatim.core.errors import ChatError, Forbidden
from seriatim.core.ids import DeviceId, UserId, uuid7
from seriatim.gateway import scopes
from seriatim.protocol.commands import AnyCommand, SendMessage
from seriatim.protocol.sender import Scope, Sender
from world import Device, Server

COMMANDS: dict[str, type[AnyCommand]] = {command.__struct_config__.tag: command for command in get_args(AnyCommand)}
OF_THE_SESSION = {"hello", "ping", "focus", "typing", "received"}
"""Frames that a session takes itself: a bot has one only if its token is for reading."""
READ, SEND, REACT, MANAGE = Scope
TABLE: dict[str, Scope | None] = {
    **dict.fromkeys(("fetch", "compare", "read", "read_all"), READ),
    **dict.fromkeys(("send", "edit", "delete", "forward", "start_poll", "close_poll"), SEND),
    **dict.fromkeys(("slash", "answer_slash", "set_presence"), SEND),
    **dict.fromkeys(("react", "unreact", "vote"), REACT),
    **dict.fromkeys(("create", "join", "leave", "invite", "remove", "set_role", "set_settings"), MANAGE),
    **dict.fromkeys(("pin", "unpin"), MANAGE),
    **dict.fromkeys(("draft", "set_mine", "renew"), None),
}
"""Per command the one scope that lets a bot do it; None: no bot does."""
FIELDS: dict[str, Any] = {
    "conversation_id": 1,
    "user_id": 1,
    "seq": 1,
    "target_seq": 1,
    "source_conversation_id": 1,
    "source_seq": 1,
    "entries": [],
    "kind": "group",
    "body": "words",
    "role": "admin",
    "name": "deploy",
    "text": "words",
    "call_id": "none",
    "emoji": "👍",
    "question": "?",
    "options": ["a", "b"],
    "token": "none",
    "changed_at": "2026-01-01T00:00:00Z",
}
BY_ROUTE: dict[str, Scope] = {
    **dict.fromkeys(("me", "find_users", "list_conversations", "list_channels", "get_conversation", "search"), READ),
    **dict.fromkeys(("list_members", "list_slash_commands", "list_groups", "list_receipts", "list_emoji"), READ),
    **dict.fromkeys(
        ("list_threads", "list_followers", "list_versions", "list_reactions", "list_pins", "list_votes"), READ
    ),
    "set_slash_commands": SEND,
}
"""Per route that is no command the one scope that a bot needs; the others no bot asks."""
TOKENS: list[tuple[Scope, ...]] = [(READ,), (SEND,), (REACT,), (MANAGE,), tuple(Scope)]


def test_every_command_is_listed() -> None:
    assert set(COMMANDS) == OF_THE_SESSION | set(TABLE)


@pytest.mark.promise("I1")
@pytest.mark.parametrize("held", [(), *TOKENS], ids="+".join)
async def test_a_bot_does_what_its_token_is_for(server: Server, held: tuple[Scope, ...]) -> None:
    known = await make_bot(await admin(server), "bot")
    bot = Sender(UserId(known["user_id"]), DeviceId(known["device_id"]), frozenset(held))
    for type_, needed in TABLE.items():
        fields = FIELDS | {"options": [0]} if type_ == "vote" else FIELDS
        named = {name: fields[name] for name in COMMANDS[type_].__struct_fields__ if name in fields}
        wish: Any = msgspec.convert(named | {"type": type_, "id": 1, "client_id": str(uuid7())}, AnyCommand)
        refused = needed not in held
        assert await is_refused(server, wish, bot) is refused, type_
        if isinstance(wish, SendMessage):
            assert sends(server, wish, bot) is not refused, "on a socket, too"


async def operations(server: Server) -> list[tuple[str, str, str]]:
    """Return id, method and path of every route that asks for a token."""
    document = (await server.http.get("/v1/openapi.json")).json()
    return [
        (operation["operationId"], method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security") != []
    ]


async def is_refused(server: Server, wish: Any, bot: Sender) -> bool:
    """Say whether it is the scope that forbids it; this bot is in no conversation, so most else fails, too."""
    try:
        await server.parts.commands.run(wish, bot)
    except ChatError as error:
        return error.reason == "scope"
    except KeyError:
        return False  # a command of the session that reached the table
    return False


def sends(server: Server, wish: SendMessage, bot: Sender) -> bool:
    try:
        server.parts.commands.send(wish, bot, _Nobody(), None)
    except Forbidden:
        return False
    return True


class _Nobody:
    def stored(self, stored: object) -> None: ...
    def refused(self, error: ChatError) -> None: ...


@pytest.mark.promise("I1")
@pytest.mark.parametrize("held", TOKENS, ids="+".join)
async def test_a_bot_asks_what_its_token_is_for(server: Server, held: tuple[Scope, ...]) -> None:
    bot = Device(server, await make_bot(await admin(server), "bot", *held))
    for operation_id, method, path in await operations(server):
        path = re.sub(r"\{\w+\}", "1", path)  # noqa: PLW2901
        answer = await bot.http(method, path, json={} if method in ("POST", "PUT", "PATCH") else None)
        refused = answer.status_code == 403 and answer.json().get("reason") == "scope"
        if TABLE.get(operation_id) is not None:
            assert scopes.ROUTES[operation_id] is scopes.BY_COMMAND, "checked where all commands are"
        else:
            assert refused is (BY_ROUTE.get(operation_id) not in held), (operation_id, answer.text)
