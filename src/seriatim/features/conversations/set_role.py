"""Set role: give a member another role."""

from seriatim.core.errors import NotFound
from seriatim.features.conversations import rules, store
from seriatim.log import roster
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.moderation.audit import Act, audited
from seriatim.log.record import begin, record
from seriatim.protocol.commands import SetRole
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def set_role(command: SetRole, sender: Sender, database: Database) -> Stored:
    """Change a member's role and return the committed entry; a retry returns the stored one (promise L2).

    Raises:
        Conflict: `unchanged`, `guest` (a guest's account keeps this role), or `last_owner` when none would be left.
        Forbidden: the sender is no owner.
        NotFound: no such conversation, or (`$.user_id`) no such member.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.SET_ROLE)
        if isinstance(begun, Stored):
            return begun
        other = await roster.member(connection, change.conversation_id, command.user_id)
        if other is None or other.left_seq is not None:
            raise NotFound("no such member", path="$.user_id")
        owners = await store.owner_count(connection, change.conversation_id)
        rules.change_role(other.role, command.role, owners=owners)
        rules.suits(command.role, is_guest=other.is_guest)
        await roster.set_role(connection, change.conversation_id, command.user_id, command.role)
        details = {"role": command.role, "before": other.role}
        await audited(
            connection, sender.user_id, Act.SET_ROLE, change.conversation_id, user_id=command.user_id, details=details
        )
        return await record(connection, change)
