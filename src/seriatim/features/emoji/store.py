"""The SQL of a server's own emoji."""

from typing import LiteralString, NamedTuple

from msgspec import structs
from psycopg.rows import args_row, scalar_row

from seriatim.core.ids import UserId
from seriatim.features.emoji.pictures import Picture
from seriatim.protocol.http.emoji import CustomEmoji, NewEmoji
from seriatim.storage.postgres.database import Connection

LIST: LiteralString = """-- custom emoji
select name, digest, width, height from custom_emoji order by name"""
PICTURE: LiteralString = """-- emoji picture
select picture, media_type from custom_emoji where name = %(name)s and digest = %(digest)s"""
# Whoever adds one does so alone, so that their number is looked at once.
LOCK: LiteralString = """-- lock emoji
lock table custom_emoji in share row exclusive mode"""
COUNT: LiteralString = """-- count emoji
select count(*) from custom_emoji"""
ADD: LiteralString = """-- add emoji
insert into custom_emoji (name, picture, digest, media_type, width, height, added_by, created_at)
values (%(name)s, %(picture)s, %(digest)s, %(media_type)s, %(width)s, %(height)s, %(added_by)s, clock_timestamp())
on conflict do nothing"""
ADDED_BY: LiteralString = """-- emoji added by
select added_by from custom_emoji where name = %(name)s"""
REMOVE: LiteralString = """-- remove emoji
delete from custom_emoji where name = %(name)s"""


class Kept(NamedTuple):
    """A picture as it is sent."""

    content: bytes
    media_type: str


async def listed(connection: Connection) -> list[CustomEmoji]:
    """Return all emoji, in the order of their names."""
    async with connection.cursor(row_factory=args_row(custom)) as cursor:
        await cursor.execute(LIST)
        return await cursor.fetchall()


async def picture(connection: Connection, name: str, digest: str) -> Kept | None:
    """Return the picture of this name, if it is this one."""
    async with connection.cursor(row_factory=args_row(Kept)) as cursor:
        await cursor.execute(PICTURE, {"name": name, "digest": digest})
        return await cursor.fetchone()


async def lock(connection: Connection) -> None:
    """Keep others from adding emoji until the transaction ends."""
    await connection.execute(LOCK)


async def count(connection: Connection) -> int:
    """Count the emoji."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(COUNT)
        return await cursor.fetchone() or 0


async def add(connection: Connection, wish: NewEmoji, digest: str, looked: Picture, added_by: UserId) -> bool:
    """Add an emoji; False: the name is taken."""
    named = {**structs.asdict(wish), **looked._asdict(), "digest": digest, "added_by": added_by}
    return (await connection.execute(ADD, named)).rowcount == 1


async def added_by(connection: Connection, name: str) -> UserId | None:
    """Return who added the emoji of this name; None: there is none."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(ADDED_BY, {"name": name})
        return await cursor.fetchone()


async def remove(connection: Connection, name: str) -> None:
    """Remove an emoji."""
    await connection.execute(REMOVE, {"name": name})


def custom(name: str, digest: str, width: int, height: int) -> CustomEmoji:
    """Return an emoji as it is told."""
    return CustomEmoji(name=name, path=f"/v1/emoji/{name}/{digest}", width=width, height=height)
