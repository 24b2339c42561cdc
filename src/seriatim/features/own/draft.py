"""Drafts follow the user to his other devices; the last writer wins."""

from seriatim.core.errors import Conflict
from seriatim.features.own import rules, store
from seriatim.log.access import Action, authorize
from seriatim.protocol.limits import DRAFTS
from seriatim.protocol.own.changes import Tell
from seriatim.protocol.own.commands import SaveDraft
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def save_draft(command: SaveDraft, sender: Sender, database: Database, tell: Tell) -> None:
    """Keep the draft if none was changed later, and tell the user's other devices; who is late is told what is kept.

    Bounds: three statements at most; 200 drafts that say something.

    Raises:
        TooLarge: more than 16 KiB of UTF-8.
        NotFound, Forbidden: the sender may not write there.
        Conflict: `full`.
    """
    rules.check_draft(command)
    async with database.transaction() as connection:
        await authorize(connection, sender.user_id, command.conversation_id, Action.SEND)
        kept = await store.save_draft(connection, sender.user_id, command)
        later = None if kept is not None else await store.draft(connection, sender.user_id, command)
    if kept is not None:
        tell(sender.user_id, kept, sender.device_id)
    elif later is not None and (command.text == "" or later.changed_at >= command.changed_at):
        tell(sender.user_id, later, None)
    else:
        raise Conflict(f"at most {DRAFTS} drafts", path="$.text", reason="full")
