"""Set settings: another title, topic or visibility."""

from seriatim.features.conversations import rules, store
from seriatim.log import roster
from seriatim.log.access import Action, authorize
from seriatim.log.draft import Stored
from seriatim.log.record import record, recorded
from seriatim.protocol.commands import SetSettings
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def set_settings(command: SetSettings, sender: Sender, database: Database) -> Stored:
    """Change the settings named and return the committed entry; a retry returns the stored one (promise L2).

    Raises:
        BadRequest: no setting named, an unreadable text, or a public conversation that is no channel.
        Forbidden: the sender is no admin, or the conversation is direct.
        NotFound: no such conversation, or the sender may not know of it.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    async with database.transaction() as connection:
        conversation = await roster.lock(connection, change.conversation_id)
        known = await recorded(connection, change)
        if known is not None:
            return known
        await authorize(connection, sender.user_id, change.conversation_id, Action.SET_SETTINGS)
        rules.visible(conversation.kind, command.visibility)
        await store.set_settings(connection, change.conversation_id, change.content)
        return await record(connection, change)
