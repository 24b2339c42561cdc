"""Bots as an admin of the server makes and ends them, and how their tokens are checked."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from seriatim.core.clock import Clock
from seriatim.core.errors import Conflict, NotFound, Unauthenticated
from seriatim.core.ids import DeviceId, UserId, random_id
from seriatim.core.names import clean_name, name_key
from seriatim.features.bots import store
from seriatim.log.moderation.admins import require_server_admin
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.http.bots import BOT_TOKEN_PREFIX, BOTS, Bot, Bots, BotToken, ChangeBot, NewBot
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

TOKEN_BYTES: Final = 32
SERVER_BOT_NAMES: Final = ("Seriatim", "Seriatim server")
"""Of the bot that tells people about their webhooks; a third one has a number."""


class ServerBot(NamedTuple):
    """The server's own voice."""

    user_id: UserId
    device_id: DeviceId


class BotTokens:
    """Checks bots' tokens: by their hashes in the database, many in one statement, so that none outlives its bot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def senders(self, tokens: Sequence[str]) -> dict[str, Sender]:
        """Return who speaks with these tokens; those of nobody are left out.

        Raises:
            Unavailable.
        """
        hashes = {_hash(token): token for token in tokens if token.startswith(BOT_TOKEN_PREFIX)}
        if not hashes:
            return {}
        async with self._database.read() as connection:
            rows = await store.by_tokens(connection, list(hashes))
        return {hashes[row.token_hash]: Sender(row.user_id, row.device_id, frozenset(row.scopes)) for row in rows}

    async def sender(self, token: str) -> Sender:
        """Return who speaks with this token.

        Raises:
            Unauthenticated: nobody.
            Unavailable.
        """
        found = await self.senders([token])
        if token not in found:
            raise Unauthenticated("this is no bot's token, or no longer", reason="bot_token")
        return found[token]


async def make(connection: Connection, sender: Sender, wish: NewBot, clock: Clock) -> BotToken:
    """Make a bot, whose owner is the sender, and its first token.

    Raises:
        Forbidden: the sender is no admin of the server.
        BadRequest: the name cannot be shown.
        Conflict: `name_taken`, or `full`: there are 1,000 bots.
    """
    await require_server_admin(connection, sender.user_id)
    name = clean_name(wish.name)
    if await store.count(connection) >= BOTS:
        raise Conflict(f"at most {BOTS} bots", reason="full")
    user_id, device_id, token = UserId(random_id()), DeviceId(random_id()), _fresh_token()
    if not await store.add_user(connection, user_id, name, name_key(name), clock.now()):
        raise Conflict("somebody has this name already", path="$.name", reason="name_taken")
    await store.add_device(connection, user_id, device_id, clock.now())
    row = store.NewBotRow(
        user_id, device_id, sender.user_id, _hash(token), sorted(set(wish.scopes)), clock.now(), is_server=None
    )
    await store.add(connection, row)
    await audited(connection, sender.user_id, Act.MAKE_BOT, user_id=user_id, details={"scopes": row.scopes})
    return BotToken(user_id=user_id, device_id=device_id, name=name, token=token)


async def listed(connection: Connection, sender: Sender) -> Bots:
    """Return all bots, in the order of their names.

    Raises:
        Forbidden: the sender is no admin of the server.
    """
    await require_server_admin(connection, sender.user_id)
    return Bots(bots=await store.bots(connection))


async def change(connection: Connection, sender: Sender, user_id: UserId, wish: ChangeBot, clock: Clock) -> Bot:
    """Let a bot's token be good for something else; sockets that still go by the old scopes are closed.

    Raises:
        Forbidden: the sender is no admin of the server.
        NotFound: there is no such bot.
    """
    await require_server_admin(connection, sender.user_id)
    await _locked(connection, user_id)
    scopes = sorted(set(wish.scopes))
    await store.set_scopes(connection, user_id, scopes, clock.now())
    await audited(connection, sender.user_id, Act.CHANGE_BOT, user_id=user_id, details={"scopes": scopes})
    return next(bot for bot in await store.bots(connection) if bot.user_id == user_id)


async def renew(connection: Connection, sender: Sender, user_id: UserId, clock: Clock) -> BotToken:
    """Give a bot another token, on another device; the one before ends, and its sockets are closed.

    Raises:
        Forbidden: the sender is no admin of the server.
        NotFound: there is no such bot.
    """
    await require_server_admin(connection, sender.user_id)
    bot = await _locked(connection, user_id)
    device_id, token = DeviceId(random_id()), _fresh_token()
    await store.add_device(connection, user_id, device_id, clock.now())
    await store.set_token(connection, user_id, device_id, _hash(token))
    await store.end_device(connection, user_id, bot.device_id, clock.now())
    await audited(connection, sender.user_id, Act.RENEW_BOT, user_id=user_id)
    return BotToken(user_id=user_id, device_id=device_id, name=bot.name, token=token)


async def remove(connection: Connection, sender: Sender, user_id: UserId, clock: Clock) -> None:
    """End a bot: its token, its sockets and its commands; what it said stays, under its name.

    Raises:
        Forbidden: the sender is no admin of the server.
        NotFound: there is no such bot.
    """
    await require_server_admin(connection, sender.user_id)
    bot = await _locked(connection, user_id)
    await store.remove(connection, user_id)
    await store.end_device(connection, user_id, bot.device_id, clock.now())
    await audited(connection, sender.user_id, Act.REMOVE_BOT, user_id=user_id)


async def server_bot(database: Database, clock: Clock) -> ServerBot:
    """Return the server's own bot; the first call makes it.

    Raises:
        Unavailable.
    """
    async with database.transaction() as connection:
        await store.lock_bots(connection)
        found = await store.server_bot(connection)
        if found is not None:
            return ServerBot(*found)
        user_id, device_id = UserId(random_id()), DeviceId(random_id())
        for name in (*SERVER_BOT_NAMES, f"Seriatim {user_id}"):
            if await store.add_user(connection, user_id, name, name_key(name), clock.now()):
                break
        await store.add_device(connection, user_id, device_id, clock.now())
        row = store.NewBotRow(user_id, device_id, None, None, [], clock.now(), is_server=True)
        await store.add(connection, row)
        return ServerBot(user_id, device_id)


async def _locked(connection: Connection, user_id: UserId) -> store.Known:
    bot = await store.lock(connection, user_id)
    if bot is None:
        raise NotFound("there is no such bot", path="$.user_id")
    return bot


def _fresh_token() -> str:
    return BOT_TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
