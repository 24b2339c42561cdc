"""The SQL of slash commands."""

from typing import LiteralString, NamedTuple

import msgspec
from psycopg.rows import class_row

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.http.bots import NewSlashCommand, SlashCommand
from seriatim.storage.postgres.database import Connection

_HERE: LiteralString = """
from slash_commands s join bots b on b.user_id = s.bot_id
join members m on m.conversation_id = %(conversation_id)s and m.user_id = s.bot_id and m.left_seq is null"""
OFFERED: LiteralString = f"""-- slash offered
select s.bot_id, b.device_id, s.url {_HERE} where s.name = %(name)s"""
ALL_OFFERED: LiteralString = f"""-- slash all offered
select s.name, s.description, s.usage, s.bot_id {_HERE} order by s.name"""
FORGET: LiteralString = "delete from slash_commands where bot_id = %(bot_id)s"
ADD: LiteralString = """
insert into slash_commands (name, bot_id, description, usage, url)
values (%(name)s, %(bot_id)s, %(description)s, %(usage)s, %(url)s) on conflict (name) do nothing returning true"""


class Offered(NamedTuple):
    """Who answers a command; `url` None: on its sockets."""

    bot_id: UserId
    device_id: DeviceId
    url: str | None


async def offered(connection: Connection, conversation_id: ConversationId, name: str) -> Offered | None:
    """Return who answers this command here: a bot that is a member."""
    async with connection.cursor(row_factory=class_row(Offered)) as cursor:
        await cursor.execute(OFFERED, {"conversation_id": conversation_id, "name": name})
        return await cursor.fetchone()


async def all_offered(connection: Connection, conversation_id: ConversationId) -> list[SlashCommand]:
    """Return all commands that can be called here, in the order of their names."""
    async with connection.cursor(row_factory=class_row(SlashCommand)) as cursor:
        return await (await cursor.execute(ALL_OFFERED, {"conversation_id": conversation_id})).fetchall()


async def forget(connection: Connection, bot_id: UserId) -> None:
    """Delete the commands of a bot."""
    await connection.execute(FORGET, {"bot_id": bot_id})


async def add(connection: Connection, bot_id: UserId, command: NewSlashCommand) -> bool:
    """Add a command of a bot; False: its name is taken."""
    named = msgspec.structs.asdict(command) | {"bot_id": bot_id}
    return await (await connection.execute(ADD, named)).fetchone() is not None
