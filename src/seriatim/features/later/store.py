"""The SQL of scheduled messages and reminders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.http.own import NewReminder, Reminder, ScheduledMessage
from seriatim.protocol.limits import SCHEDULED
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

_COLUMNS: LiteralString = "id, user_id, device_id, command, send_at, refused_code"

SCHEDULE: LiteralString = f"""-- schedule
insert into scheduled (id, user_id, device_id, conversation_id, client_id, command, send_at, try_at)
select %(id)s, %(user_id)s, %(device_id)s, %(conversation_id)s, %(client_id)s, %(command)s, %(send_at)s, %(send_at)s
where %(most)s > (select count(*) from scheduled where user_id = %(user_id)s)
on conflict (conversation_id, device_id, client_id) do nothing
returning {_COLUMNS}"""
OF_THIS_KEY: LiteralString = f"""-- scheduled of this key
select {_COLUMNS} from scheduled
where conversation_id = %(conversation_id)s and device_id = %(device_id)s and client_id = %(client_id)s"""
ALL_SCHEDULED: LiteralString = f"""-- all scheduled
select {_COLUMNS} from scheduled where user_id = %(user_id)s order by send_at, id limit %(most)s"""
# Whoever sends it at this moment holds its lock: it is changed before, or is gone.
LOCK_ONE: LiteralString = f"""-- lock scheduled
select {_COLUMNS} from scheduled where user_id = %(user_id)s and id = %(id)s for update"""
CHANGE: LiteralString = """-- change scheduled
update scheduled set command = %(command)s, send_at = %(send_at)s, try_at = %(send_at)s, refused_code = null
where id = %(id)s"""
CANCEL: LiteralString = """-- cancel scheduled
delete from scheduled where user_id = %(user_id)s and id = %(id)s"""

# Another process that sends at the same time takes others. The locks are held until what became of them is written.
DUE: LiteralString = f"""-- due
select {_COLUMNS} from scheduled
where refused_code is null and try_at <= clock_timestamp()
order by try_at limit %(limit)s for update skip locked"""
SENT: LiteralString = """-- scheduled sent
delete from scheduled where id = %(id)s"""
REFUSED: LiteralString = """-- scheduled refused
update scheduled set refused_code = %(code)s where id = %(id)s"""
AGAIN: LiteralString = """-- scheduled again
update scheduled set try_at = clock_timestamp() + make_interval(secs => %(after_s)s) where id = %(id)s"""

REMIND: LiteralString = """-- remind
insert into reminders (id, user_id, conversation_id, seq, remind_at)
select %(id)s, %(user_id)s, %(conversation_id)s, %(seq)s, %(remind_at)s
where %(most)s > (select count(*) from reminders where user_id = %(user_id)s)
on conflict (user_id, conversation_id, seq, remind_at) do nothing"""
_REMINDER: LiteralString = "id, conversation_id, seq, remind_at, told_at is not null"
THIS_REMINDER: LiteralString = f"""-- this reminder
select {_REMINDER} from reminders
where user_id = %(user_id)s and conversation_id = %(conversation_id)s and seq = %(seq)s and remind_at = %(remind_at)s"""
ALL_REMINDERS: LiteralString = f"""-- all reminders
select {_REMINDER} from reminders where user_id = %(user_id)s order by remind_at, id limit %(most)s"""
DISMISS: LiteralString = """-- dismiss reminder
delete from reminders where user_id = %(user_id)s and id = %(id)s"""
REMINDERS_DUE: LiteralString = """-- reminders due
update reminders r set told_at = clock_timestamp()
from (
    select id from reminders where told_at is null and remind_at <= clock_timestamp()
    order by remind_at limit %(limit)s for update skip locked
) due
where r.id = due.id
returning r.id, r.user_id, r.conversation_id, r.seq"""


class ScheduledRow(NamedTuple):
    """A scheduled message, with whose it is."""

    scheduled_id: int
    user_id: UserId
    device_id: DeviceId
    message: SendMessage
    send_at: datetime
    refused_code: str | None

    def shown(self) -> ScheduledMessage:
        """Return it as its user sees it."""
        return ScheduledMessage(
            scheduled_id=self.scheduled_id,
            message=self.message,
            send_at=self.send_at,
            refused_code=self.refused_code,
        )


class DueReminder(NamedTuple):
    """A reminder whose time has come."""

    reminder_id: int
    user_id: UserId
    conversation_id: ConversationId
    seq: int


async def schedule(
    connection: Connection, id_: int, sender: Sender, message: SendMessage, send_at: datetime
) -> ScheduledRow | None:
    """Store a message under its key, or return what is stored there; None: there are too many."""
    named: dict[str, Any] = {
        "id": id_,
        "user_id": sender.user_id,
        "device_id": sender.device_id,
        "conversation_id": message.conversation_id,
        "client_id": message.client_id,
        "command": _stored(message),
        "send_at": send_at,
        "most": SCHEDULED,
    }
    return await _one(connection, SCHEDULE, named) or await _one(connection, OF_THIS_KEY, named)


async def all_scheduled(connection: Connection, user_id: UserId) -> list[ScheduledRow]:
    """Return the user's scheduled messages, the next first."""
    return await _rows(connection, ALL_SCHEDULED, {"user_id": user_id, "most": SCHEDULED})


async def lock_one(connection: Connection, user_id: UserId, id_: int) -> ScheduledRow | None:
    """Return one of the user's scheduled messages, which nobody sends until the transaction ends."""
    return await _one(connection, LOCK_ONE, {"user_id": user_id, "id": id_})


async def change(connection: Connection, row: ScheduledRow) -> None:
    """Store this row's message and time; it is tried again."""
    named = {"id": row.scheduled_id, "command": _stored(row.message), "send_at": row.send_at}
    await connection.execute(CHANGE, named)


async def cancel(connection: Connection, user_id: UserId, id_: int) -> bool:
    """Forget a scheduled message; False: there is none (any more)."""
    return (await connection.execute(CANCEL, {"user_id": user_id, "id": id_})).rowcount == 1


async def due(connection: Connection, limit: int) -> list[ScheduledRow]:
    """Lock messages whose time has come, the earliest first, and return them."""
    return await _rows(connection, DUE, {"limit": limit})


async def sent(connection: Connection, id_: int) -> None:
    """Forget a scheduled message, for it stands in the log."""
    await connection.execute(SENT, {"id": id_})


async def refused(connection: Connection, id_: int, code: str) -> None:
    """Note that a scheduled message was refused for good."""
    await connection.execute(REFUSED, {"id": id_, "code": code})


async def again(connection: Connection, id_: int, after_s: float) -> None:
    """Let a scheduled message be tried again after this time."""
    await connection.execute(AGAIN, {"id": id_, "after_s": after_s})


async def remind(connection: Connection, id_: int, user_id: UserId, wish: NewReminder) -> Reminder | None:
    """Store a reminder, or return the same one; None: there are too many."""
    named: dict[str, Any] = {"id": id_, "user_id": user_id, "most": SCHEDULED, **msgspec.structs.asdict(wish)}
    await connection.execute(REMIND, named)
    found = await _reminders(connection, THIS_REMINDER, named)
    return found[0] if found else None


async def all_reminders(connection: Connection, user_id: UserId) -> list[Reminder]:
    """Return the user's reminders, the earliest first."""
    return await _reminders(connection, ALL_REMINDERS, {"user_id": user_id, "most": SCHEDULED})


async def dismiss(connection: Connection, user_id: UserId, id_: int) -> bool:
    """Forget a reminder; False: there is none (any more)."""
    return (await connection.execute(DISMISS, {"user_id": user_id, "id": id_})).rowcount == 1


async def reminders_due(connection: Connection, limit: int) -> Sequence[DueReminder]:
    """Mark reminders whose time has come, and return them."""
    async with connection.cursor(row_factory=args_row(DueReminder)) as cursor:
        await cursor.execute(REMINDERS_DUE, {"limit": limit})
        return await cursor.fetchall()


def _stored(message: SendMessage) -> Jsonb:
    return Jsonb(msgspec.to_builtins(message))


def _row(*columns: Any) -> ScheduledRow:
    row = ScheduledRow(*columns)
    return row._replace(message=msgspec.convert(row.message, SendMessage))


async def _rows(connection: Connection, question: LiteralString, named: dict[str, Any]) -> list[ScheduledRow]:
    async with connection.cursor(row_factory=args_row(_row)) as cursor:
        await cursor.execute(question, named)
        return await cursor.fetchall()


async def _one(connection: Connection, question: LiteralString, named: dict[str, Any]) -> ScheduledRow | None:
    found = await _rows(connection, question, named)
    return found[0] if found else None


def _reminder(id_: int, conversation_id: ConversationId, seq: int, remind_at: datetime, is_due: bool) -> Reminder:
    return Reminder(reminder_id=id_, conversation_id=conversation_id, seq=seq, remind_at=remind_at, due=is_due)


async def _reminders(connection: Connection, question: LiteralString, named: dict[str, Any]) -> list[Reminder]:
    async with connection.cursor(row_factory=args_row(_reminder)) as cursor:
        await cursor.execute(question, named)
        return await cursor.fetchall()
