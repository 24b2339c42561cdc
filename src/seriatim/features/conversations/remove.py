"""Remove: take somebody out, who keeps what he could read so far; with a ban he cannot come back."""

from seriatim.core.errors import NotFound
from seriatim.features.conversations import rules, store
from seriatim.log import roster
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.moderation.audit import Act, audited
from seriatim.log.moderation.bans import ban
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Remove
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def remove(command: Remove, sender: Sender, database: Database) -> Stored:
    """End another's membership and return the committed entry; a retry returns the stored one (promise L2).

    Raises:
        BadRequest: the sender himself: that is `leave`.
        Forbidden: the sender is no admin, or the other's rank is not below his.
        NotFound: no such conversation, or (`$.user_id`) no such member.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.REMOVE)
        if isinstance(begun, Stored):
            return begun
        conversation, access = begun
        assert access.role is not None
        other = await roster.member(connection, change.conversation_id, command.user_id)
        if other is None or other.left_seq is not None:
            raise NotFound("no such member", path="$.user_id")
        rules.remove(access.role, other.role)
        await roster.leave_member(connection, change.conversation_id, command.user_id, conversation.last_seq + 1)
        if command.ban:
            await ban(connection, change.conversation_id, command.user_id, sender.user_id)
        act = Act.BAN if command.ban else Act.REMOVE
        await audited(connection, sender.user_id, act, change.conversation_id, user_id=command.user_id)
        stored = await record(connection, change)
        await store.keep_left_view(connection, change.conversation_id, command.user_id)
        return stored
