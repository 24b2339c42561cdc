"""Join: become a member of a public channel, or of any conversation with an invitation to it."""

import hashlib

from seriatim.core.errors import Conflict, Gone, NotFound
from seriatim.features.conversations import rules, store
from seriatim.log import roster
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.record import begin, record, recorded
from seriatim.protocol.commands import Join
from seriatim.protocol.fields import Role
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database


async def join(command: Join, sender: Sender, database: Database) -> Stored:
    """Make the sender a member and return the committed entry; a retry returns the stored one (promise L2).

    Raises:
        Conflict: `already_member`, or `full`.
        Forbidden: he is `banned`, or the conversation is `archived`.
        Gone: the invitation was revoked, is too old or used up.
        NotFound: no such conversation, or the sender may not know of it; or (`$.invitation`) no such invitation to it.
        KeyReused, Unavailable.
    """
    async with database.transaction() as connection:
        if command.invitation is not None:
            return await _join_invited(connection, command, command.invitation, sender)
        change = rules.change(command, sender)
        begun = await begin(connection, change, Action.JOIN)
        if isinstance(begun, Stored):
            return begun
        conversation, access = begun
        if access.role is not None:
            raise Conflict("you are a member", reason="already_member")
        await roster.add_members(connection, conversation, [sender.user_id], Role.MEMBER)
        return await record(connection, change)


async def _join_invited(connection: Connection, command: Join, token: str, sender: Sender) -> Stored:
    found = await store.invitation(connection, hashlib.sha256(token.encode()).digest(), sender.user_id)
    if found is None or found.conversation_id != command.conversation_id:
        raise NotFound("there is no such invitation", path="$.invitation", reason="invitation")
    role = rules.role_of_invited(Role(found.role), is_guest=found.is_guest)
    change = rules.joined(command, sender, role)
    conversation = await roster.lock(connection, command.conversation_id)
    known = await recorded(connection, change)
    if known is not None:
        return known
    (himself,) = (await store.candidates(connection, found.conversation_id, [sender.user_id], sender.user_id)).values()
    rules.follow(himself, archived=conversation.archived)
    if not await store.use_invitation(connection, found.invitation_id):
        raise Gone("this invitation was revoked, is too old or used up", path="$.invitation", reason="invitation")
    await roster.add_members(connection, conversation, [sender.user_id], role)
    return await record(connection, change)
