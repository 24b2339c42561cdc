"""All that is unread: the conversations with unread messages, and of each the first few of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.own.changes import HIDDEN, MUTED
from seriatim.log.own.counts import MENTIONED, UNREAD
from seriatim.log.own.seen import seen
from seriatim.protocol.entries import Entry
from seriatim.protocol.http.own import UNREAD_ENTRIES, UnreadConversation
from seriatim.storage.postgres.database import Connection

LOOKED_THROUGH = 200
"""Most entries of one conversation that are looked at to find its first unread messages."""

# Who joins has read what was before, so that nothing of it is found here; `seen` lets none of it out in any case.
# Entries that count in the main timeline, as ordinals do. `offset 0`: a bounded scan of the primary key.
UNREADS_PAGE: LiteralString = f"""-- unreads page
select p.*, array(
    select e.seq from (
        select e.seq, e.ordinal, e.thread_seq, e.broadcast, e.deleted_seq from entries e
        where e.conversation_id = p.conversation_id and e.seq > p.read_seq
        order by e.seq limit %(looked_through)s offset 0
    ) e
    where e.ordinal is not null and (e.thread_seq is null or e.broadcast) and e.deleted_seq is null
    order by e.seq limit %(most)s
) as seqs
from (
    select c.id as conversation_id, c.last_seq as head, m.read_seq, {UNREAD} as unread, {MENTIONED} as mentions,
        coalesce(c.last_message_at, c.created_at) as moved_at
    from members m join conversations c on c.id = m.conversation_id
    where m.user_id = %(user_id)s and m.left_seq is null and c.last_ordinal > m.read_ordinal
        and not {MUTED} and not {HIDDEN}
        and (coalesce(c.last_message_at, c.created_at), c.id) < (%(moved_at)s::timestamptz, %(conversation_id)s)
    order by moved_at desc, c.id desc limit %(limit)s
) p
order by p.moved_at desc, p.conversation_id desc"""


class Unread(NamedTuple):
    """A conversation with unread messages, and where the first of them are."""

    conversation_id: ConversationId
    head: int
    read: int
    unread: int
    mentions: int
    moved_at: datetime
    seqs: list[int]

    @property
    def place(self) -> tuple[datetime, int]:
        """Where it stands in the list."""
        return (self.moved_at, self.conversation_id)


async def unreads_page(
    connection: Connection, user_id: UserId, after: tuple[datetime, int], limit: int
) -> list[Unread]:
    """Return the conversations with unread messages that are neither muted nor hidden, the last message first.

    One statement. Bounds: of each at most 200 entries are looked at, and the first 5 that count are named.
    """
    named: dict[str, Any] = {
        "user_id": user_id,
        "moved_at": after[0],
        "conversation_id": after[1],
        "limit": limit,
        "most": UNREAD_ENTRIES,
        "looked_through": LOOKED_THROUGH,
    }
    async with connection.cursor(row_factory=args_row(Unread)) as cursor:
        await cursor.execute(UNREADS_PAGE, named)
        return await cursor.fetchall()


async def with_entries(connection: Connection, user_id: UserId, page: Sequence[Unread]) -> list[UnreadConversation]:
    """Return the same conversations with their first unread entries; one statement for all."""
    found = await seen(connection, user_id, [(one.conversation_id, seq) for one in page for seq in one.seqs])
    return [
        _told(one, [found[place] for seq in one.seqs if (place := (one.conversation_id, seq)) in found]) for one in page
    ]


def _told(one: Unread, entries: list[Entry]) -> UnreadConversation:
    return UnreadConversation(
        conversation_id=one.conversation_id,
        head=one.head,
        read=one.read,
        unread=one.unread,
        mentions=one.mentions,
        entries=entries,
    )
