"""Groups of people: admins of the server make them, everybody mentions them.

A client mentions a group by mentioning its members, at most 50: so a send needs no look-up.
"""

from collections.abc import Sequence

from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import UserId, random_id
from seriatim.features.groups import rules, store
from seriatim.log.moderation.admins import require_server_admin
from seriatim.log.moderation.audit import Act, audited
from seriatim.log.moderation.guests import is_guest
from seriatim.protocol.http.groups import GROUPS, ChangeGroup, Group, Groups, NewGroup
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


async def listed(connection: Connection, sender: Sender) -> Groups:
    """Return all groups, in the order of their names; to a guest, who may not know who is there, none."""
    if await is_guest(connection, sender.user_id):
        return Groups(groups=[])
    return Groups(groups=await store.groups(connection))


async def make(connection: Connection, sender: Sender, wish: NewGroup) -> Group:
    """Make a group.

    Raises:
        Forbidden: the sender is no admin of the server.
        BadRequest: the name is no single word.
        NotFound: a person does not exist (`$.user_ids[i]`).
        Conflict: `name_taken`, or `full`: there are 500 groups.
    """
    await require_server_admin(connection, sender.user_id)
    name = rules.clean_name(wish.name)
    await _all_exist(connection, wish.user_ids)
    await store.lock(connection)
    if await store.count(connection) >= GROUPS:
        raise Conflict(f"at most {GROUPS} groups", reason="full")
    group_id = random_id()
    if not await store.add(connection, group_id, name, rules.name_key(name)):
        raise _taken()
    await store.set_members(connection, group_id, wish.user_ids)
    return await _told(connection, sender, group_id)


async def change(connection: Connection, sender: Sender, group_id: int, wish: ChangeGroup) -> Group:
    """Change a group's name, or who is in it; what is absent stays.

    Raises:
        Forbidden: the sender is no admin of the server.
        BadRequest: the name is no single word.
        NotFound: no such group (`$.group_id`), or a person does not exist (`$.user_ids[i]`).
        Conflict: `name_taken`, or `changed`: other people are in it than the caller saw.
    """
    await require_server_admin(connection, sender.user_id)
    await store.lock(connection)
    group = await store.group(connection, group_id)
    if group is None:
        raise _unknown()
    if wish.seen_user_ids is not None and set(wish.seen_user_ids) != set(group.user_ids):
        raise Conflict("somebody else has changed this group", path="$.seen_user_ids", reason="changed")
    if wish.name is not None:
        name = rules.clean_name(wish.name)
        if not await store.rename(connection, group_id, name, rules.name_key(name)):
            raise _taken()
    if wish.user_ids is not None:
        await _all_exist(connection, wish.user_ids)
        await store.set_members(connection, group_id, wish.user_ids)
    return await _told(connection, sender, group_id)


async def delete(connection: Connection, sender: Sender, group_id: int) -> None:
    """Delete a group; who was in it stays who he is.

    Raises:
        Forbidden: the sender is no admin of the server.
        NotFound: no such group.
    """
    await require_server_admin(connection, sender.user_id)
    await store.lock(connection)
    group = await store.group(connection, group_id)
    if group is None:
        raise _unknown()
    await store.delete(connection, group_id)
    await audited(connection, sender.user_id, Act.DELETE_GROUP, details={"group_id": group_id, "name": group.name})


async def _told(connection: Connection, sender: Sender, group_id: int) -> Group:
    """Return a group as it is after a change, which is written down."""
    group = await store.group(connection, group_id)
    assert group is not None
    details = {"group_id": group_id, "name": group.name, "user_ids": group.user_ids}
    await audited(connection, sender.user_id, Act.SET_GROUP, details=details)
    return group


async def _all_exist(connection: Connection, user_ids: Sequence[UserId]) -> None:
    known = await store.known(connection, user_ids)
    for place, user_id in enumerate(user_ids):
        if user_id not in known:
            raise NotFound("no such user", path=f"$.user_ids[{place}]")


def _taken() -> Conflict:
    return Conflict("another group has this name", path="$.name", reason="name_taken")


def _unknown() -> NotFound:
    return NotFound("no such group", path="$.group_id")
