"""A follower that is killed between its effect and its cursor: usage: dying_follower.py DSN NAME TABLE KILL_AT."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from psycopg import sql

from seriatim.log.follow import Follower
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres.database import Connection, Database


async def follow(dsn: str, name: str, table: str, kill_at: int) -> None:
    calls = 0

    async def handler(connection: Connection, entries: Sequence[Entry]) -> None:
        nonlocal calls
        calls += 1
        insert = sql.SQL("insert into {} (conversation_id, seq) values (%s, %s)").format(sql.Identifier(table))
        for entry in entries:
            await connection.execute(insert, (entry.conversation_id, entry.seq))
        if calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    database = Database(dsn, writing=1, reading=1)
    await database.open()
    follower = Follower(database, name, handler, lease_s=1.0, batch=50)
    while True:
        if await follower.step() == 0:
            await asyncio.sleep(0.02)


asyncio.run(follow(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
