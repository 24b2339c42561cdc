"""Invite: add somebody at once."""

from seriatim.core.errors import Conflict, NotFound
from seriatim.features.conversations import rules, store
from seriatim.log import roster
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Invite
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def invite(command: Invite, sender: Sender, database: Database) -> Stored:
    """Make another a member and return the committed entry; a retry returns the stored one (promise L2).

    A private conversation shows him what follows; who was here before begins anew, with nothing unread.

    Raises:
        Conflict: `already_member`, or `full`.
        Forbidden: the sender is no admin, or the role is not his to give, or the conversation is direct.
        NotFound: no such conversation, or (`$.user_id`) no such user.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.INVITE)
        if isinstance(begun, Stored):
            return begun
        conversation, access = begun
        assert access.role is not None
        rules.grant(access.role, command.role)
        if not await store.known_users(connection, [command.user_id]):
            raise NotFound("no such user", path="$.user_id")
        other = await roster.member(connection, change.conversation_id, command.user_id)
        if other is not None and other.left_seq is None:
            raise Conflict("a member already", path="$.user_id", reason="already_member")
        rules.room(conversation.member_count)
        await roster.add_member(connection, conversation, command.user_id, command.role)
        return await record(connection, change)
