"""Read watermarks: how far each member has read, written many at a time, never falling, never past the head."""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.storage.postgres.database import Connection

# Rows are locked in the order in which the append function updates them, so the two cannot deadlock. read_ordinal is
# that of the last message up to the new watermark: one step backwards, or a few over entries that do not count.
MOVE_READ: LiteralString = """-- move read
with asked as (
    select a.conversation_id, a.user_id, max(a.seq) as seq
    from unnest(%(conversation_ids)s::bigint[], %(user_ids)s::bigint[], %(seqs)s::bigint[])
        as a (conversation_id, user_id, seq)
    group by 1, 2
), locked as materialized (
    select m.conversation_id, m.user_id, m.read_seq, m.read_ordinal, m.left_seq, c.last_ordinal,
        least(a.seq, coalesce(m.left_seq, c.last_seq)) as seq
    from asked a
    join members m on m.conversation_id = a.conversation_id and m.user_id = a.user_id
    join conversations c on c.id = a.conversation_id
    order by m.conversation_id, m.user_id
    for no key update of m
), moved as (
    update members m
    set read_seq = l.seq, own_xid = pg_current_xact_id(), read_ordinal = greatest(m.read_ordinal, coalesce((
        select e.ordinal from entries e
        where e.conversation_id = l.conversation_id and e.seq <= l.seq and e.ordinal is not null
        order by e.seq desc limit 1
    ), 0))
    from locked l
    where m.conversation_id = l.conversation_id and m.user_id = l.user_id and m.read_seq < l.seq
    returning m.conversation_id, m.user_id, m.read_seq, m.read_ordinal
)
select l.conversation_id, l.user_id, coalesce(n.read_seq, l.read_seq),
    case when l.left_seq is null then greatest(l.last_ordinal - coalesce(n.read_ordinal, l.read_ordinal), 0) else 0 end
from locked l left join moved n on n.conversation_id = l.conversation_id and n.user_id = l.user_id"""


class ReadMark(NamedTuple):
    """Where a member's read watermark stands now, and what is left unread."""

    conversation_id: ConversationId
    user_id: UserId
    read_seq: int
    unread: int


async def move_read(connection: Connection, marks: Sequence[tuple[ConversationId, UserId, int]]) -> list[ReadMark]:
    """Move watermarks up to these seqs and return where each stands; those of non-members are left out.

    A watermark never falls and never passes the head or, of an ex-member, where he left (promise D5). One statement,
    in any order.
    """
    if not marks:
        return []
    conversation_ids, user_ids, seqs = zip(*marks, strict=True)
    async with connection.cursor(row_factory=args_row(ReadMark)) as cursor:
        await cursor.execute(
            MOVE_READ, {"conversation_ids": list(conversation_ids), "user_ids": list(user_ids), "seqs": list(seqs)}
        )
        return await cursor.fetchall()
