"""The SQL of exports: all entries of a conversation, and what a user is and was in."""

from collections.abc import Mapping, Sequence
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
USER_OF: LiteralString = """-- user of name
select id from users where name_key = %(name_key)s"""
OF_A_USER: Mapping[str, LiteralString] = {
    "user": """-- export user
select id as user_id, name, created_at from users where id = %(user_id)s""",
    "mail": """-- export mail
select address, digest from mail_addresses where user_id = %(user_id)s""",
    "device": """-- export devices
select id as device_id, name, kind, created_at, last_seen_at, revoked_at from devices
where user_id = %(user_id)s order by created_at, id""",
    "settings": """-- export settings
select value, changed_at from user_state where user_id = %(user_id)s and key = 'settings'""",
    "draft": """-- export drafts
select key, value, changed_at from user_state
where user_id = %(user_id)s and key like 'draft/%%' and value ->> 'text' <> '' order by key""",
    "state": """-- export state
select key, value, changed_at from user_state
where user_id = %(user_id)s and key <> 'settings' and key not like 'draft/%%' order by key""",
    "saved": """-- export saved
select conversation_id, seq, saved_at from saved where user_id = %(user_id)s order by saved_at, conversation_id, seq""",
    "scheduled": """-- export scheduled
select id as scheduled_id, conversation_id, command as message, send_at, refused_code from scheduled
where user_id = %(user_id)s order by send_at, id""",
    "reminder": """-- export reminders
select id as reminder_id, conversation_id, seq, remind_at, told_at from reminders
where user_id = %(user_id)s order by remind_at, id""",
    "group": """-- export groups
select g.id as group_id, g.name from user_group_members m join user_groups g on g.id = m.group_id
where m.user_id = %(user_id)s order by g.name_key""",
    "block": """-- export blocks
select u.id as user_id, u.name from blocks b join users u on u.id = b.blocked_user_id
where b.user_id = %(user_id)s order by u.name_key""",
}
"""What is kept of a user alone, by the `type` of its lines. Each has its bound in the feature that keeps it."""
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
