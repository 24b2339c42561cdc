"""Every row of the database as one number a table: what a refused command must not move.

Followers write in their own time what earlier commands have led to; their tables are left out. A row counts by where
its version stands and who wrote it, which every write changes: to read all that it holds took a second each time, once
other tests had filled the database.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import LiteralString

from psycopg import sql

from seriatim.storage.postgres.database import Database

WEBHOOKS = ("outgoing_webhooks", "webhook_deliveries")
"""For blocks that last seconds: what other tests have left to be delivered is tried again meanwhile."""
TABLES: LiteralString = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname not in ('server_keys', 'follower_cursors', 'mention_log')"""


async def fingerprint(database: Database) -> dict[str, tuple[int, int]]:
    """Return how many rows each table has and a sum that any written row moves, of one snapshot."""
    async with database.read() as connection:
        tables = [row[0] for row in await (await connection.execute(TABLES)).fetchall()]
        one = sql.SQL(
            "select {name}, count(*), coalesce(sum(hashtidextended(ctid, xmin::text::bigint)), 0) from {table}"
        )
        asked = sql.SQL(" union all ").join(
            one.format(name=sql.Literal(table), table=sql.Identifier(table)) for table in tables
        )
        found = await (await connection.execute(asked)).fetchall()
    return {table: (count, int(total)) for table, count, total in found}


@asynccontextmanager
async def unchanged(database: Database, but: tuple[str, ...] = ()) -> AsyncGenerator[None]:
    """Fail unless every table, but those named, is after the block what it was before."""
    before = await fingerprint(database)
    yield
    after = await fingerprint(database)
    assert [table for table, found in after.items() if found != before[table] and table not in but] == []
