"""Who wants nothing of whom: the blocked one neither writes to the other, nor adds him, nor sees his presence."""

from collections.abc import Collection, Sequence
from typing import LiteralString

from psycopg.rows import scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log import roster
from seriatim.storage.postgres.database import Connection

BLOCKERS: LiteralString = """-- blockers
select user_id from blocks where blocked_user_id = %(user_id)s and user_id = any(%(others)s)"""

BLOCKED: LiteralString = """-- blocked
select user_id, array_agg(blocked_user_id) from blocks where user_id = any(%(user_ids)s) group by user_id"""

# A direct conversation is shut to the blocked one as to any silenced member: append looks at nothing else.
BLOCK: LiteralString = """-- block
with blocked as (
    insert into blocks (user_id, blocked_user_id, created_at)
    values (%(user_id)s, %(other_id)s, clock_timestamp()) on conflict do nothing
)
update members m set silenced_until = 'infinity' from direct_pairs p
where p.low_user_id = least(%(user_id)s, %(other_id)s) and p.high_user_id = greatest(%(user_id)s, %(other_id)s)
    and m.conversation_id = p.conversation_id and m.user_id = %(other_id)s"""
SHUT: LiteralString = """-- shut pair
update members m set silenced_until = 'infinity' from blocks b
where m.conversation_id = %(conversation_id)s and b.blocked_user_id = m.user_id and b.user_id = any(%(pair)s)"""
UNBLOCK: LiteralString = """-- unblock
with unblocked as (
    delete from blocks where user_id = %(user_id)s and blocked_user_id = %(other_id)s
)
update members m set silenced_until = null from direct_pairs p
where p.low_user_id = least(%(user_id)s, %(other_id)s) and p.high_user_id = greatest(%(user_id)s, %(other_id)s)
    and m.conversation_id = p.conversation_id and m.user_id = %(other_id)s"""


async def shut(connection: Connection, conversation_id: ConversationId, pair: Sequence[UserId]) -> None:
    """Shut a direct conversation that begins to whoever of the pair is blocked, under the lock of the pair."""
    await connection.execute(SHUT, {"conversation_id": conversation_id, "pair": list(pair)})


async def blockers(connection: Connection, user_id: UserId, others: Sequence[UserId]) -> frozenset[UserId]:
    """Return those of these others who have blocked this user; one statement."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(BLOCKERS, {"user_id": user_id, "others": list(others)})
        return frozenset(await cursor.fetchall())


async def blocked(connection: Connection, user_ids: Collection[UserId]) -> dict[UserId, frozenset[UserId]]:
    """Return whom each of these people has blocked, without those who blocked nobody; one statement."""
    cursor = await connection.execute(BLOCKED, {"user_ids": list(user_ids)})
    return {user_id: frozenset(others) async for user_id, others in cursor}


async def block(connection: Connection, user_id: UserId, other_id: UserId) -> None:
    """Let the other write to this user no more; once more changes nothing."""
    await roster.lock_pair(connection, (user_id, other_id))
    await connection.execute(BLOCK, {"user_id": user_id, "other_id": other_id})


async def unblock(connection: Connection, user_id: UserId, other_id: UserId) -> None:
    """Take a block back; where there is none nothing changes."""
    await roster.lock_pair(connection, (user_id, other_id))
    await connection.execute(UNBLOCK, {"user_id": user_id, "other_id": other_id})
