"""Followers: readers of the whole log that keep a cursor in it and miss nothing, however late a commit comes.

An entry is read when every transaction up to its own has ended: `xid < pg_snapshot_xmin(...)`. Entries come in the
order (xid, conversation_id, seq); two transactions on one conversation may come in the other order than their seqs.
Followers therefore wait for the oldest open writing transaction of the whole server.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import uuid4

import structlog

from seriatim.core.errors import Unavailable
from seriatim.log.entry_rows import COLUMNS, EntryRow, entry_of
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres.database import Connection, Database

log = structlog.get_logger()

BATCH_ENTRIES = 1_000
SPAN_ENTRIES = 10_000
"""Most entries that a follower of a few of them passes over at once."""
IDLE_S = 0.2
"""Pause when there is nothing to read."""
LEASE_S = 30.0
"""A follower that is silent for this long loses its place to another process's."""
PAUSE_S = 1.0
"""Pause after a failure, and between attempts to get the lease."""

SINCE: LiteralString = f"""-- follow
select e.xid::text, {COLUMNS} from entries e
where (e.xid, e.conversation_id, e.seq) > (%(xid)s::xid8, %(conversation_id)s, %(seq)s)
    and e.xid < pg_snapshot_xmin(pg_current_snapshot())
order by e.xid, e.conversation_id, e.seq limit %(limit)s"""

# Where a span ends that begins at the cursor, and how many entries it holds. The index alone knows.
SPAN: LiteralString = """-- follow span
select s.xid::text, s.conversation_id, s.seq, s.place from (
    select e.xid, e.conversation_id, e.seq, row_number() over (order by e.xid, e.conversation_id, e.seq) as place
    from entries e
    where (e.xid, e.conversation_id, e.seq) > (%(xid)s::xid8, %(conversation_id)s, %(seq)s)
        and e.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by e.xid, e.conversation_id, e.seq limit %(span)s) s
order by s.place desc limit 1"""

CHOSEN: LiteralString = f"""-- follow some
select e.xid::text, {COLUMNS} from entries e
where (e.xid, e.conversation_id, e.seq) > (%(xid)s::xid8, %(conversation_id)s, %(seq)s)
    and (e.xid, e.conversation_id, e.seq) <= (%(to_xid)s::xid8, %(to_conversation_id)s, %(to_seq)s)
    and ("""
CHOSEN_END: LiteralString = """)
order by e.xid, e.conversation_id, e.seq limit %(limit)s"""

NEWEST: LiteralString = "select pg_snapshot_xmin(pg_current_snapshot())::text"

REGISTER: LiteralString = """-- follower register
insert into follower_cursors (name) values (%(name)s) on conflict do nothing"""

LEASE: LiteralString = """-- follower lease
update follower_cursors
set leased_by = %(by)s, leased_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = fence + 1
where name = %(name)s and shard = 0 and (leased_by is null or leased_until < clock_timestamp())
returning fence"""

# The fence: whoever was given the lease since has raised it, so a follower that was only stopped finds no row.
CURSOR: LiteralString = """-- follower cursor
select xid::text, conversation_id, seq from follower_cursors
where name = %(name)s and shard = 0 and fence = %(fence)s for update"""

ADVANCE: LiteralString = """-- follower advance
update follower_cursors
set xid = %(xid)s::xid8, conversation_id = %(conversation_id)s, seq = %(seq)s,
    leased_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
where name = %(name)s and shard = 0"""

RELEASE: LiteralString = """-- follower release
update follower_cursors set leased_by = null where name = %(name)s and shard = 0 and fence = %(fence)s"""


class Cursor(NamedTuple):
    """A place in the log: the last entry dealt with."""

    xid: str
    conversation_id: int
    seq: int


BEGINNING = Cursor("0", 0, 0)

Handler = Callable[[Connection, Sequence[Entry]], Awaitable[None]]


async def entries_since(
    connection: Connection, cursor: Cursor, *, limit: int = BATCH_ENTRIES
) -> tuple[list[Entry], Cursor]:
    """Return the next entries after the cursor and the cursor after them; nothing is ever skipped (promise D10)."""
    return await _read(connection, SINCE, {**cursor._asdict(), "limit": limit}, cursor)


async def some_since(
    connection: Connection, cursor: Cursor, only: LiteralString, *, limit: int = BATCH_ENTRIES
) -> tuple[list[Entry], Cursor, bool]:
    """Return the next entries `e` of which the SQL condition `only` holds, the cursor, and whether more may follow.

    What the condition refuses costs PostgreSQL a look and this process nothing. Bounds: SPAN_ENTRIES are looked at.
    """
    named: dict[str, Any] = {**cursor._asdict(), "span": SPAN_ENTRIES, "limit": limit}
    row = await (await connection.execute(SPAN, named)).fetchone()
    if row is None:
        return [], cursor, False
    end, passed = Cursor(*row[:3]), row[3]
    named |= {f"to_{name}": value for name, value in end._asdict().items()}
    entries, last = await _read(connection, CHOSEN + only + CHOSEN_END, named, cursor)
    if len(entries) == limit:
        return entries, last, True
    return entries, end, passed == SPAN_ENTRIES


async def _read(
    connection: Connection, statement: LiteralString, named: dict[str, Any], cursor: Cursor
) -> tuple[list[Entry], Cursor]:
    entries: list[Entry] = []
    async for xid, *columns in await connection.execute(statement, named):
        row = EntryRow(*columns)
        entries.append(entry_of(row))
        cursor = Cursor(xid, row.conversation_id, row.seq)
    return entries, cursor


async def newest(connection: Connection) -> Cursor:
    """Return the cursor from which on only what is not yet readable comes."""
    row: Any = await (await connection.execute(NEWEST)).fetchone()
    return Cursor(row[0], 0, 0)


async def always() -> bool:
    """Follow without a pause."""
    return True


class Follower:
    """Calls a handler with every entry of the log, or with some, in one transaction with the cursor's move.

    Effects in the same database happen exactly once; effects elsewhere at least once. Of all processes with the same
    `name` one at a time works; its lease has a fence. Bounds: `batch` entries a call.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        handler: Handler,
        *,
        lease_s: float = LEASE_S,
        batch: int = BATCH_ENTRIES,
        wanted: Callable[[], Awaitable[bool]] = always,
        only: LiteralString = "true",
    ) -> None:
        """Have `wanted` say whether there is anything to follow for: while there is not, nothing is read.

        `only`, an SQL condition on `entries e`, spares this process the others: live talk waits for what it decodes.
        """
        self._database = database
        self._name = name
        self._handler = handler
        self._lease_s = lease_s
        self._batch = batch
        self._wanted = wanted
        self._only: LiteralString = only
        self._more = False
        self._by = uuid4().hex
        self._fence: int | None = None

    async def run(self) -> None:
        """Follow until cancelled; a failure of the database is waited out."""
        try:
            while True:
                try:
                    pause_s = await self._step()
                except Unavailable as error:
                    log.warning("follower_waits", name=self._name, reason=error.message)
                    self._fence, pause_s = None, PAUSE_S
                await asyncio.sleep(pause_s)
        finally:
            await self._release()

    async def step(self) -> int:
        """Deal with the next entries, at most a batch, and return their number; 0 also when another holds the lease."""
        self._more = False
        if self._fence is None:
            await self._lease()
        if self._fence is None:
            return 0
        async with self._database.transaction() as connection:
            named: dict[str, Any] = {"name": self._name, "fence": self._fence, "lease_s": self._lease_s}
            row = await (await connection.execute(CURSOR, named)).fetchone()
            if row is None:
                log.warning("follower_lost_its_lease", name=self._name)
                self._fence = None
                return 0
            entries, cursor, more = await some_since(connection, Cursor(*row), self._only, limit=self._batch)
            if entries:
                await self._handler(connection, entries)
            await connection.execute(ADVANCE, {**named, **cursor._asdict()})
        self._more = more
        return len(entries)

    async def _step(self) -> float:
        if not await self._wanted():
            return PAUSE_S
        await self.step()
        if self._fence is None:
            return PAUSE_S
        return 0 if self._more else IDLE_S

    async def _lease(self) -> None:
        named = {"name": self._name, "by": self._by, "lease_s": self._lease_s}
        async with self._database.transaction() as connection:
            await connection.execute(REGISTER, named)
            row = await (await connection.execute(LEASE, named)).fetchone()
        self._fence = None if row is None else row[0]

    async def _release(self) -> None:
        if self._fence is None:
            return
        try:
            async with self._database.transaction() as connection:
                await connection.execute(RELEASE, {"name": self._name, "fence": self._fence})
        except Unavailable:
            log.info("follower_lease_runs_out", name=self._name, within_s=self._lease_s)
