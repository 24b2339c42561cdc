"""What became due: messages are sent under their own keys, reminders told; both survive a crash at any moment."""

from seriatim.core.errors import ChatError, Unavailable
from seriatim.features.later import remind, schedule, store
from seriatim.features.later.later import Later
from seriatim.features.later.store import ScheduledRow
from seriatim.log.own.changes import list_changed
from seriatim.protocol.own.changes import OwnReminder, OwnScheduled
from seriatim.protocol.sender import Sender

BATCH = 50
"""Most messages sent in one step, one after the other, and most reminders told."""
AGAIN_S = 5.0
"""A message that could not be sent just now is tried again after this time, or the one that the refusal names."""


async def send_due(later: Later) -> int:
    """Send messages whose time has come, tell their users what became of them, and return how many were dealt with.

    Each goes the way of any other message, under the key of its device: whoever dies after it was stored and before
    that was noted finds it stored when it is tried again (promise L2). One that is refused for good is kept with its
    code.

    Raises:
        Unavailable: the rest waits; the messages already sent are found sent next time.
    """
    told: list[tuple[ScheduledRow, OwnScheduled]] = []
    async with later.database.transaction() as connection:
        rows = await store.due(connection, BATCH)
        for row in rows:
            try:
                sent = await later.send(row.message, Sender(row.user_id, row.device_id))
            except ChatError as error:
                if error.retryable:
                    wait_s = AGAIN_S if error.retry_after_ms is None else error.retry_after_ms / 1_000
                    await store.again(connection, row.scheduled_id, wait_s)
                    if isinstance(error, Unavailable):
                        break
                    continue
                await store.refused(connection, row.scheduled_id, error.code)
                seq, code = None, error.code
            else:
                await store.sent(connection, row.scheduled_id)
                seq, code = sent.seq, None
            here = row.message.conversation_id
            told.append((row, OwnScheduled(scheduled_id=row.scheduled_id, conversation_id=here, seq=seq, code=code)))
        if told:
            await list_changed(connection, [row.user_id for row, _ in told], schedule.LIST)
    for row, change in told:
        later.tell(row.user_id, change, None)
    return len(told)


async def tell_due(later: Later) -> int:
    """Tell users of reminders whose time has come, and return how many there were; each stays until it is dismissed.

    Raises:
        Unavailable.
    """
    async with later.database.transaction() as connection:
        due = await store.reminders_due(connection, BATCH)
        if due:
            await list_changed(connection, [one.user_id for one in due], remind.LIST)
    for one in due:
        change = OwnReminder(reminder_id=one.reminder_id, conversation_id=one.conversation_id, seq=one.seq)
        later.tell(one.user_id, change, None)
    return len(due)
