"""Who follows a thread, and how far he has read it: a watermark of its own, that never falls (promise D5)."""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.access import FIRST_SEQ
from seriatim.log.own.counts import THREAD_MENTIONED, THREAD_UNREAD, mentioned, unread
from seriatim.storage.postgres.database import Connection

# As in log/watermarks: rows are locked in the order in which the append function updates them, and the planner, who
# knows no sizes here, is kept from reading all there are. What a reply that also stands in the main timeline says is
# counted there.
MOVE_READ: LiteralString = f"""-- move thread read
with asked as (
    select a.conversation_id, a.thread_seq, a.user_id, max(a.seq) as seq
    from unnest(%(conversation_ids)s::bigint[], %(thread_seqs)s::bigint[], %(user_ids)s::bigint[], %(seqs)s::bigint[])
        as a (conversation_id, thread_seq, user_id, seq)
    group by 1, 2, 3
), locked as materialized (
    select r.conversation_id, r.thread_seq, r.user_id, r.following, r.read_seq, r.read_ordinal, t.last_ordinal,
        least(a.seq, t.last_seq) as seq
    from asked a
    cross join lateral (
        select t.last_seq, t.last_ordinal from threads t
        where t.conversation_id = a.conversation_id and t.thread_seq = a.thread_seq offset 0
    ) t
    join thread_reads r
        on r.conversation_id = a.conversation_id and r.thread_seq = a.thread_seq and r.user_id = a.user_id
    order by r.conversation_id, r.thread_seq, r.user_id
    for no key update of r
), placed as materialized (
    select l.*, case when l.read_seq >= l.seq then l.read_ordinal else greatest(l.read_ordinal, coalesce((
        select e.ordinal from entries e
        where e.conversation_id = l.conversation_id and e.thread_seq = l.thread_seq and e.seq > l.read_seq
            and e.seq <= l.seq and e.broadcast is null
        order by e.seq desc limit 1
    ), 0)) end as ordinal
    from locked l
), moved as (
    update thread_reads r set read_seq = p.seq, read_ordinal = p.ordinal, xid = pg_current_xact_id()
    from placed p
    where r.conversation_id = p.conversation_id and r.thread_seq = p.thread_seq and r.user_id = p.user_id
        and p.read_seq < p.seq
), cleared as (
    delete from mentions where ctid = any(array(
        select x.ctid from placed p cross join lateral (
            select x.ctid from mentions x
            where x.conversation_id = p.conversation_id and x.user_id = p.user_id and x.thread_seq = p.thread_seq
                and x.seq <= p.seq offset 0
        ) x
    ))
)
select p.conversation_id, p.thread_seq, p.user_id, greatest(p.read_seq, p.seq),
    case when p.following then {unread("p.last_ordinal", "p.ordinal")} else 0 end,
    case when p.following and p.last_ordinal > p.ordinal then {
    mentioned("p.conversation_id", "p.user_id", "greatest(p.read_seq, p.seq)", thread_seq="p.thread_seq")
} else 0 end
from placed p
union all
select a.conversation_id, a.thread_seq, a.user_id, 0, 0, 0
from asked a
cross join lateral (
    select from members m
    where m.conversation_id = a.conversation_id and m.user_id = a.user_id and m.left_seq is null offset 0
) m
where (a.conversation_id, a.thread_seq, a.user_id) not in (
    select p.conversation_id, p.thread_seq, p.user_id from placed p)"""

# Who begins to follow has nothing unread, who follows already keeps his place. Only the main timeline has threads.
FOLLOW: LiteralString = f"""-- follow thread
with kept as (
    insert into thread_reads as r (conversation_id, thread_seq, user_id, following, read_seq, read_ordinal)
    select e.conversation_id, e.seq, m.user_id, %(following)s, coalesce(t.last_seq, e.seq), coalesce(t.last_ordinal, 0)
    from entries e
    join conversations c on c.id = e.conversation_id
    join members m on m.conversation_id = e.conversation_id and m.user_id = %(user_id)s and m.left_seq is null
    left join threads t on t.conversation_id = e.conversation_id and t.thread_seq = e.seq
    where e.conversation_id = %(conversation_id)s and e.seq = %(thread_seq)s and e.ordinal is not null
        and e.thread_seq is null and e.seq >= {FIRST_SEQ}
    on conflict (conversation_id, thread_seq, user_id) do update
    set following = excluded.following, xid = pg_current_xact_id(),
        read_seq = greatest(r.read_seq, case when not r.following then excluded.read_seq end),
        read_ordinal = greatest(r.read_ordinal, case when not r.following then excluded.read_ordinal end)
    returning r.*
)
select r.conversation_id, r.thread_seq, r.user_id, r.read_seq, coalesce({THREAD_UNREAD}, 0),
    coalesce({THREAD_MENTIONED}, 0)
from kept r left join threads t on t.conversation_id = r.conversation_id and t.thread_seq = r.thread_seq"""


class ThreadMark(NamedTuple):
    """Where a member's watermark in a thread stands now, and what is left unread there; 0 if he does not follow it."""

    conversation_id: ConversationId
    thread_seq: int
    user_id: UserId
    read_seq: int
    unread: int
    mentions: int


async def move_read(
    connection: Connection, marks: Sequence[tuple[ConversationId, int, UserId, int]]
) -> list[ThreadMark]:
    """Move the watermarks of (conversation, thread, user) up to these seqs and return where each stands.

    A watermark never falls and never passes the last reply. Who has no place in the thread gets none: he reads it
    without following. Of those who are no members nothing is returned. One statement, in any order.
    """
    if not marks:
        return []
    conversation_ids, thread_seqs, user_ids, seqs = zip(*marks, strict=True)
    named = {
        "conversation_ids": list(conversation_ids),
        "thread_seqs": list(thread_seqs),
        "user_ids": list(user_ids),
        "seqs": list(seqs),
    }
    async with connection.cursor(row_factory=args_row(ThreadMark)) as cursor:
        await cursor.execute(MOVE_READ, named)
        return await cursor.fetchall()


async def follow(
    connection: Connection, user_id: UserId, conversation_id: ConversationId, thread_seq: int, *, following: bool
) -> ThreadMark | None:
    """Let a member follow the thread of this message, or follow it no more; None: he sees no such message.

    Also before anybody has replied. One statement.
    """
    named = {
        "user_id": user_id,
        "conversation_id": conversation_id,
        "thread_seq": thread_seq,
        "following": following,
    }
    async with connection.cursor(row_factory=args_row(ThreadMark)) as cursor:
        await cursor.execute(FOLLOW, named)
        return await cursor.fetchone()
