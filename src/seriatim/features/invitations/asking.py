"""Requests to join a listed channel: whoever may invite accepts one by inviting, which ends it, or refuses it."""

from typing import Final

from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.features.invitations import store
from seriatim.log.access import Action, authorize
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.http.invitations import JoinRequest
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

REQUESTS: Final = 1_000
"""Most open requests of one conversation."""


async def ask(connection: Connection, sender: Sender, conversation_id: ConversationId, words: str) -> None:
    """Ask to be let in; asking again changes the words.

    Raises:
        NotFound: no such conversation, or he may not know of it: it is not listed, he is a guest or banned.
        Forbidden: it is public: he just joins; or he knows it as an ex-member only.
        Conflict: `already_member`, or `full`: 1,000 ask already.
    """
    access = await authorize(connection, sender.user_id, conversation_id, Action.ASK)
    if access.role is not None:
        raise Conflict("you are a member", reason="already_member")
    if await store.count_requests(connection, conversation_id) >= REQUESTS:
        raise Conflict("too many ask already", reason="full")
    await store.ask(connection, conversation_id, sender.user_id, words)


async def asking(
    connection: Connection, sender: Sender, conversation_id: ConversationId, after: int, limit: int
) -> list[JoinRequest]:
    """Return who asks to be let in, by user id, after this one.

    Raises:
        NotFound, Forbidden: as for inviting.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.INVITE)
    return await store.requests_page(connection, conversation_id, after, limit)


async def refuse(connection: Connection, sender: Sender, conversation_id: ConversationId, user_id: UserId) -> None:
    """Refuse a request, or take back one's own.

    Raises:
        NotFound, Forbidden: as for inviting; nobody of this id asks (`$.user_id`).
    """
    own = user_id == sender.user_id
    if not own:
        await authorize(connection, sender.user_id, conversation_id, Action.INVITE)
    if not await store.end_request(connection, conversation_id, user_id):
        raise NotFound("nobody of this id asks to join", path="$.user_id")
    if not own:
        await audited(connection, sender.user_id, Act.REFUSE_REQUEST, conversation_id, user_id=user_id)
