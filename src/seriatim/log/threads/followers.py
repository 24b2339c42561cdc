"""Who follows a thread, by user id."""

from typing import LiteralString

from psycopg.rows import class_row

from seriatim.core.ids import ConversationId
from seriatim.protocol.resources import User
from seriatim.storage.postgres.database import Connection

FOLLOWERS_PAGE: LiteralString = """-- followers page
select u.id as user_id, u.name, u.guest, u.bot
from thread_reads r
join members m on m.conversation_id = r.conversation_id and m.user_id = r.user_id
join users u on u.id = r.user_id
where r.conversation_id = %(conversation_id)s and r.thread_seq = %(thread_seq)s and r.user_id > %(after)s
    and r.following and m.left_seq is null
order by r.user_id limit %(limit)s"""


async def followers_page(
    connection: Connection, conversation_id: ConversationId, thread_seq: int, *, after: int, limit: int
) -> list[User]:
    """Return who follows the thread of this message and is a member, those above the id `after`."""
    named = {
        "conversation_id": conversation_id,
        "thread_seq": thread_seq,
        "after": after,
        "limit": limit,
    }
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(FOLLOWERS_PAGE, named)
        return await cursor.fetchall()
