"""Everything that a socket can ask, HTTP can, and the SDK asks all of it: a table says what is left out, and why.

Commands and routes come from their tables, and so do the SDK's methods: each is called, and what it asks is noted.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import product
from typing import Any, BinaryIO, Union, get_args, get_origin

import pytest

from contracts.test_authorization_callers import COMMANDS, OPERATIONS
from seriatim.client.bots import Calls
from seriatim.client.client import Client
from seriatim.client.http import Http
from seriatim.client.membership import Membership
from seriatim.client.messages import Messages
from seriatim.client.own import Own
from seriatim.client.server.admin import Admin
from seriatim.client.server.me import MyAccount
from seriatim.client.server.webhooks import Hooks
from seriatim.client.store import MemoryStore
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.protocol.commands import Command, SendMessage
from seriatim.protocol.fields import ConversationKind, Role
from seriatim.protocol.http.groups import ChangeGroup
from seriatim.protocol.http.moderation import Resolution
from seriatim.protocol.own.settings import ChangeSettings
from seriatim.protocol.resources import NewDevice

ONLY_ON_SOCKETS = {
    "hello": "the beginning of a socket",
    "ping": "its heartbeat",
    "focus": "what a screen shows: only sockets are told of it",
    "typing": "a signal of 6 s, from who looks at a conversation",
    "received": "what a device holds of what it was told on a socket",
    "renew": "the token of a socket; over HTTP each request has its own",
    "compare": "how a device that holds a log finds where it differs",
    "answer_slash": "within 3 s of a call that was told on a socket; a bot without one is called at its URL",
}
"""Commands without a route."""
BY_THE_LINK = {
    "hello": "Client.__aenter__",
    "ping": "the link",
    "renew": "the link",
    "received": "the client, every 2 s",
    "compare": "the link, when the log is another one",
    "fetch": "the link, and Client.history",
    "focus": "Client.view.focus",
    "typing": "Client.view.type",
    "read": "Client.read",
    "read_all": "over HTTP: Client.own.read_all",
    "draft": "over HTTP: Client.own.save_draft",
    "set_mine": "over HTTP: Client.own.set_mine, Client.own.follow",
    "set_presence": "over HTTP: Client.me.choose_presence",
    "slash": "over HTTP: Client.messages.slash",
    "answer_slash": "Client.calls.answer",
}
"""Commands that the SDK says otherwise than by `Client.submit`."""
NOT_IN_THE_SDK = {
    "health": "for who runs the server",
    "ask_password_reset": "a page for who cannot log in",
    "reset_password": "a link that was mailed",
    "confirm_mail_address": "a link that was mailed",
    "unsubscribe": "a link that was mailed",
    "call_webhook": "for programs that have no account",
    "emoji_picture": "Http.download of the path that an emoji has",
    "download_export": "Http.download of the path that an export has",
    "follow_invitation": "Membership.follow is the command `join`",
    "get_settings": "told at the beginning and kept: Own.settings",
}
"""Routes without a method of the SDK."""

ID = 7
_ASKED: list[tuple[str, str]] = []
_SAID: list[str] = []


class AskedError(Exception):
    """It was asked: nothing more is looked at."""


class Noting(Http):
    """Notes what is asked, and asks nothing."""

    def __init__(self) -> None:
        super().__init__("http://nowhere.invalid")

    async def ask(self, method: str, path: str, *_: Any, **__: Any) -> Any:
        _ASKED.append((method, path))
        raise AskedError

    async def download(self, path: str, *_: Any, **__: Any) -> None:
        _ASKED.append(("GET", path))
        raise AskedError


class NotingClient(Client):
    """Notes the commands that would be kept and sent."""

    def __init__(self) -> None:
        pass

    async def submit(self, command: Command, **_: Any) -> Any:
        _SAID.append(str(command.__struct_config__.tag))
        raise AskedError


SAMPLES: dict[Any, Any] = {
    str: "words",
    int: ID,
    bool: True,
    bytes: b"picture",
    datetime: datetime(2030, 1, 1, tzinfo=UTC),
    NewDevice: NewDevice(name="test", kind="test"),
    SendMessage: SendMessage(id=0, client_id=uuid7(), conversation_id=ConversationId(ID), body="words"),
    ChangeSettings: ChangeSettings(),
    ChangeGroup: ChangeGroup(),
    ConversationKind: ConversationKind.GROUP,
    Role: Role.MEMBER,
    Resolution: Resolution.NOTHING,
    BinaryIO: BytesIO(),
}


def samples(kind: Any) -> list[Any]:
    """Return values of this type, one for each part of a union."""
    if kind is None or kind is types.NoneType:
        return [None]
    if get_origin(kind) in (Union, types.UnionType):
        return [value for part in get_args(kind) for value in samples(part)]
    if get_origin(kind) is tuple:
        return [tuple(samples(part)[0] for part in get_args(kind))]
    if get_origin(kind) is not None:  # some of them
        return [[]]
    kind = getattr(kind, "__supertype__", kind)
    return [SAMPLES[kind]]


def calls(method: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Return what to call a method with: all that it asks for, in each way that it takes."""
    hints = typing.get_type_hints(inspect.unwrap(method))
    needed = [
        one
        for one in inspect.signature(method).parameters.values()
        if one.name != "self" and one.default is one.empty and one.kind is not one.VAR_KEYWORD
    ]
    named = [one for one in needed if one.kind is not one.VAR_POSITIONAL]
    for values in product(*(samples(hints[one.name]) for one in named)):
        yield dict(zip((one.name for one in named), values, strict=True))


def methods(part: type) -> list[str]:
    return [
        name
        for name, value in vars(part).items()
        if not name.startswith("_") and (inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value))
    ]


def parts() -> Iterable[Any]:
    http, client = Noting(), NotingClient()
    return (
        http,
        client,
        Membership(client.submit, http),
        Messages(client.submit, http),
        Own(http, MemoryStore(), UserId(ID)),
        Calls(http, lambda _actions: None),
        MyAccount(http),
        Hooks(http),
        Admin(http),
    )


OF_THE_SDK_ITSELF = {
    "close",
    "page",
    "pages",
    "ask",
    "download",
    "submit",
    "open",
    "bot",
    "resume",
    "entries",
    "history",
}


@pytest.fixture
async def asked() -> tuple[set[str], set[str]]:
    """Return the routes and the commands that the SDK's methods come to."""
    _ASKED.clear()
    _SAID.clear()
    for part in parts():
        kind = next(one for one in type(part).mro() if not one.__name__.startswith("Noting"))
        for name in methods(kind):
            if name in OF_THE_SDK_ITSELF:
                continue
            method = getattr(part, name)
            for values in calls(method):
                before = len(_ASKED) + len(_SAID)
                with pytest.raises(AskedError):
                    await _first(method(**values))
                assert len(_ASKED) + len(_SAID) == before + 1, f"{kind.__name__}.{name} asks nothing"
    return {operation(method, path) for method, path in _ASKED}, set(_SAID)


async def _first(called: Any) -> None:
    await (anext(called) if inspect.isasyncgen(called) else called)


def operation(method: str, path: str) -> str:
    """Return the operation that a request means; what is written in full wins over what stands for anything."""
    found = [
        (template.count("{"), name)
        for name, (its_method, template) in OPERATIONS.items()
        if its_method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    assert found, f"{method} {path} is no route"
    return min(found)[1]


def test_every_command_has_a_route_or_says_why_not() -> None:
    assert set(COMMANDS) - set(OPERATIONS) == set(ONLY_ON_SOCKETS)


def test_the_sdk_says_every_command(asked: tuple[set[str], set[str]]) -> None:
    _, said = asked
    assert set(COMMANDS) - said == set(BY_THE_LINK)


def test_the_sdk_asks_every_route_or_says_why_not(asked: tuple[set[str], set[str]]) -> None:
    routes, said = asked
    assert set(OPERATIONS) - routes - said - {"fetch", "read"} == set(NOT_IN_THE_SDK)
