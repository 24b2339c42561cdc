"""Rosters for fan-out: who is in which conversation now, many conversations a statement."""

from typing import LiteralString, NamedTuple

from seriatim.core.ids import MAX_ID, ConversationId, UserId
from seriatim.log.access import FIRST_SEQ
from seriatim.storage.postgres.database import Connection

ROSTERS: LiteralString = f"""
select c.id, c.roster_version, m.user_id, {FIRST_SEQ}, m.joined_seq
from conversations c join members m on m.conversation_id = c.id and m.left_seq is null
where c.id = any(%(conversation_ids)s)"""


class Audience(NamedTuple):
    """The roster of a conversation as it is now: its version, and the first seq each present member may read.

    `newest_seq` is that of the last join, also where newcomers read everything.
    """

    version: int
    first_seqs: dict[UserId, int]
    newest_seq: int = MAX_ID


async def audiences(connection: Connection, conversation_ids: list[ConversationId]) -> dict[ConversationId, Audience]:
    """Return the rosters of these conversations; those without members are left out. One statement."""
    found: dict[ConversationId, Audience] = {}
    cursor = await connection.execute(ROSTERS, {"conversation_ids": conversation_ids})
    newest: dict[ConversationId, int] = {}
    async for conversation_id, version, user_id, first_seq, joined_seq in cursor:
        roster = found.get(conversation_id)
        if roster is None:
            roster = found[conversation_id] = Audience(version, {}, 0)
        roster.first_seqs[user_id] = first_seq
        newest[conversation_id] = max(newest.get(conversation_id, 0), joined_seq)
    return {id_: roster._replace(newest_seq=newest[id_]) for id_, roster in found.items()}
