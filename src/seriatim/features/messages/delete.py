"""Delete: a message or poll is taken away from everybody, with its history; its place in the order stays."""

from seriatim.features.messages import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Change, Stored
from seriatim.log.messages import targets
from seriatim.log.moderation.audit import Act, audited
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Delete
from seriatim.protocol.entries import MessageDeleted
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def delete(command: Delete, sender: Sender, database: Database) -> Stored:
    """Empty the message or poll and return the committed entry; a retry returns the stored one (promise L2).

    What it said, also before its edits, its mentions, reactions, votes and pin are gone from the database. It counts as
    unread until it is read, and who has left sees it no more either.

    Bounds: six statements, seven for the message of another: a moderator's act is written down.

    Raises:
        NotFound: no such conversation or message, or the sender may not know of it.
        Forbidden: the message is another's and the sender no admin, or he may not write here.
        Conflict: `deleted` already.
        KeyReused, Unavailable.
    """
    here, seq = command.conversation_id, command.target_seq
    change = Change(here, sender, command.client_id, MessageDeleted, {}, target_seq=seq)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.EDIT)
        if isinstance(begun, Stored):
            return begun
        target = await targets.target(connection, here, begun.access, seq, targets.MESSAGE, targets.POLL)
        rules.delete(target, sender, deletes_others=targets.deletes_others(begun.access))
        await store.delete(connection, here, target, begun.conversation.last_seq + 1)
        if target.sender_id != sender.user_id:
            await audited(connection, sender.user_id, Act.DELETE, here, user_id=target.sender_id, details={"seq": seq})
        return await record(connection, change)
