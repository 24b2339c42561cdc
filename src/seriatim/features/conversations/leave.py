"""Leave: stop being a member, and keep what one could read so far."""

from seriatim.features.conversations import rules, store
from seriatim.log import roster
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Leave
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def leave(command: Leave, sender: Sender, database: Database) -> Stored:
    """End the sender's membership and return the committed entry; a retry returns the stored one (promise L2).

    Raises:
        Conflict: `last_owner`, while others stay behind.
        Forbidden: a direct conversation, or the sender is no member any more.
        NotFound: no such conversation, or the sender may not know of it.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.LEAVE)
        if isinstance(begun, Stored):
            return begun
        conversation, access = begun
        assert access.role is not None
        owners = await store.owner_count(connection, change.conversation_id)
        rules.leave(access.role, members=conversation.member_count, owners=owners)
        await roster.leave_member(connection, change.conversation_id, sender.user_id, conversation.last_seq + 1)
        stored = await record(connection, change)
        await store.keep_left_view(connection, change.conversation_id, sender.user_id)
        return stored
