"""The SQL of bots."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row

from seriatim.core.ids import DeviceId, UserId
from seriatim.log.moderation.names import hold_name
from seriatim.protocol.http.bots import Bot
from seriatim.protocol.sender import Scope
from seriatim.storage.postgres.database import Connection

BY_TOKENS: LiteralString = """-- bots by token
select token_hash, user_id, device_id, scopes from bots where token_hash = any (%(hashes)s)"""
COUNT: LiteralString = "select count(*) from bots"
ADD_USER: LiteralString = """
insert into users (id, name, name_key, bot, created_at)
select %(user_id)s, %(name)s, %(name_key)s, true, %(now)s
where not exists (select from users where display_key = %(name_key)s)
on conflict (name_key) do nothing returning true"""
ADD_DEVICE: LiteralString = """
insert into devices (id, user_id, name, kind, created_at, last_seen_at)
values (%(device_id)s, %(user_id)s, 'bot', 'bot', %(now)s, %(now)s)"""
ADD: LiteralString = """
insert into bots (user_id, device_id, owner_id, token_hash, scopes, created_at, is_server)
values (%(user_id)s, %(device_id)s, %(owner_id)s, %(token_hash)s, %(scopes)s, %(created_at)s, %(is_server)s)"""
LOCK: LiteralString = """
select b.device_id, u.name from bots b join users u on u.id = b.user_id
where b.user_id = %(user_id)s and b.token_hash is not null for update of b"""
BOTS: LiteralString = """
select b.user_id, b.device_id, u.name, b.owner_id, b.scopes, b.created_at from bots b join users u on u.id = b.user_id
where b.token_hash is not null order by u.name_key"""
RENEW: LiteralString = """
update bots set device_id = %(device_id)s, token_hash = %(token_hash)s where user_id = %(user_id)s"""
SET_SCOPES: LiteralString = """
with changed as (
    update bots set scopes = %(scopes)s where user_id = %(user_id)s
)
insert into revocations (user_id, device_id, at) values (%(user_id)s, 0, %(now)s)"""
REMOVE: LiteralString = "delete from bots where user_id = %(user_id)s"
END_DEVICE: LiteralString = "select end_devices_1(%(user_id)s, %(device_ids)s, %(now)s)"
LOCK_BOTS: LiteralString = "lock table bots in share row exclusive mode"
SERVER_BOT: LiteralString = "select user_id, device_id from bots where is_server"


class ByToken(NamedTuple):
    """Who speaks with a token, and what for."""

    token_hash: bytes
    user_id: UserId
    device_id: DeviceId
    scopes: list[Scope]


class Known(NamedTuple):
    """A bot whose row is locked."""

    device_id: DeviceId
    name: str


class NewBotRow(NamedTuple):
    """A bot's row; the server's own has neither owner nor token."""

    user_id: UserId
    device_id: DeviceId
    owner_id: UserId | None
    token_hash: bytes | None
    scopes: Sequence[Scope]
    created_at: datetime
    is_server: bool | None


async def by_tokens(connection: Connection, hashes: list[bytes]) -> list[ByToken]:
    """Return the bots that have a token of these."""
    rows = await (await connection.execute(BY_TOKENS, {"hashes": hashes})).fetchall()
    return [
        ByToken(token_hash, user_id, device_id, list(map(Scope, scopes)))
        for token_hash, user_id, device_id, scopes in rows
    ]


async def count(connection: Connection) -> int:
    """Count the bots."""
    row = await (await connection.execute(COUNT)).fetchone()
    return row[0] if row else 0


async def add_user(connection: Connection, user_id: UserId, name: str, key: str, now: datetime) -> bool:
    """Add the account, which has no password; False: the name is taken."""
    await hold_name(connection, key)
    values = {"user_id": user_id, "name": name, "name_key": key, "now": now}
    return await (await connection.execute(ADD_USER, values)).fetchone() is not None


async def add_device(connection: Connection, user_id: UserId, device_id: DeviceId, now: datetime) -> None:
    """Add the device that it speaks as."""
    await connection.execute(ADD_DEVICE, {"user_id": user_id, "device_id": device_id, "now": now})


async def add(connection: Connection, row: NewBotRow) -> None:
    """Add the bot of an account."""
    await connection.execute(ADD, row._asdict() | {"scopes": [scope.value for scope in row.scopes]})


async def lock(connection: Connection, user_id: UserId) -> Known | None:
    """Lock a bot that has a token."""
    async with connection.cursor(row_factory=class_row(Known)) as cursor:
        return await (await cursor.execute(LOCK, {"user_id": user_id})).fetchone()


async def bots(connection: Connection) -> list[Bot]:
    """Return the bots that have a token, in the order of their names."""
    rows = await (await connection.execute(BOTS)).fetchall()
    return [
        Bot(
            user_id=user_id,
            device_id=device_id,
            name=name,
            owner_id=owner_id,
            scopes=list(map(Scope, scopes)),
            created_at=created_at,
        )
        for user_id, device_id, name, owner_id, scopes, created_at in rows
    ]


async def set_token(connection: Connection, user_id: UserId, device_id: DeviceId, token_hash: bytes) -> None:
    """Give it another token and another device."""
    values = {"user_id": user_id, "device_id": device_id, "token_hash": token_hash}
    await connection.execute(RENEW, values)


async def set_scopes(connection: Connection, user_id: UserId, scopes: Sequence[Scope], now: datetime) -> None:
    """Let its token be good for this, and every gateway have its sockets connect again (features/devices/store)."""
    values = {"user_id": user_id, "scopes": [scope.value for scope in scopes], "now": now}
    await connection.execute(SET_SCOPES, values)


async def remove(connection: Connection, user_id: UserId) -> None:
    """Remove the bot; the account stays, and nobody can sign in to it."""
    await connection.execute(REMOVE, {"user_id": user_id})


async def end_device(connection: Connection, user_id: UserId, device_id: DeviceId, now: datetime) -> None:
    """Revoke its device, so that every gateway closes its sockets."""
    await connection.execute(END_DEVICE, {"user_id": user_id, "device_ids": [device_id], "now": now})


async def lock_bots(connection: Connection) -> None:
    """Let one process at a time look whether there is a server's bot."""
    await connection.execute(LOCK_BOTS)


async def server_bot(connection: Connection) -> tuple[UserId, DeviceId] | None:
    """Return the server's own bot."""
    return await (await connection.execute(SERVER_BOT)).fetchone()
