"""The SQL of what becomes of messages: each change is one statement, and so is each list."""

from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId
from seriatim.log.access import Access
from seriatim.log.draft import Stored, Target
from seriatim.log.entry_rows import COLUMNS, EntryRow, as_sent, entry_of, message_of
from seriatim.log.messages.state import columns_until
from seriatim.log.messages.targets import POLL
from seriatim.protocol.commands import Forward
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.http.messages import Version
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

EDIT: LiteralString = """-- edit
update entries set body = %(body)s, edited_seq = %(changed_seq)s, changed_seq = %(changed_seq)s
where conversation_id = %(conversation_id)s and seq = %(seq)s"""

# Everything that tells what it said, to whom, or what people said to it. A mention that its reader has locked he is
# removing himself.
DELETE: LiteralString = """-- delete
with history as (
    update entries set body = '', outcome = '{}'
    where conversation_id = %(conversation_id)s and target_seq = %(seq)s and outcome is not null
        and kind = 'message_edited'
), reacted as (
    delete from reactions where conversation_id = %(conversation_id)s and seq = %(seq)s
), counted as (
    delete from reaction_counts where conversation_id = %(conversation_id)s and seq = %(seq)s
), voted as (
    delete from poll_votes where conversation_id = %(conversation_id)s and seq = %(seq)s
), asked as (
    delete from polls where conversation_id = %(conversation_id)s and seq = %(seq)s
), mentioned as (
    delete from mentions where ctid = any(array(
        select m.ctid from entries e cross join jsonb_array_elements_text(e.meta -> 'mentions') as n (user_id)
        join mentions m on m.conversation_id = e.conversation_id and m.user_id = n.user_id::bigint and m.seq = e.seq
            and m.thread_seq = case when e.broadcast then 0 else coalesce(e.thread_seq, 0) end
        where e.conversation_id = %(conversation_id)s and e.seq = %(seq)s
        for update of m skip locked
    ))
)
update entries
set body = %(body)s, meta = %(meta)s, edited_seq = null, pinned_seq = null, deleted_seq = %(changed_seq)s,
    changed_seq = %(changed_seq)s
where conversation_id = %(conversation_id)s and seq = %(seq)s"""

# A forwarded message holds the place that its forwarder named; once it is deleted, its key says it alone.
FORWARDED: LiteralString = f"""-- forwarded
select e.kind = 'message_sent' and (e.deleted_seq is not null or coalesce(
        (e.meta #>> '{{forwarded,conversation_id}}')::bigint = %(source_conversation_id)s
        and (e.meta #>> '{{forwarded,seq}}')::bigint = %(source_seq)s, false)),
    c.roster_version, {COLUMNS}
from entries e join conversations c on c.id = e.conversation_id
where e.conversation_id = %(conversation_id)s and e.device_id = %(device_id)s and e.client_id = %(client_id)s"""

SOURCE: LiteralString = f"""-- source
select {columns_until("%(until)s")} from entries e
where e.conversation_id = %(conversation_id)s and e.seq = %(seq)s and e.kind = 'message_sent'"""

# What was sent is what the first edit found, or what the message says still.
VERSIONS_PAGE: LiteralString = """-- versions page
select v.seq, v.body, v.created_at from (
    select e.seq, e.created_at, coalesce((
        select f.outcome ->> 'previous' from entries f
        where f.conversation_id = e.conversation_id and f.target_seq = e.seq and f.outcome is not null
        order by f.seq limit 1), e.body) as body
    from entries e where e.conversation_id = %(conversation_id)s and e.seq = %(seq)s
    union all
    select f.seq, f.created_at, f.body from entries f
    where f.conversation_id = %(conversation_id)s and f.target_seq = %(seq)s and f.outcome is not null
        and f.seq > %(after)s and f.seq <= %(until)s
) v
where v.seq > %(after)s order by v.seq limit %(limit)s"""

NO_QUESTION = '{"question": "", "options": []}'


async def edit(connection: Connection, conversation_id: ConversationId, seq: int, body: str, changed_seq: int) -> None:
    """Give the message its new body; `changed_seq` is that of the `message_edited` recorded next."""
    named: dict[str, Any] = {
        "conversation_id": conversation_id,
        "seq": seq,
        "body": body,
        "changed_seq": changed_seq,
    }
    await connection.execute(EDIT, named)


async def delete(connection: Connection, conversation_id: ConversationId, target: Target, changed_seq: int) -> None:
    """Empty a message or poll; `changed_seq` is that of the `message_deleted` recorded next."""
    is_poll = target.kind == POLL
    named: dict[str, Any] = {
        "conversation_id": conversation_id,
        "seq": target.seq,
        "body": None if is_poll else "",
        "meta": NO_QUESTION if is_poll else None,
        "changed_seq": changed_seq,
    }
    await connection.execute(DELETE, named)


class Known(NamedTuple):
    """What is stored under a key, and whether it is what the command wishes for."""

    same: bool
    stored: Stored


async def forwarded(connection: Connection, command: Forward, sender: Sender) -> Known | None:
    """Return what is stored under the key of this `forward`."""
    named: dict[str, Any] = {
        "conversation_id": command.conversation_id,
        "source_conversation_id": command.source_conversation_id,
        "source_seq": command.source_seq,
        "device_id": sender.device_id,
        "client_id": command.client_id,
    }
    cursor = await connection.execute(FORWARDED, named)
    row = await cursor.fetchone()
    if row is None:
        return None
    same, version, *columns = row
    return Known(same, Stored(entry_of(as_sent(EntryRow(*columns))), version, duplicate=True))


async def source(
    connection: Connection, conversation_id: ConversationId, access: Access, seq: int
) -> MessageSent | None:
    """Return a message as this reader may see it; None: there is none that he may see."""
    if not access.first_seq <= seq <= access.last_seq:
        return None
    named = {"conversation_id": conversation_id, "seq": seq, "until": access.last_seq}
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        await cursor.execute(SOURCE, named)
        row = await cursor.fetchone()
    return None if row is None else message_of(row)


async def versions_page(
    connection: Connection, conversation_id: ConversationId, seq: int, *, until: int, after: int, limit: int
) -> list[Version]:
    """Return what the message has said up to the entry `until`, the oldest first, after the entry `after`."""
    named = {"conversation_id": conversation_id, "seq": seq, "until": until, "after": after, "limit": limit}
    async with connection.cursor(row_factory=args_row(_version)) as cursor:
        await cursor.execute(VERSIONS_PAGE, named)
        return await cursor.fetchall()


def _version(seq: int, body: str, created_at: datetime) -> Version:
    return Version(seq=seq, body=body, created_at=created_at)
