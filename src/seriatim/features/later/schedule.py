"""Messages that wait for their time: schedule, change, cancel."""

from seriatim.core.errors import BadRequest, Conflict, KeyReused, NotFound
from seriatim.core.ids import random_id
from seriatim.features.later import rules, store
from seriatim.features.later.later import Later
from seriatim.log.access import Action, authorize
from seriatim.log.own.changes import list_changed
from seriatim.protocol.http.own import ChangeScheduled, ScheduledMessage, ScheduleMessage
from seriatim.protocol.limits import SCHEDULED
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

LIST = "scheduled"


async def schedule(connection: Connection, wish: ScheduleMessage, sender: Sender, later: Later) -> ScheduledMessage:
    """Keep a message until its time; it is sent as this device would send it then, by who the sender is then.

    The same `client_id` again returns what is kept under it.

    Raises:
        BadRequest, TooLarge: the message or the time is wrong.
        NotFound, Forbidden: the sender may not write there now.
        KeyReused: another message waits under this `client_id`.
        Conflict: `full`.
    """
    rules.check_time(wish.send_at, later.clock.now(), "$.send_at")
    later.check(wish.message, sender)
    await authorize(connection, sender.user_id, wish.message.conversation_id, Action.SEND)
    row = await store.schedule(connection, random_id(), sender, wish.message, wish.send_at)
    if row is None:
        raise Conflict(f"at most {SCHEDULED} messages wait", path="$", reason="full")
    if row.message != wish.message or row.user_id != sender.user_id:
        raise KeyReused("another message waits under this client_id", path="$.message.client_id")
    await list_changed(connection, [sender.user_id], LIST)
    return row.shown()


async def change(
    connection: Connection, scheduled_id: int, wish: ChangeScheduled, sender: Sender, later: Later
) -> ScheduledMessage:
    """Give a scheduled message another text or time.

    Raises:
        BadRequest, TooLarge: the message or the time is wrong; `same_place`: it has another key or conversation.
        NotFound: there is none, or it was sent.
    """
    if wish.send_at is not None:
        rules.check_time(wish.send_at, later.clock.now(), "$.send_at")
    row = await store.lock_one(connection, sender.user_id, scheduled_id)
    if row is None:
        raise _none()
    message = wish.message or row.message
    if (message.conversation_id, message.client_id) != (row.message.conversation_id, row.message.client_id):
        raise BadRequest("the message keeps its client_id and its conversation", path="$.message", reason="same_place")
    later.check(message, Sender(row.user_id, row.device_id))
    row = row._replace(message=message, send_at=wish.send_at or row.send_at, refused_code=None)
    await store.change(connection, row)
    await list_changed(connection, [sender.user_id], LIST)
    return row.shown()


async def cancel(connection: Connection, scheduled_id: int, sender: Sender) -> None:
    """Forget a scheduled message.

    Raises:
        NotFound: there is none, or it was sent.
    """
    if not await store.cancel(connection, sender.user_id, scheduled_id):
        raise _none()
    await list_changed(connection, [sender.user_id], LIST)


def _none() -> NotFound:
    return NotFound("no such scheduled message", path="$.scheduled_id")
