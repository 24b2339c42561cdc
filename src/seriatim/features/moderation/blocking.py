"""Blocking: what one person does about another, without a moderator and without an entry."""

from typing import Final

from seriatim.core.errors import BadRequest, Conflict, NotFound
from seriatim.core.ids import UserId
from seriatim.features.moderation import store
from seriatim.log.moderation import blocks
from seriatim.protocol.http.moderation import Blocks
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

MOST: Final = 1_000
"""Most people whom one person blocks."""


async def block(connection: Connection, sender: Sender, user_id: UserId) -> None:
    """Let another neither write in the direct conversation of the two, nor begin one, nor add the sender anywhere.

    Once more changes nothing.

    Raises:
        BadRequest: oneself.
        NotFound: no such user.
        Conflict: `full`: 1,000 are blocked already.
    """
    if user_id == sender.user_id:
        raise BadRequest("nobody blocks himself", path="$.user_id", reason="self")
    if not await store.user_exists(connection, user_id):
        raise NotFound("no such user", path="$.user_id")
    if await store.count_blocks(connection, sender.user_id) >= MOST:
        raise Conflict(f"at most {MOST} people", reason="full")
    await blocks.block(connection, sender.user_id, user_id)


async def unblock(connection: Connection, sender: Sender, user_id: UserId) -> None:
    """Take a block back; where there is none nothing changes."""
    await blocks.unblock(connection, sender.user_id, user_id)


async def blocked(connection: Connection, sender: Sender) -> Blocks:
    """Return whom the sender has blocked, in the order of names."""
    return Blocks(users=await store.blocks(connection, sender.user_id))
