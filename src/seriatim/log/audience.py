"""Rosters for fan-out: who is in which conversation now, many conversations a statement."""

from typing import LiteralString, NamedTuple

from seriatim.core.ids import ConversationId, UserId
from seriatim.storage.postgres.database import Connection

ROSTERS: LiteralString = """
select c.id, c.roster_version, m.user_id, m.joined_seq
from conversations c join members m on m.conversation_id = c.id and m.left_seq is null
where c.id = any(%(conversation_ids)s)"""


class Audience(NamedTuple):
    """The roster of a conversation as it is now: its version, and the first seq each present member may read."""

    version: int
    first_seqs: dict[UserId, int]


async def audiences(connection: Connection, conversation_ids: list[ConversationId]) -> dict[ConversationId, Audience]:
    """Return the rosters of these conversations; those without members are left out. One statement."""
    found: dict[ConversationId, Audience] = {}
    cursor = await connection.execute(ROSTERS, {"conversation_ids": conversation_ids})
    async for conversation_id, version, user_id, joined_seq in cursor:
        roster = found.get(conversation_id)
        if roster is None:
            roster = found[conversation_id] = Audience(version, {})
        roster.first_seqs[user_id] = joined_seq
    return found
