"""Pin: a message or poll is kept at hand for everybody in the conversation."""

from seriatim.core.errors import Conflict
from seriatim.features.pins import store
from seriatim.log.access import Action
from seriatim.log.draft import Change, Stored
from seriatim.log.messages import targets
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Pin
from seriatim.protocol.entries import MessagePinned
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def pin(command: Pin, sender: Sender, database: Database) -> Stored:
    """Pin the target and return the committed entry; a retry returns the stored one (promise L2).

    Bounds: seven statements.

    Raises:
        NotFound: no such conversation or message, or the sender may not know of it.
        Forbidden: the sender's role may not pin here.
        Conflict: `pinned` already, `pins` (there are 100), or `deleted`.
        KeyReused, Unavailable.
    """
    here, seq = command.conversation_id, command.target_seq
    change = Change(here, sender, command.client_id, MessagePinned, {}, target_seq=seq)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.PIN)
        if isinstance(begun, Stored):
            return begun
        target = await targets.target(connection, here, begun.access, seq, targets.MESSAGE, targets.POLL)
        if target.pinned_seq is not None:
            raise Conflict("it is pinned already", path="$.target_seq", reason="pinned")
        if await store.pin_count(connection, here) >= LIMITS.pins:
            raise Conflict(f"a conversation has at most {LIMITS.pins} pins", reason="pins")
        await store.set_pin(connection, here, seq, begun.conversation.last_seq + 1, pinned=True)
        return await record(connection, change)
