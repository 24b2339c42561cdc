"""What moderators do about members: silence them for a time, and keep people out who are not in."""

from datetime import datetime
from typing import Final

from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.features.moderation import rules, store
from seriatim.log import roster
from seriatim.log.access import Action, authorize
from seriatim.log.moderation.audit import Act, audited
from seriatim.log.moderation.bans import ban, unban
from seriatim.protocol.http.moderation import Ban, SilencedMember
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

SHOWN: Final = 200
"""Most silenced members listed."""


async def silence(
    connection: Connection,
    sender: Sender,
    conversation_id: ConversationId,
    user_id: UserId,
    until: datetime | None,
) -> None:
    """Let a member only read until then (None: let him speak), also when he leaves and comes back; nobody is told.

    What he sends after this has committed is refused.

    Raises:
        BadRequest: `until` is past, or more than a year away.
        Forbidden: the sender does not moderate here, or the other's rank is not below his.
        NotFound: no such conversation, or (`$.user_id`) no such member.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.MODERATE)
    if until is not None:
        rules.silence(until, await store.now(connection))
    await roster.lock(connection, conversation_id)
    own, other = [await roster.member(connection, conversation_id, who) for who in (sender.user_id, user_id)]
    if other is None or other.left_seq is not None:
        raise NotFound("no such member", path="$.user_id")
    assert own is not None
    rules.outranks(own.role, other.role)
    await store.silence(connection, conversation_id, user_id, until)
    act = Act.UNSILENCE if until is None else Act.SILENCE
    details = {} if until is None else {"until": until}
    await audited(connection, sender.user_id, act, conversation_id, user_id=user_id, details=details)


async def silenced(connection: Connection, sender: Sender, conversation_id: ConversationId) -> list[SilencedMember]:
    """Return the members who are silenced now, at most 200, those with the longest time left first.

    Raises:
        NotFound, Forbidden: the sender does not moderate here.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.MODERATE)
    return await store.silences(connection, conversation_id, SHOWN)


async def ban_stranger(
    connection: Connection, sender: Sender, conversation_id: ConversationId, user_id: UserId
) -> None:
    """Keep somebody out who is not in; once more changes nothing.

    Raises:
        Conflict: `member`: `remove` with `ban` takes him out and makes an entry of it.
        Forbidden, NotFound: as for removing; or (`$.user_id`) no such user.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.REMOVE)
    await roster.lock(connection, conversation_id)
    if not await store.user_exists(connection, user_id):
        raise NotFound("no such user", path="$.user_id")
    other = await roster.member(connection, conversation_id, user_id)
    if other is not None and other.left_seq is None:
        raise Conflict("a member: remove him with `ban`", path="$.user_id", reason="member")
    if await ban(connection, conversation_id, user_id, sender.user_id):
        await audited(connection, sender.user_id, Act.BAN, conversation_id, user_id=user_id)


async def lift_ban(connection: Connection, sender: Sender, conversation_id: ConversationId, user_id: UserId) -> None:
    """Let somebody be invited and join again.

    Raises:
        Forbidden, NotFound: as for removing; or (`$.user_id`) he is not banned.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.REMOVE)
    if not await unban(connection, conversation_id, user_id):
        raise NotFound("nobody of this id is banned", path="$.user_id")
    await audited(connection, sender.user_id, Act.UNBAN, conversation_id, user_id=user_id)


async def banned(
    connection: Connection, sender: Sender, conversation_id: ConversationId, after: int, limit: int
) -> list[Ban]:
    """Return who is banned, by user id, after this one.

    Raises:
        NotFound, Forbidden: the sender does not moderate here.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.MODERATE)
    return await store.bans_page(connection, conversation_id, after, limit)
