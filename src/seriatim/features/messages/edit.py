"""Edit: one's own message says something else; the log keeps what it said before."""

from seriatim.features.messages import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.messages import targets
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Edit
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def edit(command: Edit, sender: Sender, database: Database) -> Stored:
    """Give the message another body and return the committed entry; a retry returns the stored one (promise L2).

    Bounds: six statements.

    Raises:
        TooLarge, BadRequest: the body is none that can be sent.
        NotFound: no such conversation or message, or the sender may not know of it.
        Forbidden: the message is another's, or the sender may not write here.
        Conflict: `deleted`, `forwarded`, or `unchanged`.
        KeyReused, Unavailable.
    """
    wish = rules.edit(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, wish, Action.EDIT)
        if isinstance(begun, Stored):
            return begun
        here = command.conversation_id
        target = await targets.target(connection, here, begun.access, command.target_seq, targets.MESSAGE)
        change = rules.edited(wish, target)
        await store.edit(connection, here, target.seq, command.body, begun.conversation.last_seq + 1)
        return await record(connection, change)
