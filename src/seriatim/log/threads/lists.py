"""Lists of threads, the last reply first: those of a conversation, and those that a user follows anywhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from msgspec.structs import replace
from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.access import Access
from seriatim.log.entry_rows import EntryRow, entry_of
from seriatim.log.messages.state import STATE_NOW, STATE_UNTIL
from seriatim.log.own.counts import THREAD_MENTIONED, THREAD_UNREAD
from seriatim.log.own.seen import seen
from seriatim.protocol.http.threads import Thread
from seriatim.storage.postgres.database import Connection

Place = tuple[datetime | str, ConversationId | int, int]
"""Where a page of followed threads ends: when its last thread was replied to, its conversation and its root."""
NEWEST: Place = ("infinity", 0, 0)

_ROW: LiteralString = f"""
select t.conversation_id, t.thread_seq, t.reply_count, t.last_seq, t.last_at, coalesce(r.following, false),
    coalesce(r.read_seq, 0), {THREAD_UNREAD}, {THREAD_MENTIONED}"""

# Who has left sees the threads that nobody has replied to since.
THREADS_PAGE: LiteralString = f"""-- threads page{_ROW}
from threads t
left join thread_reads r
    on r.conversation_id = t.conversation_id and r.thread_seq = t.thread_seq and r.user_id = %(user_id)s
where t.conversation_id = %(conversation_id)s and t.last_seq < %(before)s and t.last_seq <= %(last)s
    and t.thread_seq >= %(first)s
order by t.last_seq desc limit %(limit)s"""

_ROOTS: LiteralString = """
where e.conversation_id = %(conversation_id)s and e.seq = any(%(seqs)s)"""
ROOTS_NOW: LiteralString = f"-- thread roots{STATE_NOW}{_ROOTS}"
ROOTS_UNTIL: LiteralString = f"-- thread roots{STATE_UNTIL}{_ROOTS}"

FOLLOWED_PAGE: LiteralString = f"""-- followed threads page{_ROW}
from thread_reads r
join threads t on t.conversation_id = r.conversation_id and t.thread_seq = r.thread_seq
where r.user_id = %(user_id)s and r.following and (not %(only_unread)s or t.last_ordinal > r.read_ordinal)
    and (t.last_at, t.conversation_id, t.thread_seq)
        < (%(last_at)s::timestamptz, %(conversation_id)s::bigint, %(thread_seq)s::bigint)
order by t.last_at desc, t.conversation_id desc, t.thread_seq desc limit %(limit)s"""


async def threads_page(
    connection: Connection,
    access: Access,
    conversation_id: ConversationId,
    user_id: UserId,
    *,
    before: int,
    limit: int,
) -> list[Thread]:
    """Return the threads of a conversation whose last reply stands before this seq; two statements."""
    named: dict[str, Any] = {
        "conversation_id": conversation_id,
        "user_id": user_id,
        "first": access.first_seq,
        "last": access.last_seq,
        "until": access.last_seq,
        "before": before,
        "limit": limit,
    }
    async with connection.cursor(row_factory=args_row(_thread)) as cursor:
        await cursor.execute(THREADS_PAGE, named)
        threads = await cursor.fetchall()
    named["seqs"] = [thread.thread_seq for thread in threads]
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        await cursor.execute(ROOTS_UNTIL if access.role is None else ROOTS_NOW, named)
        roots = {row.seq: entry_of(row) for row in await cursor.fetchall()}
    return [replace(thread, root=roots.get(thread.thread_seq)) for thread in threads]


async def followed_page(
    connection: Connection, user_id: UserId, before: Place, limit: int, *, only_unread: bool
) -> list[Thread]:
    """Return the threads that the user follows and where somebody has replied, before this place; two statements."""
    last_at, conversation_id, thread_seq = before
    named = {
        "user_id": user_id,
        "last_at": last_at,
        "conversation_id": conversation_id,
        "thread_seq": thread_seq,
        "limit": limit,
        "only_unread": only_unread,
    }
    async with connection.cursor(row_factory=args_row(_thread)) as cursor:
        await cursor.execute(FOLLOWED_PAGE, named)
        threads = await cursor.fetchall()
    roots = await seen(connection, user_id, _places(threads))
    return [replace(thread, root=roots.get(place)) for thread, place in zip(threads, _places(threads), strict=True)]


def _places(threads: Sequence[Thread]) -> list[tuple[ConversationId, int]]:
    return [(thread.conversation_id, thread.thread_seq) for thread in threads]


def _thread(*columns: Any) -> Thread:
    return Thread(**dict(zip(Thread.__struct_fields__, columns, strict=False)))
