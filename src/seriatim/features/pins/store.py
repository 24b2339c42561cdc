"""The SQL of pins, which stand in the pinned entry itself; a partial index finds them."""

from typing import Any, LiteralString, NamedTuple

from psycopg.rows import args_row, scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.access import Access
from seriatim.log.entry_rows import EntryRow, entry_of
from seriatim.log.messages.state import STATE_NOW, STATE_UNTIL
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres.database import Connection

PIN_COUNT: LiteralString = """-- pin count
select count(*) from entries where conversation_id = %(conversation_id)s and pinned_seq is not null"""

SET_PIN: LiteralString = """-- set pin
update entries set pinned_seq = %(pinned_seq)s, changed_seq = %(changed_seq)s
where conversation_id = %(conversation_id)s and seq = %(seq)s"""

_PINNED: LiteralString = """
where e.conversation_id = %(conversation_id)s and e.seq >= %(first)s and e.seq <= %(until)s
    and e.pinned_seq < %(before)s and e.pinned_seq <= %(until)s
order by e.pinned_seq desc limit %(limit)s"""
PINS_NOW: LiteralString = f"-- pins page{STATE_NOW}{_PINNED}"
PINS_UNTIL: LiteralString = f"-- pins page{STATE_UNTIL}{_PINNED}"


class Pinned(NamedTuple):
    """An entry, and the one that pinned it."""

    pinned_seq: int
    entry: Entry


async def pin_count(connection: Connection, conversation_id: ConversationId) -> int:
    """Return how many pins this conversation has; exact under its lock."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(PIN_COUNT, {"conversation_id": conversation_id})
        return await cursor.fetchone() or 0


async def set_pin(
    connection: Connection, conversation_id: ConversationId, seq: int, changed_seq: int, *, pinned: bool
) -> None:
    """Pin the entry or take its pin away; `changed_seq` is that of the entry recorded next."""
    named: dict[str, Any] = {
        "conversation_id": conversation_id,
        "seq": seq,
        "pinned_seq": changed_seq if pinned else None,
        "changed_seq": changed_seq,
    }
    await connection.execute(SET_PIN, named)


async def pins_page(
    connection: Connection,
    conversation_id: ConversationId,
    access: Access,
    user_id: UserId,
    *,
    before: int,
    limit: int,
) -> list[Pinned]:
    """Return the pinned entries that this reader may see, the last pin first, of pins before this one."""
    named = {
        "conversation_id": conversation_id,
        "user_id": user_id,
        "first": access.first_seq,
        "until": access.last_seq,
        "before": before,
        "limit": limit,
    }
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        await cursor.execute(PINS_UNTIL if access.role is None else PINS_NOW, named)
        return [Pinned(row.pinned_seq or 0, entry_of(row)) for row in await cursor.fetchall()]
