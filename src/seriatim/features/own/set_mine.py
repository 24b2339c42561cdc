"""How one conversation is for one user: level, mute, pinned, hidden, marked unread."""

from seriatim.core.errors import NotFound
from seriatim.features.own import rules, store
from seriatim.protocol.own.changes import Tell
from seriatim.protocol.own.commands import SetMine
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def set_mine(command: SetMine, sender: Sender, database: Database, tell: Tell) -> None:
    """Set what the command names, and tell the user's other devices how it is now. One statement.

    Who has left may still hide what is left of a conversation.

    Raises:
        NotFound: the sender is no member and has never been one.
        BadRequest: it names nothing.
    """
    rules.check_mine(command)
    async with database.transaction() as connection:
        mine = await store.set_mine(connection, sender.user_id, command)
    if mine is None:
        raise NotFound("no such conversation", path="$.conversation_id")
    tell(sender.user_id, mine, sender.device_id)
