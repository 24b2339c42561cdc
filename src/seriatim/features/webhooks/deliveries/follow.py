"""The follower that queues messages for the URLs that are told them: exactly once, in one transaction with its cursor.

Reading costs every message; so nothing is read while there is no URL to tell, and then only what one may be told.
"""

from collections.abc import Sequence
from typing import Final, LiteralString

from seriatim.protocol.entries import Entry, MessageSent
from seriatim.storage.postgres.database import Connection, Database

FOLLOWER: Final = "webhooks"
ONLY: LiteralString = """e.kind = 'message_sent' and exists (
    select from outgoing_webhooks w where w.conversation_id = e.conversation_id and w.disabled_at is null)"""
"""What it reads: the messages of conversations that a URL is told."""
BACKLOG: Final = 10_000
"""Most messages that wait for one URL; beyond it the URL is disabled: it is slower than people talk."""

ANY: LiteralString = """-- any outgoing webhook
select exists (select from outgoing_webhooks where disabled_at is null)"""
# Rows are locked in the order of ids. A URL that is disabled stays due, until its owner was told.
QUEUE: LiteralString = """-- queue deliveries
with told as (
    select w.id, w.conversation_id, w.first_seq,
        (select count(*) from (
            select from webhook_deliveries d where d.webhook_id = w.id limit %(backlog)s
        ) waiting) as waiting_count
    from outgoing_webhooks w
    where w.disabled_at is null and w.conversation_id = any (%(conversation_ids)s::bigint[])
    order by w.id for update
), queued as (
    insert into webhook_deliveries (webhook_id, seq)
    select t.id, e.seq from told t
    join unnest(%(conversation_ids)s::bigint[], %(seqs)s::bigint[]) as e (conversation_id, seq)
        on e.conversation_id = t.conversation_id and e.seq >= t.first_seq
    where t.waiting_count < %(backlog)s
    on conflict do nothing returning webhook_id
)
update outgoing_webhooks w
set due_at = coalesce(w.due_at, clock_timestamp()),
    disabled_at = case when t.waiting_count >= %(backlog)s then clock_timestamp() end,
    disabled_for = case when t.waiting_count >= %(backlog)s then 'backlog' end
from told t where w.id = t.id and (t.waiting_count >= %(backlog)s or t.id in (select webhook_id from queued))"""


async def queue(connection: Connection, entries: Sequence[Entry]) -> None:
    """Queue the messages among these entries for every URL of their conversations.

    What came in by a webhook goes out by none: two that call each other would never end. What was imported is no news.
    """
    messages = [
        entry for entry in entries if isinstance(entry, MessageSent) and entry.via is None and entry.sent_at is None
    ]
    if messages:
        named = {
            "conversation_ids": [message.conversation_id for message in messages],
            "seqs": [message.seq for message in messages],
            "backlog": BACKLOG,
        }
        await connection.execute(QUEUE, named)


class Wanted:
    """Whether anybody is to be told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self) -> bool:
        """Look.

        Raises:
            Unavailable.
        """
        async with self._database.read() as connection:
            row = await (await connection.execute(ANY)).fetchone()
            return bool(row and row[0])
