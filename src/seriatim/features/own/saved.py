"""Saved messages: keep one at hand, and let it go again."""

from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import ConversationId
from seriatim.features.own import store
from seriatim.log.access import Action, authorize
from seriatim.log.own.changes import list_changed
from seriatim.protocol.limits import SAVED
from seriatim.protocol.own.changes import OwnSaved
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

LIST = "saved"


async def save(connection: Connection, conversation_id: ConversationId, seq: int, sender: Sender) -> OwnSaved:
    """Save an entry that the sender may read; one that is saved stays as it is.

    Raises:
        NotFound: there is no such entry, or the sender may not know of it.
        Conflict: `full`.
    """
    access = await authorize(connection, sender.user_id, conversation_id, Action.READ)
    if not access.first_seq <= seq <= access.last_seq:
        raise NotFound("no such entry", path="$.seq")
    saved_at = await store.save(connection, sender.user_id, conversation_id, seq)
    if saved_at is None:
        raise Conflict(f"at most {SAVED} saved messages", path="$.seq", reason="full")
    await list_changed(connection, [sender.user_id], LIST)
    return OwnSaved(conversation_id=conversation_id, seq=seq, saved_at=saved_at)


async def unsave(connection: Connection, conversation_id: ConversationId, seq: int, sender: Sender) -> OwnSaved:
    """Save an entry no more, wherever it is.

    Raises:
        NotFound: it was not saved.
    """
    if not await store.unsave(connection, sender.user_id, conversation_id, seq):
        raise NotFound("no such saved message", path="$.seq")
    await list_changed(connection, [sender.user_id], LIST)
    return OwnSaved(conversation_id=conversation_id, seq=seq)
