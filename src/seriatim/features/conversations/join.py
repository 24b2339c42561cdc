"""Join: become a member of a public channel."""

from seriatim.core.errors import Conflict
from seriatim.features.conversations import rules
from seriatim.log import roster
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Join
from seriatim.protocol.fields import Role
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def join(command: Join, sender: Sender, database: Database) -> Stored:
    """Make the sender a member and return the committed entry; a retry returns the stored one (promise L2).

    Raises:
        Conflict: `already_member`, or `full`.
        NotFound: no such conversation, or the sender may not know of it.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.JOIN)
        if isinstance(begun, Stored):
            return begun
        conversation, access = begun
        if access.role is not None:
            raise Conflict("you are a member", reason="already_member")
        rules.room(conversation.member_count)
        await roster.add_member(connection, conversation, sender.user_id, Role.MEMBER)
        return await record(connection, change)
