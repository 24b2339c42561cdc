"""Mark all read: every conversation of a user up to its present head, some hundred a transaction."""

from collections.abc import Callable, Sequence

from seriatim.core.ids import UserId
from seriatim.features.receipts import store
from seriatim.features.receipts.marks import OnMoved
from seriatim.log.heads import head_rows
from seriatim.log.watermarks import move_marks
from seriatim.protocol.answers import HeadRow
from seriatim.protocol.own.commands import ReadAll
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

BATCH = 500
"""Conversations read in one transaction."""

TellRows = Callable[[UserId, Sequence[HeadRow]], None]


async def read_all(_command: ReadAll, sender: Sender, database: Database, tell: TellRows, on_moved: OnMoved) -> None:
    """Move the sender's watermarks to the present heads, and tell all of his devices how he stands.

    Bounds: four statements per 500 conversations that have anything unread.

    Raises:
        Unavailable: some batches may be read; the same command again reads the rest.
    """
    user_id, after = sender.user_id, 0
    while True:
        async with database.transaction() as connection:
            unread = await store.unread(connection, user_id, after, BATCH)
            conversation_ids = [conversation_id for conversation_id, _ in unread]
            if not unread:
                return
            moved = await move_marks(connection, [(id_, user_id, seq) for id_, seq in unread])
            await store.unmark(connection, user_id, conversation_ids)
            rows = await head_rows(connection, user_id, conversation_ids)
        tell(user_id, rows)
        await on_moved([mark for mark in moved if mark.read_moved or mark.delivered_moved])
        if len(unread) < BATCH:
            return
        after = conversation_ids[-1]
