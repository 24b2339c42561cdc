"""Names of people and bots: what one is called and what one logs in with are of one kind, nobody has another's."""

from typing import LiteralString

from seriatim.storage.postgres.database import Connection

# Two columns hold names, so no unique index sees that one's log-in name is what another one is to be called.
HOLD_NAME: LiteralString = """-- hold name
select pg_advisory_xact_lock(hashtextextended('name ' || %(key)s, 0))"""


async def hold_name(connection: Connection, key: str) -> None:
    """Let nobody else take this folded name until the transaction ends.

    Whoever gives somebody a name holds it first, and looks whether it is free in a later statement: that one sees what
    those who held it before have committed.
    """
    await connection.execute(HOLD_NAME, {"key": key})
