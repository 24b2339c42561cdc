"""A server's own emoji: those who may add them do, and everybody uses them."""

import hashlib

from seriatim.core.errors import Conflict, Forbidden, NotFound
from seriatim.features.emoji import pictures, rules, store
from seriatim.features.emoji.rules import EmojiPolicy
from seriatim.features.emoji.shortcodes import shortcodes
from seriatim.log.moderation.admins import is_server_admin
from seriatim.log.moderation.audit import Act, audited
from seriatim.log.moderation.guests import is_guest
from seriatim.protocol.http.emoji import EMOJI, CustomEmoji, CustomEmojis, NewEmoji
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


async def listed(connection: Connection, sender: Sender, policy: EmojiPolicy) -> CustomEmojis:
    """Return all emoji in the order of their names, and whether this user may add one."""
    return CustomEmojis(emoji=await store.listed(connection), may_add=await _may_add(connection, sender, policy))


async def add(connection: Connection, sender: Sender, wish: NewEmoji, policy: EmojiPolicy) -> CustomEmoji:
    """Add an emoji.

    Raises:
        Forbidden: `server_admin`: the sender may not add any.
        BadRequest: the name (`emoji_name`) or the picture (`picture`) cannot be one.
        TooLarge: `picture_bytes`, `picture_pixels`.
        Conflict: `standard`, `name_taken`, or `full`: there are 1,000.
    """
    if not await _may_add(connection, sender, policy):
        raise _forbidden()
    rules.check_name(wish.name, shortcodes())
    looked = pictures.look(wish.picture)
    digest = hashlib.sha256(wish.picture).hexdigest()
    await store.lock(connection)
    if await store.count(connection) >= EMOJI:
        raise Conflict(f"at most {EMOJI} emoji", reason="full")
    if not await store.add(connection, wish, digest, looked, sender.user_id):
        raise Conflict("another emoji has this name", path="$.name", reason="name_taken")
    await audited(connection, sender.user_id, Act.ADD_EMOJI, details={"name": wish.name, "digest": digest})
    return store.custom(wish.name, digest, looked.width, looked.height)


async def remove(connection: Connection, sender: Sender, name: str, policy: EmojiPolicy) -> None:
    """Remove an emoji: any as an admin of the server, one's own as somebody who may add some.

    What was written with it stays as text.

    Raises:
        Forbidden: `server_admin`: the sender may not.
        NotFound: there is no such emoji.
    """
    may_add, is_admin = await _may_add(connection, sender, policy), await is_server_admin(connection, sender.user_id)
    if not may_add:
        raise _forbidden()
    added_by = await store.added_by(connection, name) if rules.NAME.fullmatch(name) else None
    if added_by is None:
        raise NotFound("no such emoji", path="$.name")
    if not is_admin and added_by != sender.user_id:
        raise _forbidden()
    await store.remove(connection, name)
    await audited(connection, sender.user_id, Act.REMOVE_EMOJI, details={"name": name})


async def _may_add(connection: Connection, sender: Sender, policy: EmojiPolicy) -> bool:
    if policy is EmojiPolicy.EVERYBODY and not await is_guest(connection, sender.user_id):
        return True
    return await is_server_admin(connection, sender.user_id)


def _forbidden() -> Forbidden:
    return Forbidden("an admin of this server does this", reason="server_admin")
