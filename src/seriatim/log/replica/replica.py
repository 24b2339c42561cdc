"""A read replica: pages of the log come from it where it holds all that the asker may know of, else from the primary.

What changes what a page shows is an entry of its conversation, so a replica that holds the conversation up to the head
that the primary just named shows what the primary would. That it follows the primary's own line of history has to be
asked, too: one that follows a server which a failover has left behind may hold other entries under the same seqs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import LiteralString, TypeVar

import structlog

from seriatim.core.clock import Clock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId
from seriatim.storage.postgres.database import CUT, Connection, Database

log = structlog.get_logger()

PAUSE_S = 30.0
"""So long a replica that could not be reached is not asked: who asks waits up to 2 s for that."""

LINE: LiteralString = """-- line of history
select system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
from pg_control_system()"""

# A role that may not see the state of replication sees a null.
HOLDS: LiteralString = """-- replica holds
select exists (select from conversations where id = %(conversation_id)s and last_seq >= %(head)s), r.received_tli
from pg_control_system() s left join pg_stat_wal_receiver r on true
where s.system_identifier = %(system)s and (r.received_tli is null or r.received_tli = %(timeline)s)"""

Read = TypeVar("Read")


class Replica:
    """The replica at a URL, or none, for readers of pages.

    Bounds: a statement more for each page; a page that it cannot give within 2 s, or not yet, is read on the primary.
    """

    def __init__(self, url: str | None, line: tuple[int, int], clock: Clock) -> None:
        """Take a URL, and the line of history that `line_of` has found on the primary."""
        self._database = None if url is None else Database(url, writing=1)
        self._line = line
        self._clock = clock
        self._is_open = False
        self._again_at = 0.0

    @property
    def is_there(self) -> bool:
        """Whether it can be asked now."""
        return self._is_open and self._clock.monotonic() >= self._again_at

    async def run(self) -> None:
        """Hold its connections until cancelled; returns at once where there is none."""
        if self._database is None:
            return
        await self._database.open()
        self._is_open = True
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._is_open = False
            await self._database.close()

    async def read(
        self, conversation_id: ConversationId, head: int, page: Callable[[Connection], Awaitable[Read]]
    ) -> Read | None:
        """Return what `page` reads on the replica; None: this one is to be read on the primary."""
        if self._database is None or not self.is_there:
            return None
        system, timeline = self._line
        named = {"conversation_id": conversation_id, "head": head, "system": system, "timeline": timeline}
        try:
            async with self._database.read() as connection:
                row = await (await connection.execute(HOLDS, named)).fetchone()
                if row is None or row[1] is None:
                    self._pause("it does not follow this primary now, or its role may not see whether it does")
                    return None
                return await page(connection) if row[0] else None
        except Unavailable as error:
            if error.reason != CUT:
                self._pause(error.message)
            return None

    def _pause(self, reason: str) -> None:
        self._again_at = self._clock.monotonic() + PAUSE_S
        log.warning("replica_not_used", reason=reason, for_s=PAUSE_S)


async def line_of(connection: Connection) -> tuple[int, int]:
    """Return the primary's system identifier and timeline, which stay as they are for an epoch."""
    row = await (await connection.execute(LINE)).fetchone()
    assert row is not None
    return row[0], row[1]
