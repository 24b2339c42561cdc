"""Set settings: title, topic, who finds it, who may do what in it, how much of it newcomers read."""

from seriatim.features.conversations import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.moderation.audit import Act, audited
from seriatim.log.record import begin, record
from seriatim.protocol.commands import SetSettings
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def set_settings(command: SetSettings, sender: Sender, database: Database) -> Stored:
    """Change the settings named and return the committed entry; a retry returns the stored one (promise L2).

    Raises:
        BadRequest: no setting named, an unreadable text, or a conversation that others find and that is no channel.
        Forbidden: the sender is no admin, or the conversation is direct.
        NotFound: no such conversation, or the sender may not know of it.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.SET_SETTINGS)
        if isinstance(begun, Stored):
            return begun
        rules.visible(begun.conversation.kind, command.visibility)
        await store.set_settings(connection, change.conversation_id, change.content)
        await audited(
            connection,
            sender.user_id,
            Act.SET_SETTINGS,
            change.conversation_id,
            details={"changed": list(change.content)},
        )
        return await record(connection, change)
