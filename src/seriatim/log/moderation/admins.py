"""Admins of the server: whoever runs it, and whom nobody in a conversation made one."""

from typing import LiteralString

from seriatim.core.errors import Forbidden
from seriatim.core.ids import UserId
from seriatim.storage.postgres.database import Connection

SERVER_ADMIN: LiteralString = """-- server admin
select exists (select from users where id = %(user_id)s and server_admin)"""


async def is_server_admin(connection: Connection, user_id: UserId) -> bool:
    """Say whether this user is an admin of the server."""
    row = await (await connection.execute(SERVER_ADMIN, {"user_id": user_id})).fetchone()
    return bool(row and row[0])


async def require_server_admin(connection: Connection, user_id: UserId) -> None:
    """Let only an admin of the server go on.

    Raises:
        Forbidden.
    """
    if not await is_server_admin(connection, user_id):
        raise Forbidden("only an admin of this server does this", reason="server_admin")
