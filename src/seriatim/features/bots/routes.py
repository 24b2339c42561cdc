"""Bots over HTTP: made, listed and ended by admins of the server."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.core.clock import Clock
from seriatim.core.ids import UserId
from seriatim.features.bots import bots
from seriatim.protocol.http.bots import Bot, Bots, BotToken, ChangeBot, NewBot
from seriatim.protocol.http.requests import id_of
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


@dataclass(frozen=True, kw_only=True)
class BotKeeping:
    """The parts; `ended` is called after a COMMIT that ends connections of a bot."""

    clock: Clock
    ended: Callable[[], None]


Given = NamedDependency[SkipValidation[Commands]]
Keeping = NamedDependency[BotKeeping]
Caller = NamedDependency[Sender]
TAGS: Final = ["admin"]


@post("/v1/admin/bots", operation_id="make_bot", tags=TAGS)
async def make(data: JSONBody[NewBot], commands: Given, bot_keeping: Keeping, sender: Caller) -> BotToken:
    """Make a bot, as an admin of the server; its token is told only here."""
    async with commands.changing(sender) as connection:
        return await bots.make(connection, sender, data, bot_keeping.clock)


@get("/v1/admin/bots", operation_id="list_bots", tags=TAGS)
async def listed(commands: Given, sender: Caller) -> Bots:
    """Return all bots of this server."""
    async with commands.listing(sender) as connection:
        return await bots.listed(connection, sender)


@patch("/v1/admin/bots/{user_id:int}", operation_id="change_bot", tags=TAGS)
async def change(
    user_id: FromPath[int], data: JSONBody[ChangeBot], commands: Given, bot_keeping: Keeping, sender: Caller
) -> Bot:
    """Let a bot's token be good for something else; its sockets close with 1012, and it comes back with it."""
    number = UserId(id_of(user_id, "$.user_id"))
    async with commands.changing(sender) as connection:
        bot = await bots.change(connection, sender, number, data, bot_keeping.clock)
    bot_keeping.ended()
    return bot


@post("/v1/admin/bots/{user_id:int}/token", operation_id="renew_bot", tags=TAGS)
async def renew(user_id: FromPath[int], commands: Given, bot_keeping: Keeping, sender: Caller) -> BotToken:
    """Give a bot another token; the one before ends, and its sockets close with 4410."""
    number = UserId(id_of(user_id, "$.user_id"))
    async with commands.changing(sender) as connection:
        token = await bots.renew(connection, sender, number, bot_keeping.clock)
    bot_keeping.ended()
    return token


@delete("/v1/admin/bots/{user_id:int}", operation_id="remove_bot", tags=TAGS)
async def remove(user_id: FromPath[int], commands: Given, bot_keeping: Keeping, sender: Caller) -> None:
    """End a bot; what it said stays, under its name."""
    number = UserId(id_of(user_id, "$.user_id"))
    async with commands.changing(sender) as connection:
        await bots.remove(connection, sender, number, bot_keeping.clock)
    bot_keeping.ended()


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (make, listed, change, renew, remove)
