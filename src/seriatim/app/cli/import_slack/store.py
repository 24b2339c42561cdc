"""The SQL of an import: its people, and the place of what is stored already."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from seriatim.core.errors import Conflict
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.log.moderation.names import hold_name
from seriatim.storage.postgres.database import Connection

# Who is known by the device of an earlier import keeps his account, whatever its name is now.
PERSON: LiteralString = """-- import person
with known as (
    select user_id from devices where id = %(device_id)s
    union all
    select id from users where name_key = %(name_key)s
    limit 1
), added as (
    insert into users (id, name, name_key, created_at)
    select %(user_id)s, %(name)s, %(name_key)s, %(now)s
    where not exists (select from known) and not exists (select from users where display_key = %(name_key)s)
    returning id
), password as (
    insert into credentials (user_id, password_hash, changed_at) select id, %(password_hash)s, %(now)s from added
), device as (
    insert into devices (id, user_id, name, kind, created_at, last_seen_at, revoked_at)
    select %(device_id)s, u.id, 'Slack', 'import', %(now)s, %(now)s, %(now)s
    from (select user_id as id from known union all select id from added) u
    on conflict (id) do nothing
)
select user_id, false from known union all select id, true from added"""
NAMES: LiteralString = "select name_key from users where name_key = any (%(keys)s)"
TAKEN: LiteralString = """-- import taken names
select n.key from unnest(%(keys)s::text[], %(device_ids)s::bigint[]) as n (key, device_id)
where exists (select from users where display_key = n.key) and not exists (select from users where name_key = n.key)
    and not exists (select from devices where id = n.device_id)"""
THREAD_TIMES: LiteralString = """-- import thread times
update threads t set last_at = (e.meta->>'sent_at')::timestamptz
from entries e
where t.conversation_id = %(conversation_id)s and e.conversation_id = t.conversation_id and e.seq = t.last_seq
    and e.meta->>'sent_at' is not null"""
SEQ: LiteralString = """-- import seq
select seq from entries
where conversation_id = %(conversation_id)s and device_id = %(device_id)s and client_id = %(client_id)s"""
MEMBERS: LiteralString = "select user_id from members where conversation_id = %(conversation_id)s"
THREADS: LiteralString = """-- import threads
select r.thread_seq, r.user_id, t.last_seq from thread_reads r
join threads t on t.conversation_id = r.conversation_id and t.thread_seq = r.thread_seq
where r.conversation_id = %(conversation_id)s and r.read_seq < t.last_seq"""


class NewPerson(NamedTuple):
    """Somebody who is to have an account, with a password nobody knows, and the device of his messages."""

    user_id: UserId
    device_id: DeviceId
    name: str
    name_key: str
    password_hash: str
    now: datetime


async def person(connection: Connection, new: NewPerson) -> tuple[UserId, bool]:
    """Return the account of this person and whether it is new; he may have one already, by the name of its log-in.

    Raises:
        Conflict: somebody else calls himself so (since the import began), which makes him nobody's account.
    """
    await hold_name(connection, new.name_key)
    cursor = await connection.execute(PERSON, new._asdict())
    row = await cursor.fetchone()
    if row is None:
        raise Conflict(f"somebody else calls himself {new.name}: he needs another name first", reason="name_taken")
    return UserId(row[0]), row[1]


async def known_names(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Return which of these names somebody has."""
    cursor = await connection.execute(NAMES, {"keys": list(keys)})
    return {row[0] for row in await cursor.fetchall()}


async def taken_names(connection: Connection, people: Mapping[str, DeviceId]) -> set[str]:
    """Return which of these names (folded, with the device of their messages) are what somebody else calls himself."""
    cursor = await connection.execute(TAKEN, {"keys": list(people), "device_ids": list(people.values())})
    return {row[0] for row in await cursor.fetchall()}


async def set_thread_times(connection: Connection, conversation_id: ConversationId) -> None:
    """Let threads whose last reply is imported have been replied to when it was written."""
    await connection.execute(THREAD_TIMES, {"conversation_id": conversation_id})


async def seq_of(
    connection: Connection, conversation_id: ConversationId, device_id: DeviceId, client_id: UUID
) -> int | None:
    """Return where the entry of this key stands."""
    cursor = await connection.execute(
        SEQ, {"conversation_id": conversation_id, "device_id": device_id, "client_id": client_id}
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def unread_threads(connection: Connection, conversation_id: ConversationId) -> list[tuple[int, UserId, int]]:
    """Return the threads of a conversation that somebody follows and has not read: thread, who, and its last seq."""
    cursor = await connection.execute(THREADS, {"conversation_id": conversation_id})
    return [(row[0], UserId(row[1]), row[2]) for row in await cursor.fetchall()]


async def members(connection: Connection, conversation_id: ConversationId) -> set[UserId]:
    """Return everybody who is or was a member."""
    cursor = await connection.execute(MEMBERS, {"conversation_id": conversation_id})
    return {UserId(row[0]) for row in await cursor.fetchall()}
