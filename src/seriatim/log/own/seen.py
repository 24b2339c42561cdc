"""Entries of many conversations at once, for a user's own lists: those that he may read as a member now."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.access import FIRST_SEQ
from seriatim.log.entry_rows import EntryRow, entry_of
from seriatim.log.messages.state import STATE_NOW
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres.database import Connection

Place = tuple[ConversationId, int]

SEEN: LiteralString = f"""-- seen entries
with a as materialized (
    select a.conversation_id, a.seq
    from unnest(%(conversation_ids)s::bigint[], %(seqs)s::bigint[]) as a (conversation_id, seq)
    join conversations c on c.id = a.conversation_id
    join members m on m.conversation_id = a.conversation_id and m.user_id = %(user_id)s
    where m.left_seq is null and a.seq between {FIRST_SEQ} and c.last_seq
){STATE_NOW}
join a on a.conversation_id = e.conversation_id and a.seq = e.seq"""


async def seen(connection: Connection, user_id: UserId, places: Sequence[Place]) -> dict[Place, Entry]:
    """Return the entries at these places as they are now; those that he may not read are left out (promise I1).

    One statement. Where he was a member once, he reads with `fetch` what he could read then.
    """
    if not places:
        return {}
    conversation_ids, seqs = zip(*places, strict=True)
    named = {"conversation_ids": list(conversation_ids), "seqs": list(seqs), "user_id": user_id}
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        await cursor.execute(SEEN, named)
        return {(row.conversation_id, row.seq): entry_of(row) for row in await cursor.fetchall()}
