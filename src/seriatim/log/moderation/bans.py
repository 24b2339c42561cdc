"""Who is banned from a conversation: he neither joins nor is invited, and does not find it (log/access)."""

from typing import LiteralString

from seriatim.core.ids import ConversationId, UserId
from seriatim.storage.postgres.database import Connection

BAN: LiteralString = """-- ban
insert into bans (conversation_id, user_id, banned_by, created_at)
values (%(conversation_id)s, %(user_id)s, %(banned_by)s, clock_timestamp()) on conflict do nothing"""
UNBAN: LiteralString = """-- unban
delete from bans where conversation_id = %(conversation_id)s and user_id = %(user_id)s"""


async def ban(connection: Connection, conversation_id: ConversationId, user_id: UserId, banned_by: UserId) -> bool:
    """Shut the user out, under the conversation's lock; False: he was already. His request to join goes, too."""
    named = {"conversation_id": conversation_id, "user_id": user_id, "banned_by": banned_by}
    return (await connection.execute(BAN, named)).rowcount == 1


async def unban(connection: Connection, conversation_id: ConversationId, user_id: UserId) -> bool:
    """Let the user be invited and join again; False: he was not banned."""
    cursor = await connection.execute(UNBAN, {"conversation_id": conversation_id, "user_id": user_id})
    return cursor.rowcount == 1
