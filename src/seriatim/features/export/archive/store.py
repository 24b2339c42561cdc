"""The SQL of exports that were asked for, and of their archives."""

from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple

from psycopg.rows import class_row, scalar_row

from seriatim.core.ids import UserId
from seriatim.protocol.own.export import ExportFailure, ExportState
from seriatim.storage.postgres.database import Connection

MOST: Final = 100
"""Most exports that wait, run or are kept at once: 5 GiB."""
LOST_AFTER_S: Final = 60.0
"""A run that is not heard of for so long has ended with its process."""

# A second one within the day is refused by the row of the first, unless that was interrupted.
ASK: LiteralString = """-- ask for export
insert into exports as e (user_id, state, asked_at)
select %(user_id)s, 'waiting', clock_timestamp()
where %(most)s > (select count(*) from exports o where o.state <> 'failed' and o.user_id <> %(user_id)s)
on conflict (user_id) do update
set state = 'waiting', reason = null, asked_at = clock_timestamp(), taken_at = null, bytes = null
where (e.state = 'failed' and e.reason = 'interrupted')
    or (e.state in ('done', 'failed') and e.asked_at <= clock_timestamp() - interval '1 day')"""
FIND: LiteralString = """-- find export
select state, reason, asked_at, bytes,
    greatest(extract(epoch from asked_at + interval '1 day' - clock_timestamp()) * 1000, 1)::bigint as again_ms
from exports where user_id = %(user_id)s"""
TAKE: LiteralString = """-- take export
with next as (
    select user_id from exports where state = 'waiting' order by asked_at limit 1 for update skip locked
), gone as (
    delete from export_pieces p using next where p.user_id = next.user_id
)
update exports e set state = 'running', taken_at = clock_timestamp(), alive_at = clock_timestamp()
from next where e.user_id = next.user_id
returning e.user_id, e.taken_at"""
_MINE: LiteralString = "user_id = %(user_id)s and taken_at = %(taken_at)s and state = 'running'"
ALIVE: LiteralString = f"""-- export goes on
update exports set alive_at = clock_timestamp() where {_MINE}"""
KEEP: LiteralString = """-- keep piece of export
insert into export_pieces (user_id, number, content) values (%(user_id)s, %(number)s, %(content)s)"""
END: LiteralString = f"""-- end export
update exports set state = %(state)s, reason = %(reason)s, bytes = %(bytes)s where {_MINE}"""
PIECE: LiteralString = """-- piece of export
select p.content from export_pieces p join exports e on e.user_id = p.user_id
where p.user_id = %(user_id)s and p.number = %(number)s and e.state = 'done' and e.asked_at = %(asked_at)s"""
LOSE: LiteralString = """-- lose exports
update exports set state = 'failed', reason = 'interrupted'
where state = 'running' and alive_at < clock_timestamp() - make_interval(secs => %(after_s)s)"""
# One in a statement: its pieces go with it.
FORGET: LiteralString = """-- forget export
delete from exports where user_id = (
    select user_id from exports
    where state in ('done', 'failed') and asked_at <= clock_timestamp() - interval '1 day'
    limit 1 for update skip locked)"""


class Taken(NamedTuple):
    """An export that one run is to make."""

    user_id: UserId
    taken_at: datetime


class Found(NamedTuple):
    """What became of an export; `again_ms`: until another may be asked for."""

    state: ExportState
    reason: ExportFailure | None
    asked_at: datetime
    bytes: int | None
    again_ms: int


async def ask(connection: Connection, user_id: UserId) -> bool:
    """Have an export made; False: there is one of this day, or too many are kept."""
    return (await connection.execute(ASK, {"user_id": user_id, "most": MOST})).rowcount == 1


async def find(connection: Connection, user_id: UserId) -> Found | None:
    """Return what became of a user's export."""
    async with connection.cursor(row_factory=class_row(Found)) as cursor:
        found = await (await cursor.execute(FIND, {"user_id": user_id})).fetchone()
    if found is None:
        return None
    return found._replace(
        state=ExportState(found.state), reason=None if found.reason is None else ExportFailure(found.reason)
    )


async def take(connection: Connection) -> Taken | None:
    """Take the export that has waited longest."""
    async with connection.cursor(row_factory=class_row(Taken)) as cursor:
        return await (await cursor.execute(TAKE)).fetchone()


async def alive(connection: Connection, taken: Taken) -> bool:
    """Say that this run goes on; False: it was given up."""
    return (await connection.execute(ALIVE, taken._asdict())).rowcount == 1


async def keep(connection: Connection, taken: Taken, number: int, content: bytes) -> None:
    """Keep a piece of the archive; the pieces are numbered from 0."""
    await connection.execute(KEEP, {"user_id": taken.user_id, "number": number, "content": content})


async def end(
    connection: Connection, taken: Taken, state: ExportState, *, reason: ExportFailure | None, size: int | None
) -> None:
    """Write down what became of this run."""
    named: dict[str, Any] = {**taken._asdict(), "state": state, "reason": reason, "bytes": size}
    await connection.execute(END, named)


async def piece(connection: Connection, user_id: UserId, asked_at: datetime, number: int) -> bytes | None:
    """Return a piece of the archive of the export that was asked for then."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(PIECE, {"user_id": user_id, "asked_at": asked_at, "number": number})
        return await cursor.fetchone()


async def lose(connection: Connection) -> None:
    """Say of runs that are not heard of any more that they were interrupted."""
    await connection.execute(LOSE, {"after_s": LOST_AFTER_S})


async def forget(connection: Connection) -> bool:
    """Delete one export that is a day old; False: there is none."""
    return (await connection.execute(FORGET)).rowcount == 1
