"""Whom a guest sees: those with whom he is in a conversation. Everybody else sees everybody."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.rows import scalar_row

from seriatim.core.ids import UserId
from seriatim.storage.postgres.database import Connection

SEES: LiteralString = """(not exists (select from users g where g.id = %(asker_id)s and g.guest) or u.id = %(asker_id)s
    or exists (select from members mine join members theirs on theirs.conversation_id = mine.conversation_id
        where mine.user_id = %(asker_id)s and mine.left_seq is null and theirs.user_id = u.id
            and theirs.left_seq is null))"""
"""Whether %(asker_id)s sees the person `users u`."""

IS_GUEST: LiteralString = """-- is guest
select exists (select from users u where u.id = %(user_id)s and u.guest)"""
SEEN: LiteralString = f"""-- seen people
select u.id from users u where u.id = any(%(user_ids)s) and {SEES}"""


async def is_guest(connection: Connection, user_id: UserId) -> bool:
    """Say whether this account is a guest's."""
    row = await (await connection.execute(IS_GUEST, {"user_id": user_id})).fetchone()
    return bool(row and row[0])


async def seen(connection: Connection, asker_id: UserId, user_ids: Sequence[UserId]) -> frozenset[UserId]:
    """Return those of these people whom the asker may know of; one statement."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(SEEN, {"asker_id": asker_id, "user_ids": list(user_ids)})
        return frozenset(await cursor.fetchall())
