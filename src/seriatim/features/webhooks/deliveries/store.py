"""The SQL of deliveries: which webhook is due, what waits for it, and what became of an attempt."""

from datetime import datetime
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.storage.postgres.database import Connection

# Leased for as long as an attempt can take: whoever dies with it is followed by another.
LEASE: LiteralString = """-- lease webhooks
update outgoing_webhooks w set due_at = clock_timestamp() + make_interval(secs => %(lease_s)s)
where w.id in (
    select id from outgoing_webhooks where due_at <= clock_timestamp()
    order by due_at limit %(limit)s for update skip locked
)
returning w.id as webhook_id, w.conversation_id, w.name, w.url, w.created_by, w.failure_count, w.disabled_for,
    w.due_at as leased_until,
    (select min(d.seq) from webhook_deliveries d where d.webhook_id = w.id) as seq"""
# Under the lock, and before what waits is looked at: the follower may have added something a moment ago.
STILL_LEASED: LiteralString = """-- webhook still leased
select from outgoing_webhooks where id = %(webhook_id)s and due_at = %(leased_until)s for update"""
DONE: LiteralString = "delete from webhook_deliveries where webhook_id = %(webhook_id)s and seq = %(seq)s"
NEXT: LiteralString = """-- webhook done
update outgoing_webhooks w set failure_count = 0, due_at = (
    select clock_timestamp() from webhook_deliveries d where d.webhook_id = w.id limit 1
) where w.id = %(webhook_id)s"""
FAILED: LiteralString = """-- webhook failed
update outgoing_webhooks
set failure_count = failure_count + 1, due_at = clock_timestamp() + make_interval(secs => %(pause_s)s)
where id = %(webhook_id)s"""
DISABLE: LiteralString = """-- webhook disabled
update outgoing_webhooks
set failure_count = failure_count + 1, disabled_at = clock_timestamp(), disabled_for = %(reason)s,
    due_at = clock_timestamp()
where id = %(webhook_id)s"""
FORGET: LiteralString = "delete from webhook_deliveries where webhook_id = %(webhook_id)s"
TOLD: LiteralString = """-- webhook's owner told
update outgoing_webhooks set due_at = null where id = %(webhook_id)s"""


class Due(NamedTuple):
    """A webhook to be called, or (disabled) one whose owner is to be told; `seq` None: nothing waits."""

    webhook_id: int
    conversation_id: ConversationId
    name: str
    url: str
    created_by: UserId
    failure_count: int
    disabled_for: str | None
    leased_until: datetime
    seq: int | None


async def lease(connection: Connection, limit: int, lease_s: float) -> list[Due]:
    """Take those that are due, at most `limit`; nobody else gets them before the lease has run out."""
    async with connection.cursor(row_factory=class_row(Due)) as cursor:
        await cursor.execute(LEASE, {"limit": limit, "lease_s": lease_s})
        return await cursor.fetchall()


async def still_leased(connection: Connection, due: Due) -> bool:
    """Lock it; False: the lease ran out and somebody else has it, or it was removed."""
    named = {"webhook_id": due.webhook_id, "leased_until": due.leased_until}
    return await (await connection.execute(STILL_LEASED, named)).fetchone() is not None


async def done(connection: Connection, due: Due) -> None:
    """Take a delivery off the queue; the next one is due at once."""
    await connection.execute(DONE, {"webhook_id": due.webhook_id, "seq": due.seq})
    await connection.execute(NEXT, {"webhook_id": due.webhook_id})


async def failed(connection: Connection, due: Due, pause_s: float) -> None:
    """Try again after a pause."""
    await connection.execute(FAILED, {"webhook_id": due.webhook_id, "pause_s": pause_s})


async def disable(connection: Connection, due: Due, reason: str) -> None:
    """Deliver nothing more; it stays due until its owner was told."""
    await connection.execute(DISABLE, {"webhook_id": due.webhook_id, "reason": reason})


async def told(connection: Connection, due: Due) -> None:
    """Forget what waited for a disabled webhook, whose owner was told."""
    await connection.execute(FORGET, {"webhook_id": due.webhook_id})
    await connection.execute(TOLD, {"webhook_id": due.webhook_id})
