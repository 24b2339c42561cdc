"""The SQL of moderation: silences, bans, blocks and reports."""

from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import args_row, class_row, scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.entry_rows import COLUMNS, EntryRow, entry_of
from seriatim.protocol.http.moderation import Ban, Report, SilencedMember
from seriatim.protocol.resources import User
from seriatim.storage.postgres.database import Connection

NOW: LiteralString = "select clock_timestamp()"
USER_EXISTS: LiteralString = """-- user exists
select exists (select from users where id = %(user_id)s)"""

SILENCE: LiteralString = """-- silence
update members set silenced_until = %(until)s
where conversation_id = %(conversation_id)s and user_id = %(user_id)s"""
SILENCES: LiteralString = """-- silences
select m.user_id, u.name, m.silenced_until as until from members m join users u on u.id = m.user_id
where m.conversation_id = %(conversation_id)s and m.left_seq is null and m.silenced_until > clock_timestamp()
order by m.silenced_until desc, m.user_id limit %(limit)s"""

BANS_PAGE: LiteralString = """-- bans page
select b.user_id, u.name, b.banned_by, b.created_at from bans b join users u on u.id = b.user_id
where b.conversation_id = %(conversation_id)s and b.user_id > %(after)s order by b.user_id limit %(limit)s"""

COUNT_BLOCKS: LiteralString = """-- count blocks
select count(*) from blocks where user_id = %(user_id)s"""
BLOCKS: LiteralString = """-- blocks
select u.id as user_id, u.name, u.guest from blocks b join users u on u.id = b.blocked_user_id
where b.user_id = %(user_id)s order by u.name_key"""

MESSAGE: LiteralString = """-- reported message
select exists (select from entries where conversation_id = %(conversation_id)s and seq = %(seq)s
    and kind in ('message_sent', 'poll_started'))"""
# Once a message and person: whoever reports it again adds nothing.
ADD_REPORT: LiteralString = """-- add report
insert into reports (conversation_id, seq, reporter_id, words, created_at)
values (%(conversation_id)s, %(seq)s, %(reporter_id)s, %(words)s, clock_timestamp())
on conflict (conversation_id, seq, reporter_id) do nothing"""
_REPORT: LiteralString = f"""
select r.id, r.conversation_id, r.seq, r.reporter_id, r.words, r.created_at, r.taken_by, {COLUMNS}
from reports r left join entries e on e.conversation_id = r.conversation_id and e.seq = r.seq
where r.resolved_at is null and r.id > %(after)s"""
REPORTS_PAGE: LiteralString = f"""-- reports page{_REPORT}
order by r.id limit %(limit)s"""
REPORTS_OF_CONVERSATION: LiteralString = f"""-- reports of conversation{_REPORT}
    and r.conversation_id = %(conversation_id)s order by r.id limit %(limit)s"""
LOCK_REPORT: LiteralString = """-- lock report
select conversation_id, taken_by, resolved_at is not null as is_resolved from reports
where id = %(report_id)s for update"""
TAKE_REPORT: LiteralString = """-- take report
update reports set taken_by = %(user_id)s where id = %(report_id)s"""
RESOLVE_REPORT: LiteralString = """-- resolve report
update reports set resolved_by = %(user_id)s, resolved_at = clock_timestamp(), resolution = %(resolution)s
where id = %(report_id)s"""


class ReportRow(NamedTuple):
    """A report while its lock is held."""

    conversation_id: ConversationId
    taken_by: UserId | None
    is_resolved: bool


async def now(connection: Connection) -> datetime:
    """Return the time by the clock that silences end by."""
    row = await (await connection.execute(NOW)).fetchone()
    assert row is not None
    return row[0]


async def user_exists(connection: Connection, user_id: UserId) -> bool:
    """Say whether there is such a user."""
    return await _value(connection, USER_EXISTS, {"user_id": user_id})


async def silence(
    connection: Connection, conversation_id: ConversationId, user_id: UserId, until: datetime | None
) -> None:
    """Let a member only read until then, under the conversation's lock; None: let him speak."""
    await connection.execute(SILENCE, {"conversation_id": conversation_id, "user_id": user_id, "until": until})


async def silences(connection: Connection, conversation_id: ConversationId, limit: int) -> list[SilencedMember]:
    """Return the members who are silenced now, those with the longest time left first."""
    async with connection.cursor(row_factory=class_row(SilencedMember)) as cursor:
        await cursor.execute(SILENCES, {"conversation_id": conversation_id, "limit": limit})
        return await cursor.fetchall()


async def bans_page(connection: Connection, conversation_id: ConversationId, after: int, limit: int) -> list[Ban]:
    """Return the bans by user id, after this one."""
    async with connection.cursor(row_factory=class_row(Ban)) as cursor:
        await cursor.execute(BANS_PAGE, {"conversation_id": conversation_id, "after": after, "limit": limit})
        return await cursor.fetchall()


async def count_blocks(connection: Connection, user_id: UserId) -> int:
    """Count whom this user has blocked."""
    return await _value(connection, COUNT_BLOCKS, {"user_id": user_id})


async def blocks(connection: Connection, user_id: UserId) -> list[User]:
    """Return whom this user has blocked, in the order of names."""
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(BLOCKS, {"user_id": user_id})
        return await cursor.fetchall()


async def is_message(connection: Connection, conversation_id: ConversationId, seq: int) -> bool:
    """Say whether this entry is something that somebody said."""
    return await _value(connection, MESSAGE, {"conversation_id": conversation_id, "seq": seq})


async def add_report(
    connection: Connection, conversation_id: ConversationId, seq: int, reporter_id: UserId, words: str
) -> None:
    """Put a message into the queue."""
    named = {"conversation_id": conversation_id, "seq": seq, "reporter_id": reporter_id, "words": words}
    await connection.execute(ADD_REPORT, named)


async def reports_page(
    connection: Connection, conversation_id: ConversationId | None, after: int, limit: int
) -> list[Report]:
    """Return open reports after this one, the oldest first: of one conversation, or (None) of the whole server."""
    question = REPORTS_PAGE if conversation_id is None else REPORTS_OF_CONVERSATION
    async with connection.cursor(row_factory=args_row(_report)) as cursor:
        await cursor.execute(question, {"conversation_id": conversation_id, "after": after, "limit": limit})
        return await cursor.fetchall()


async def lock_report(connection: Connection, report_id: int) -> ReportRow | None:
    """Lock a report until the transaction ends, and return it."""
    async with connection.cursor(row_factory=class_row(ReportRow)) as cursor:
        await cursor.execute(LOCK_REPORT, {"report_id": report_id})
        return await cursor.fetchone()


async def take_report(connection: Connection, report_id: int, user_id: UserId) -> None:
    """Write down who deals with it."""
    await connection.execute(TAKE_REPORT, {"report_id": report_id, "user_id": user_id})


async def resolve_report(connection: Connection, report_id: int, user_id: UserId, resolution: str) -> None:
    """Take a report out of the queue."""
    await connection.execute(RESOLVE_REPORT, {"report_id": report_id, "user_id": user_id, "resolution": resolution})


def _report(*columns: Any) -> Report:
    report_id, conversation_id, seq, reporter_id, words, created_at, taken_by, *entry = columns
    row = EntryRow(*entry)
    return Report(
        report_id=report_id,
        conversation_id=conversation_id,
        seq=seq,
        reporter_id=reporter_id,
        words=words,
        created_at=created_at,
        taken_by=taken_by,
        entry=entry_of(row) if row.seq else None,
    )


async def _value(connection: Connection, question: LiteralString, named: dict[str, Any]) -> Any:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(question, named)
        return await cursor.fetchone()
