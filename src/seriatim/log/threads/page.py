"""Pages of a thread: the message it hangs on and the replies to it, in their order in the log."""

from typing import LiteralString

from psycopg.rows import args_row

from seriatim.core.ids import UserId
from seriatim.log.access import Access
from seriatim.log.entry_rows import EntryRow, entry_of
from seriatim.log.messages.state import STATE_NOW, STATE_UNTIL
from seriatim.protocol.answers import Page
from seriatim.protocol.commands import Fetch
from seriatim.storage.postgres.database import Connection

# Each half is a range of one index, so that a page of a thread of 100,000 replies reads no more than itself. `around`
# falls into the second half, as in pages of conversations.
_THREAD: LiteralString = """
select f.seq from entries f
where f.conversation_id = %(conversation_id)s and f.seq = %(thread_seq)s and f.ordinal is not null
    and f.thread_seq is null and f.seq between %(first)s and %(last)s
union all
select f.seq from entries f
where f.conversation_id = %(conversation_id)s and f.thread_seq = %(thread_seq)s
    and f.seq between %(first)s and %(last)s"""
_PICKED: LiteralString = f"""
where e.conversation_id = %(conversation_id)s and e.seq = any(array(
    (select f.seq from ({_THREAD}) f where f.seq < %(middle)s order by f.seq desc limit %(before)s)
    union all
    (select f.seq from ({_THREAD}) f where f.seq >= %(middle)s order by f.seq limit %(after)s)
))
order by e.seq"""
THREAD_NOW: LiteralString = f"-- thread page{STATE_NOW}{_PICKED}"
THREAD_UNTIL: LiteralString = f"-- thread page{STATE_UNTIL}{_PICKED}"


async def thread_page(connection: Connection, access: Access, fetch: Fetch, user_id: UserId, epoch: str) -> Page:
    """Return at most `limit` messages of the thread, as `page` does of the conversation; one statement (promise I1).

    Its root comes first where the reader may see it. Where there is no such thread the page is empty.
    """
    middle, before, after = _halves(access, fetch)
    named = {
        "conversation_id": fetch.conversation_id,
        "thread_seq": fetch.thread_seq,
        "user_id": user_id,
        "first": access.first_seq,
        "last": access.last_seq,
        "until": access.last_seq,
        "middle": middle,
        "before": before + (before > 0),  # one more shows whether the page ends where the thread does
        "after": after + (after > 0),
    }
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        await cursor.execute(THREAD_UNTIL if access.role is None else THREAD_NOW, named)
        rows = await cursor.fetchall()
    earlier = [row for row in rows if row.seq < middle]
    later = [row for row in rows if row.seq >= middle]
    kept = [*earlier[max(len(earlier) - before, 0) :], *later[:after]]
    return Page(
        id=fetch.id,
        conversation_id=fetch.conversation_id,
        thread_seq=fetch.thread_seq,
        epoch=epoch,
        entries=[entry_of(row) for row in kept],
        head=access.head,
        first_kept=access.first_seq,
        complete=len(kept) == len(rows),
    )


def _halves(access: Access, fetch: Fetch) -> tuple[int, int, int]:
    """Return the seq that parts the page, and the most messages before it and from it on."""
    if fetch.after is not None:
        return fetch.after + 1, 0, fetch.limit
    if fetch.around is not None:
        return fetch.around, fetch.limit // 2, fetch.limit - fetch.limit // 2
    return access.last_seq + 1 if fetch.before is None else fetch.before, fetch.limit, 0
