"""Watermarks: how far each member's devices have come and how far he has read; many a statement, never falling."""

from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.own.counts import mentioned, unread
from seriatim.protocol.limits import MARKS_MEMBERS
from seriatim.storage.postgres.database import Connection

# Rows are locked in the order in which the append function updates them, so the two cannot deadlock. read_ordinal is
# that of the last message up to the new watermark: one step backwards, or a few over entries that do not count.
# `offset 0` and the last select from `placed` alone keep the planner, who knows no sizes here, from comparing each mark
# with each member or each other mark. What is read is delivered. Only reading is news to the user's own devices.
# Mentions are found by their places, lest the planner reads all there are.
MOVE_MARKS: LiteralString = f"""-- move marks
with asked as (
    select a.conversation_id, a.user_id, max(a.read_seq) as read_seq, max(a.delivered_seq) as delivered_seq
    from (
        select r.*, 0::bigint as delivered_seq
        from unnest(%(read_ids)s::bigint[], %(readers)s::bigint[], %(reads)s::bigint[])
            as r (conversation_id, user_id, read_seq)
        union all
        select d.conversation_id, d.user_id, 0, d.delivered_seq
        from unnest(%(delivered_ids)s::bigint[], %(receivers)s::bigint[], %(delivered)s::bigint[])
            as d (conversation_id, user_id, delivered_seq)
    ) a
    group by 1, 2
), locked as materialized (
    select m.conversation_id, m.user_id, m.read_seq, m.read_ordinal, m.delivered_seq, m.left_seq, c.last_ordinal,
        least(a.read_seq, coalesce(m.left_seq, c.last_seq)) as asked_read,
        case when c.member_count <= %(most)s and m.left_seq is null
            then least(greatest(a.read_seq, a.delivered_seq), c.last_seq) else 0 end as asked_delivered,
        c.member_count <= %(most)s as kept
    from asked a
    join members m on m.conversation_id = a.conversation_id and m.user_id = a.user_id
    cross join lateral (
        select c.last_seq, c.last_ordinal, c.member_count from conversations c where c.id = m.conversation_id offset 0
    ) c
    order by m.conversation_id, m.user_id
    for no key update of m
), placed as materialized (
    select l.*, case when l.read_seq >= l.asked_read then l.read_ordinal else greatest(l.read_ordinal, coalesce((
        select e.ordinal from entries e
        where e.conversation_id = l.conversation_id and e.seq > l.read_seq and e.seq <= l.asked_read
            and e.ordinal is not null and (e.thread_seq is null or e.broadcast)
        order by e.seq desc limit 1
    ), 0)) end as ordinal
    from locked l
), moved as (
    update members m
    set read_seq = greatest(p.read_seq, p.asked_read), read_ordinal = p.ordinal,
        delivered_seq = greatest(p.delivered_seq, p.asked_delivered),
        own_xid = case when p.read_seq < p.asked_read then pg_current_xact_id() else m.own_xid end
    from placed p
    where m.conversation_id = p.conversation_id and m.user_id = p.user_id
        and (p.read_seq < p.asked_read or p.delivered_seq < p.asked_delivered)
), cleared as (
    delete from mentions where ctid = any(array(
        select x.ctid from placed p cross join lateral (
            select x.ctid from mentions x
            where x.conversation_id = p.conversation_id and x.user_id = p.user_id and x.thread_seq = 0
                and x.seq <= p.asked_read offset 0
        ) x
    ))
)
select p.conversation_id, p.user_id, greatest(p.read_seq, p.asked_read),
    greatest(p.delivered_seq, p.asked_delivered, case when p.kept then greatest(p.read_seq, p.asked_read) end),
    case when p.left_seq is null then {unread("p.last_ordinal", "p.ordinal")} else 0 end,
    case when p.left_seq is null and p.last_ordinal > p.ordinal
        then {mentioned("p.conversation_id", "p.user_id", "greatest(p.read_seq, p.asked_read)")} else 0 end,
    p.read_seq < p.asked_read, p.delivered_seq < p.asked_delivered, p.kept,
    coalesce((
        select (s.value ->> 'read_receipts')::boolean from user_state s
        where s.user_id = p.user_id and s.key = 'settings'
    ), true)
from placed p"""


Place = tuple[ConversationId, UserId, int]
"""Up to which seq a member has read, or his device has everything."""


class Mark(NamedTuple):
    """Where a member's watermarks stand now, and what is left unread."""

    conversation_id: ConversationId
    user_id: UserId
    read_seq: int
    delivered_seq: int
    unread: int
    mentions: int
    read_moved: bool
    delivered_moved: bool
    kept: bool
    """The conversation is small enough to keep delivered marks, and to tell who has read."""
    gives: bool
    """He lets others see what he has read."""


async def move_marks(connection: Connection, reads: Sequence[Place], delivered: Sequence[Place] = ()) -> list[Mark]:
    """Move watermarks up to these seqs and return where each stands; those of non-members are left out.

    A watermark never falls and never passes the head or, of an ex-member, where he left (promise D5). Delivered marks
    are kept of the present members of conversations of at most 50. One statement and one row per member, in any order.
    """
    if not reads and not delivered:
        return []
    named: dict[str, Any] = {"most": MARKS_MEMBERS}
    named["read_ids"], named["readers"], named["reads"] = _columns(reads)
    named["delivered_ids"], named["receivers"], named["delivered"] = _columns(delivered)
    async with connection.cursor(row_factory=args_row(Mark)) as cursor:
        await cursor.execute(MOVE_MARKS, named)
        return await cursor.fetchall()


def _columns(places: Sequence[Place]) -> tuple[list[int], list[int], list[int]]:
    return [place[0] for place in places], [place[1] for place in places], [place[2] for place in places]
