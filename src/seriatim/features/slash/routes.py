"""Slash commands over HTTP: offered by bots, listed and called by people."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation
from msgspec import Struct

from seriatim.core.ids import UserId
from seriatim.features.slash import slash
from seriatim.protocol.answers import Slashed
from seriatim.protocol.commands import Command, Slash
from seriatim.protocol.http.bots import NewSlashCommands, SlashCommands, SlashSecret
from seriatim.protocol.http.parameters import Key
from seriatim.protocol.http.requests import body_of, command_of, known
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What the server lends a request."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...

    def changing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...

    async def run(self, command: Command, sender: Sender) -> Any:
        """Return the command's answer, or raise its ChatError."""
        ...


@dataclass(frozen=True, kw_only=True)
class SlashKeeping:
    """The parts; `secret` is what signs the calls of a bot's commands."""

    secret: Callable[[UserId], SlashSecret]


Given = NamedDependency[SkipValidation[Commands]]
Keeping = NamedDependency[SlashKeeping]
Caller = NamedDependency[Sender]


@put("/v1/bots/self/slash-commands", operation_id="set_slash_commands", tags=["bots"])
async def set_slash_commands(
    data: JSONBody[NewSlashCommands], commands: Given, slash_keeping: Keeping, sender: Caller
) -> SlashSecret:
    """Offer these commands, as a bot, and no others any more; calls at a URL are signed with the secret told here."""
    async with commands.changing(sender) as connection:
        await slash.offer(connection, sender, data)
    return slash_keeping.secret(sender.user_id)


@get(
    "/v1/conversations/{conversation_id:int}/slash-commands", operation_id="list_slash_commands", tags=["conversations"]
)
async def list_slash_commands(conversation_id: FromPath[int], commands: Given, sender: Caller) -> SlashCommands:
    """Return what can be called in a conversation, in the order of names."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        return await slash.listed(connection, sender, place)


async def call_slash(
    conversation_id: FromPath[int], data: Struct, commands: Given, sender: Caller, idempotency_key: Key = None
) -> Slashed:
    """Call a command that a bot of this conversation offers (`/name text`)."""
    wish = command_of(Slash, data, conversation_id=conversation_id, idempotency_key=idempotency_key)
    return await commands.run(wish, sender)


# Litestar reads a handler's types from its annotations: this one is the command's own.
call_slash.__annotations__ |= {"data": JSONBody[body_of(Slash)]}
CALL: Final = post(
    "/v1/conversations/{conversation_id:int}/slash", operation_id="slash", status_code=200, tags=["commands"]
)(call_slash)

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (set_slash_commands, list_slash_commands, CALL)
