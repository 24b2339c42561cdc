"""Reminders of messages: set, and dismiss."""

from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import random_id
from seriatim.features.later import rules, store
from seriatim.features.later.later import Later
from seriatim.log.access import Action, authorize
from seriatim.log.own.changes import list_changed
from seriatim.protocol.http.own import NewReminder, Reminder
from seriatim.protocol.limits import SCHEDULED
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

LIST = "reminders"


async def remind(connection: Connection, wish: NewReminder, sender: Sender, later: Later) -> Reminder:
    """Keep a reminder of an entry that the sender may read; the same one again is the same.

    Raises:
        BadRequest: the time has passed or is too far.
        NotFound: there is no such entry, or the sender may not know of it.
        Conflict: `full`.
    """
    rules.check_time(wish.remind_at, later.clock.now(), "$.remind_at")
    access = await authorize(connection, sender.user_id, wish.conversation_id, Action.READ)
    if not access.first_seq <= wish.seq <= access.last_seq:
        raise NotFound("no such entry", path="$.seq")
    reminder = await store.remind(connection, random_id(), sender.user_id, wish)
    if reminder is None:
        raise Conflict(f"at most {SCHEDULED} reminders", path="$", reason="full")
    await list_changed(connection, [sender.user_id], LIST)
    return reminder


async def dismiss(connection: Connection, reminder_id: int, sender: Sender) -> None:
    """Forget a reminder, due or not.

    Raises:
        NotFound: there is none.
    """
    if not await store.dismiss(connection, sender.user_id, reminder_id):
        raise NotFound("no such reminder", path="$.reminder_id")
    await list_changed(connection, [sender.user_id], LIST)
