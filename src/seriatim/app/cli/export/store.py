"""The SQL of exports: all entries of a conversation, and what a user is and was in."""

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg.rows import args_row, dict_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.entry_rows import EntryRow, entry_of
from seriatim.log.read import PAGE_NOW
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres.database import Connection

CONVERSATION: LiteralString = """-- export conversation
select id as conversation_id, kind, visibility, title, topic, created_at, last_seq from conversations
where id = %(id)s"""
MINE: LiteralString = """-- export memberships
select conversation_id from members where user_id = %(user_id)s and conversation_id > %(after)s
order by conversation_id limit %(limit)s"""
USER: LiteralString = """-- export user
select id as user_id, name, created_at from users where name_key = %(name_key)s"""
DEVICES: LiteralString = """-- export devices
select id as device_id, name, kind, created_at, last_seen_at, revoked_at from devices
where user_id = %(user_id)s order by created_at, id"""
STATE: LiteralString = """-- export state
select key, value from user_state where user_id = %(user_id)s order by key"""
NAMES: LiteralString = "select id, name from users where id = any (%(user_ids)s)"


async def one(connection: Connection, statement: LiteralString, **named: Any) -> dict[str, Any] | None:
    """Return the row that one of these questions finds."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(statement, named)).fetchone()


async def several(connection: Connection, statement: LiteralString, **named: Any) -> list[dict[str, Any]]:
    """Return the rows that one of these questions finds."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(statement, named)).fetchall()


async def entries(connection: Connection, conversation_id: ConversationId, first: int, last: int) -> list[Entry]:
    """Return the entries of this range as they stand now, for a reader that is nobody, oldest first."""
    named = {"conversation_id": conversation_id, "first": first, "last": last, "user_id": 0}
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        return [entry_of(row) for row in await (await cursor.execute(PAGE_NOW, named)).fetchall()]


async def names(connection: Connection, user_ids: Sequence[int]) -> dict[UserId, str]:
    """Return what these people are called."""
    cursor = await connection.execute(NAMES, {"user_ids": list(user_ids)})
    return {UserId(row[0]): row[1] for row in await cursor.fetchall()}
