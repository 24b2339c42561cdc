"""Unreact: one's own emoji is taken away again."""

from seriatim.core.errors import Conflict
from seriatim.features.reactions import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Change, Stored
from seriatim.log.messages import targets
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Unreact
from seriatim.protocol.entries import ReactionRemoved
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def unreact(command: Unreact, sender: Sender, database: Database) -> Stored:
    """Remove the reaction and return the committed entry; a retry returns the stored one (promise L2).

    Bounds: six statements.

    Raises:
        BadRequest: not one emoji.
        NotFound: no such conversation or message, or the sender may not know of it.
        Forbidden: the sender is no member, or may only read here.
        Conflict: `not_reacted`, or `deleted`.
        KeyReused, Unavailable.
    """
    rules.emoji(command.emoji)
    here, seq, content = command.conversation_id, command.target_seq, {"emoji": command.emoji}
    change = Change(here, sender, command.client_id, ReactionRemoved, content, target_seq=seq)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.REACT)
        if isinstance(begun, Stored):
            return begun
        await targets.target(connection, here, begun.access, seq, targets.MESSAGE, targets.POLL)
        next_seq = begun.conversation.last_seq + 1
        if not await store.unreact(connection, here, seq, command.emoji, sender.user_id, changed_seq=next_seq):
            raise Conflict("you have not put this emoji there", path="$.emoji", reason="not_reacted")
        return await record(connection, change)
