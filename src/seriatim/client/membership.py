"""Who is in a conversation: inviting, joining, leaving; part of a Client."""

from collections.abc import Awaitable, Callable

from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.protocol.commands import Invite, Join, Leave
from seriatim.protocol.fields import Role
from seriatim.protocol.link import Acked, OutboxCommand


class Membership:
    """Each of these is kept, sent and answered as `Client.submit` says, and raises what it raises."""

    def __init__(self, submit: Callable[[OutboxCommand], Awaitable[Acked]]) -> None:
        self._submit = submit

    async def invite(self, conversation_id: ConversationId, *user_ids: UserId, role: Role = Role.MEMBER) -> Acked:
        """Add people to a conversation, 100 at most, in one entry."""
        return await self._submit(
            Invite(id=0, client_id=uuid7(), conversation_id=conversation_id, user_ids=list(user_ids), role=role)
        )

    async def join(self, conversation_id: ConversationId, invitation: str | None = None) -> Acked:
        """Become a member of a public channel, or of any conversation with the token of an invitation to it."""
        return await self._submit(Join(id=0, client_id=uuid7(), conversation_id=conversation_id, invitation=invitation))

    async def leave(self, conversation_id: ConversationId) -> Acked:
        """Stop being a member; what was readable stays readable."""
        return await self._submit(Leave(id=0, client_id=uuid7(), conversation_id=conversation_id))
