"""Invite: add people at once, all in one entry."""

from seriatim.features.conversations import rules, store
from seriatim.log import roster
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Invite
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def invite(command: Invite, sender: Sender, database: Database) -> Stored:
    """Make others members and return the committed entry; a retry returns the stored one (promise L2).

    Where the history is since joining they are shown what follows; who was here before begins anew.

    Raises:
        BadRequest: nobody is named.
        Conflict: `already_member`, `banned`, `guest` (a guest's account gets no other role), or `full`.
        Forbidden: the sender may not invite here, or the role is not his to give, or the conversation is direct, or
            (`blocked`) somebody has blocked him.
        NotFound: no such conversation, or (`$.user_ids[i]`) no such user.
        KeyReused, Unavailable.
    """
    change = rules.change(command, sender)
    people = rules.invited(command)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.INVITE)
        if isinstance(begun, Stored):
            return begun
        conversation, access = begun
        assert access.role is not None
        rules.grant(access.role, command.role)
        known = await store.candidates(connection, change.conversation_id, list(people), sender.user_id)
        rules.admit(people, command.role, known)
        await roster.add_members(connection, conversation, list(people), command.role)
        return await record(connection, change)
