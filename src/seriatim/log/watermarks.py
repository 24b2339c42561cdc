"""Read watermarks: how far each member has read, written many at a time, never falling, never past the head."""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.storage.postgres.database import Connection

# Rows are locked in the order in which the append function updates them, so the two cannot deadlock. read_ordinal is
# that of the last message up to the new watermark: one step backwards, or a few over entries that do not count.
# `offset 0` and the last select from `placed` alone keep the planner, who knows no sizes here, from comparing each mark
# with each member or each other mark.
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
    cross join lateral (
        select c.last_seq, c.last_ordinal from conversations c where c.id = m.conversation_id offset 0
    ) c
    order by m.conversation_id, m.user_id
    for no key update of m
), placed as materialized (
    select l.*, case when l.read_seq >= l.seq then l.read_ordinal else greatest(l.read_ordinal, coalesce((
        select e.ordinal from entries e
        where e.conversation_id = l.conversation_id and e.seq <= l.seq and e.ordinal is not null
        order by e.seq desc limit 1
    ), 0)) end as ordinal
    from locked l
), moved as (
    update members m set read_seq = p.seq, read_ordinal = p.ordinal, own_xid = pg_current_xact_id()
    from placed p
    where m.conversation_id = p.conversation_id and m.user_id = p.user_id and p.read_seq < p.seq
)
select p.conversation_id, p.user_id, greatest(p.read_seq, p.seq),
    case when p.left_seq is null then greatest(p.last_ordinal - p.ordinal, 0) else 0 end
from placed p"""


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
