"""Unpin: a message or poll is kept at hand no more."""

from seriatim.core.errors import Conflict
from seriatim.features.pins import store
from seriatim.log.access import Action
from seriatim.log.draft import Change, Stored
from seriatim.log.messages import targets
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Unpin
from seriatim.protocol.entries import MessageUnpinned
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def unpin(command: Unpin, sender: Sender, database: Database) -> Stored:
    """Take the pin away and return the committed entry; a retry returns the stored one (promise L2).

    Bounds: six statements.

    Raises:
        NotFound: no such conversation or message, or the sender may not know of it.
        Forbidden: the sender's role may not pin here.
        Conflict: `not_pinned`, or `deleted`.
        KeyReused, Unavailable.
    """
    here, seq = command.conversation_id, command.target_seq
    change = Change(here, sender, command.client_id, MessageUnpinned, {}, target_seq=seq)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.PIN)
        if isinstance(begun, Stored):
            return begun
        target = await targets.target(connection, here, begun.access, seq, targets.MESSAGE, targets.POLL)
        if target.pinned_seq is None:
            raise Conflict("it is not pinned", path="$.target_seq", reason="not_pinned")
        await store.set_pin(connection, here, seq, begun.conversation.last_seq + 1, pinned=False)
        return await record(connection, change)
