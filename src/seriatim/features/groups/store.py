"""The SQL of groups."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.rows import class_row, scalar_row

from seriatim.core.ids import UserId
from seriatim.protocol.http.groups import Group
from seriatim.storage.postgres.database import Connection

_GROUP: LiteralString = """
select g.id as group_id, g.name,
    array(select m.user_id from user_group_members m where m.group_id = g.id order by m.user_id) as user_ids
from user_groups g"""
GROUPS: LiteralString = f"""-- groups{_GROUP}
order by g.name_key"""
GROUP: LiteralString = f"""-- group{_GROUP}
where g.id = %(group_id)s"""
# Whoever makes or renames one does so alone, so that names and the number are looked at once.
LOCK: LiteralString = """-- lock groups
lock table user_groups in share row exclusive mode"""
COUNT: LiteralString = """-- count groups
select count(*) from user_groups"""
ADD: LiteralString = """-- add group
insert into user_groups (id, name, name_key, created_at)
values (%(group_id)s, %(name)s, %(name_key)s, clock_timestamp()) on conflict do nothing"""
RENAME: LiteralString = """-- rename group
update user_groups set name = %(name)s, name_key = %(name_key)s
where id = %(group_id)s
    and not exists (select from user_groups o where o.name_key = %(name_key)s and o.id <> %(group_id)s)"""
SET_MEMBERS: LiteralString = """-- set group members
with gone as (
    delete from user_group_members where group_id = %(group_id)s and user_id <> all(%(user_ids)s)
)
insert into user_group_members (group_id, user_id)
select %(group_id)s, unnest(%(user_ids)s::bigint[]) on conflict do nothing"""
DELETE: LiteralString = """-- delete group
delete from user_groups where id = %(group_id)s"""
KNOWN: LiteralString = """-- known people
select id from users where id = any(%(user_ids)s)"""


async def groups(connection: Connection) -> list[Group]:
    """Return all groups, in the order of their names."""
    async with connection.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(GROUPS)
        return await cursor.fetchall()


async def group(connection: Connection, group_id: int) -> Group | None:
    """Return one group."""
    async with connection.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(GROUP, {"group_id": group_id})
        return await cursor.fetchone()


async def lock(connection: Connection) -> None:
    """Keep others from making and renaming groups until the transaction ends."""
    await connection.execute(LOCK)


async def count(connection: Connection) -> int:
    """Count the groups."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(COUNT)
        return await cursor.fetchone() or 0


async def add(connection: Connection, group_id: int, name: str, name_key: str) -> bool:
    """Add an empty group; False: the name is taken."""
    cursor = await connection.execute(ADD, {"group_id": group_id, "name": name, "name_key": name_key})
    return cursor.rowcount == 1


async def rename(connection: Connection, group_id: int, name: str, name_key: str) -> bool:
    """Rename a group that exists; False: the name is taken."""
    cursor = await connection.execute(RENAME, {"group_id": group_id, "name": name, "name_key": name_key})
    return cursor.rowcount == 1


async def set_members(connection: Connection, group_id: int, user_ids: Sequence[UserId]) -> None:
    """Let exactly these people be in the group."""
    await connection.execute(SET_MEMBERS, {"group_id": group_id, "user_ids": list(user_ids)})


async def delete(connection: Connection, group_id: int) -> None:
    """Delete a group."""
    await connection.execute(DELETE, {"group_id": group_id})


async def known(connection: Connection, user_ids: Sequence[UserId]) -> frozenset[UserId]:
    """Return those of these people who exist."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(KNOWN, {"user_ids": list(user_ids)})
        return frozenset(await cursor.fetchall())
