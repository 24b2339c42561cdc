"""Pages of the log: every entry of a range, oldest first, never outside what the asker may read."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from psycopg.rows import args_row, scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.access import FIRST_SEQ, READS, Access
from seriatim.log.entry_rows import EntryRow, entry_of
from seriatim.log.messages.state import STATE_NOW, STATE_UNTIL
from seriatim.protocol.answers import Page
from seriatim.protocol.commands import Fetch
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import EntryIdentity
from seriatim.storage.postgres.database import Connection

_RANGE: LiteralString = """
where e.conversation_id = %(conversation_id)s and e.seq between %(first)s and %(last)s order by e.seq"""
PAGE_NOW: LiteralString = f"-- page{STATE_NOW}{_RANGE}"
PAGE_UNTIL: LiteralString = f"-- page{STATE_UNTIL}{_RANGE}"

# Times rise with seqs, but where a clock went backwards: there the search ends somewhere near. `offset 0`: one row of
# one index at each step.
SEQ_AT: LiteralString = """-- seq at
with recursive search (low, high) as (
    select %(first)s::bigint, %(last)s::bigint + 1
    union all
    select case when e.created_at < %(at)s then e.seq + 1 else s.low end,
        case when e.created_at < %(at)s then s.high else e.seq end
    from search s cross join lateral (
        select e.seq, e.created_at from entries e
        where e.conversation_id = %(conversation_id)s and e.seq = (s.low + s.high) / 2 offset 0
    ) e
    where s.low < s.high
)
select max(low) from search"""

# An entry that was lost and sent again may stand in its old place under its old key, but not from its old time.
# Milliseconds: browsers know no finer ones.
COMPARE: LiteralString = f"""-- compare
select a.place
from unnest(%(conversation_ids)s::bigint[], %(seqs)s::bigint[], %(client_ids)s::uuid[], %(times)s::timestamptz[])
    with ordinality as a (conversation_id, seq, client_id, created_at, place)
join entries e on e.conversation_id = a.conversation_id and e.seq = a.seq and e.client_id = a.client_id
    and date_trunc('milliseconds', e.created_at) = date_trunc('milliseconds', a.created_at)
join conversations c on c.id = a.conversation_id
left join members m on m.conversation_id = a.conversation_id and m.user_id = %(user_id)s
where (m.user_id is not null and a.seq between {FIRST_SEQ} and coalesce(m.left_seq, c.last_seq)) or {READS}
order by a.place"""


async def page(connection: Connection, access: Access, fetch: Fetch, user_id: UserId, epoch: str) -> Page:
    """Return at most `limit` entries of the asked range within what `access` allows; one statement (promise I1).

    The log has no gaps (promise L3), so a page is a range of seqs: one scan of the primary key, whatever is asked. An
    entry is in its present state, or in that in which an ex-member left it.

    `after`: those that follow; `before`: the nearest before; `around`: half on each side; none of them: the newest.
    """
    first, last, complete = _range(access, fetch)
    entries: list[EntryRow] = []
    if first <= last:
        named = {
            "conversation_id": fetch.conversation_id,
            "first": first,
            "last": last,
            "until": access.last_seq,
            "user_id": user_id,
        }
        async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
            await cursor.execute(PAGE_UNTIL if access.role is None else PAGE_NOW, named)
            entries = await cursor.fetchall()
    return Page(
        id=fetch.id,
        conversation_id=fetch.conversation_id,
        epoch=epoch,
        entries=[entry_of(_without_the_past(row, access)) for row in entries],
        head=access.head,
        first_kept=access.first_seq,
        complete=complete,
    )


async def seq_at(connection: Connection, access: Access, conversation_id: ConversationId, at: datetime) -> int:
    """Return the seq of the first readable entry of this time or later, or one above the last; one statement."""
    named = {"conversation_id": conversation_id, "first": access.first_seq, "last": access.last_seq, "at": at}
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(SEQ_AT, named)
        return await cursor.fetchone() or access.first_seq


async def one_entry(connection: Connection, conversation_id: ConversationId, seq: int) -> Entry | None:
    """Return an entry as it stands now, for a reader that is nobody: of a poll or a reaction nothing is its own."""
    named = {"conversation_id": conversation_id, "first": seq, "last": seq, "user_id": 0}
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        row = await (await cursor.execute(PAGE_NOW, named)).fetchone()
    return None if row is None else entry_of(row)


async def compare(connection: Connection, user_id: UserId, entries: Sequence[EntryIdentity]) -> list[EntryIdentity]:
    """Return those of these entries that stand in this log and that the user may read, in order; one statement."""
    if not entries:
        return []
    conversation_ids, seqs, client_ids, times = zip(*entries, strict=True)
    cursor = await connection.execute(
        COMPARE,
        {
            "user_id": user_id,
            "conversation_ids": list(conversation_ids),
            "seqs": list(seqs),
            "client_ids": list(client_ids),
            "times": list(times),
        },
    )
    return [entries[row[0] - 1] for row in await cursor.fetchall()]


def _without_the_past(row: EntryRow, access: Access) -> EntryRow:
    """Leave out what an edit says of a message from before the reader's time (promise I1)."""
    if row.kind == "message_edited" and (row.target_seq or 0) < access.first_seq:
        return row._replace(body="", outcome=None)
    return row


def _range(access: Access, fetch: Fetch) -> tuple[int, int, bool]:
    """Return the first and last seq of the page and whether it reaches the end in the asked direction."""
    low, high = access.first_seq, access.last_seq
    if fetch.after is not None:
        first = max(fetch.after + 1, low)
        last = min(first + fetch.limit - 1, high)
        return first, last, last >= high
    if fetch.around is not None:
        first = max(min(fetch.around - fetch.limit // 2, high - fetch.limit + 1), low)
        last = min(first + fetch.limit - 1, high)
        return first, last, first <= low and last >= high
    last = high if fetch.before is None else min(fetch.before - 1, high)
    first = max(last - fetch.limit + 1, low)
    return first, last, first <= low
