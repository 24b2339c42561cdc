"""The SQL of webhooks."""

from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.http.webhooks import IncomingWebhook, OutgoingWebhook
from seriatim.storage.postgres.database import Connection

# Makers of one conversation's webhooks come one at a time, so that its limit holds.
LOCK: LiteralString = "select last_seq from conversations where id = %(conversation_id)s for no key update"
COUNT_INCOMING: LiteralString = """
select count(*) from incoming_webhooks where conversation_id = %(conversation_id)s"""
COUNT_OUTGOING: LiteralString = """
select count(*) from outgoing_webhooks where conversation_id = %(conversation_id)s"""
ADD_INCOMING: LiteralString = """
insert into incoming_webhooks (id, conversation_id, name, secret_hash, created_by, created_at)
values (%(webhook_id)s, %(conversation_id)s, %(name)s, %(secret_hash)s, %(created_by)s, clock_timestamp())"""
ADD_OUTGOING: LiteralString = """
insert into outgoing_webhooks (id, conversation_id, name, url, created_by, created_at, first_seq)
values (%(webhook_id)s, %(conversation_id)s, %(name)s, %(url)s, %(created_by)s, clock_timestamp(), %(first_seq)s)"""
INCOMING: LiteralString = """
select id as webhook_id, name, created_by, created_at from incoming_webhooks
where conversation_id = %(conversation_id)s order by id"""
OUTGOING: LiteralString = """
select id as webhook_id, name, url, created_by, created_at, failure_count, disabled_at, disabled_for
from outgoing_webhooks where conversation_id = %(conversation_id)s order by id"""
REMOVE_INCOMING: LiteralString = """
delete from incoming_webhooks where id = %(webhook_id)s and conversation_id = %(conversation_id)s returning name"""
REMOVE_OUTGOING: LiteralString = """
delete from outgoing_webhooks where id = %(webhook_id)s and conversation_id = %(conversation_id)s returning name"""
ENABLE: LiteralString = """
update outgoing_webhooks set disabled_at = null, disabled_for = null, failure_count = 0, first_seq = %(first_seq)s
where id = %(webhook_id)s and conversation_id = %(conversation_id)s and disabled_at is not null returning name"""
# Nobody followed the log for webhooks while there were none: begin where it ends now, not where it began.
FOLLOW_FROM_NOW: LiteralString = """
insert into follower_cursors (name, xid, starts_anew)
values (%(follower)s, pg_snapshot_xmin(pg_current_snapshot()), false)
on conflict (name, shard) do update
set xid = greatest(follower_cursors.xid, excluded.xid), conversation_id = 0, seq = 0
where not exists (select from outgoing_webhooks where disabled_at is null)"""

CALLED: LiteralString = """-- webhook called
select conversation_id, name, secret_hash, created_by from incoming_webhooks where id = %(webhook_id)s"""
# One statement, so that two equal calls at once get one key; one older than a minute makes room.
CALL_KEY: LiteralString = """-- webhook call key
insert into incoming_calls (webhook_id, body_hash, client_id, at)
values (%(webhook_id)s, %(body_hash)s, %(client_id)s, %(now)s)
on conflict (webhook_id, body_hash) do update set
    client_id = case when incoming_calls.at > excluded.at - interval '1 minute'
        then incoming_calls.client_id else excluded.client_id end,
    at = case when incoming_calls.at > excluded.at - interval '1 minute' then incoming_calls.at else excluded.at end
returning client_id"""
FORGET_CALLS: LiteralString = """-- webhook calls forgotten
delete from incoming_calls where webhook_id = %(webhook_id)s and at < %(now)s - interval '1 minute'"""


class Called(NamedTuple):
    """The webhook that was called."""

    conversation_id: ConversationId
    name: str
    secret_hash: bytes
    created_by: UserId


async def lock(connection: Connection, conversation_id: ConversationId) -> int:
    """Lock a conversation that exists, and return its last seq."""
    row = await (await connection.execute(LOCK, {"conversation_id": conversation_id})).fetchone()
    assert row is not None
    return row[0]


async def count(connection: Connection, question: LiteralString, conversation_id: ConversationId) -> int:
    """Count the webhooks of one direction (COUNT_INCOMING, COUNT_OUTGOING)."""
    row = await (await connection.execute(question, {"conversation_id": conversation_id})).fetchone()
    return row[0] if row else 0


async def add_incoming(
    connection: Connection,
    webhook_id: int,
    conversation_id: ConversationId,
    *,
    name: str,
    secret_hash: bytes,
    created_by: UserId,
) -> None:
    """Add an address."""
    await connection.execute(
        ADD_INCOMING,
        {
            "webhook_id": webhook_id,
            "conversation_id": conversation_id,
            "name": name,
            "secret_hash": secret_hash,
            "created_by": created_by,
        },
    )


async def add_outgoing(
    connection: Connection,
    webhook_id: int,
    conversation_id: ConversationId,
    *,
    name: str,
    url: str,
    created_by: UserId,
    first_seq: int,
    follower: str,
) -> None:
    """Add a URL, which is told the entries from `first_seq` on."""
    await connection.execute(FOLLOW_FROM_NOW, {"follower": follower})
    await connection.execute(
        ADD_OUTGOING,
        {
            "webhook_id": webhook_id,
            "conversation_id": conversation_id,
            "name": name,
            "url": url,
            "created_by": created_by,
            "first_seq": first_seq,
        },
    )


async def incoming(connection: Connection, conversation_id: ConversationId) -> list[IncomingWebhook]:
    """Return the addresses of a conversation."""
    async with connection.cursor(row_factory=class_row(IncomingWebhook)) as cursor:
        return await (await cursor.execute(INCOMING, {"conversation_id": conversation_id})).fetchall()


async def outgoing(connection: Connection, conversation_id: ConversationId) -> list[OutgoingWebhook]:
    """Return the URLs of a conversation."""
    async with connection.cursor(row_factory=class_row(OutgoingWebhook)) as cursor:
        return await (await cursor.execute(OUTGOING, {"conversation_id": conversation_id})).fetchall()


async def remove(connection: Connection, conversation_id: ConversationId, webhook_id: int) -> str | None:
    """Remove a webhook of either direction and return its name; None: there is no such."""
    named = {"conversation_id": conversation_id, "webhook_id": webhook_id}
    for question in (REMOVE_INCOMING, REMOVE_OUTGOING):
        row = await (await connection.execute(question, named)).fetchone()
        if row is not None:
            return row[0]
    return None


async def enable(
    connection: Connection, conversation_id: ConversationId, webhook_id: int, *, first_seq: int, follower: str
) -> str | None:
    """Have a disabled URL told the entries from `first_seq` on, and return its name; None: there is no such."""
    await connection.execute(FOLLOW_FROM_NOW, {"follower": follower})
    named = {"conversation_id": conversation_id, "webhook_id": webhook_id, "first_seq": first_seq}
    row = await (await connection.execute(ENABLE, named)).fetchone()
    return row[0] if row else None


async def called(connection: Connection, webhook_id: int) -> Called | None:
    """Return the address that was called."""
    async with connection.cursor(row_factory=class_row(Called)) as cursor:
        return await (await cursor.execute(CALLED, {"webhook_id": webhook_id})).fetchone()


async def call_key(connection: Connection, webhook_id: int, body_hash: bytes, fresh: UUID, now: datetime) -> UUID:
    """Return the key of a call: that of an equal one within the last minute, else `fresh`."""
    named = {"webhook_id": webhook_id, "body_hash": body_hash, "client_id": fresh, "now": now}
    await connection.execute(FORGET_CALLS, {"webhook_id": webhook_id, "now": now})
    row = await (await connection.execute(CALL_KEY, named)).fetchone()
    assert row is not None
    return row[0]
