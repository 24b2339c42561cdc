"""The inbox of mentions: a follower of the log that notes who was mentioned where, read or not, for half a year."""

from collections.abc import Sequence
from typing import LiteralString

from seriatim.protocol.entries import Entry, MessageSent
from seriatim.storage.postgres.database import Connection, Database

FOLLOWER = "mentions"
ONLY: LiteralString = "e.kind = 'message_sent' and e.meta ? 'mentions'"
"""What it reads: most messages name nobody."""

# One row per person named, at most 50 a message; of everybody (0) one row that all share.
NOTE: LiteralString = """-- note mentions
insert into mention_log (user_id, conversation_id, seq, sender_id, mentioned_at)
select a.user_id, a.conversation_id, a.seq, a.sender_id, a.mentioned_at
from unnest(%(user_ids)s::bigint[], %(conversation_ids)s::bigint[], %(seqs)s::bigint[], %(sender_ids)s::bigint[],
    %(times)s::timestamptz[]) as a (user_id, conversation_id, seq, sender_id, mentioned_at)
on conflict do nothing"""

FORGET: LiteralString = """-- forget mentions
delete from mention_log where ctid = any(array(
    select ctid from mention_log where mentioned_at < clock_timestamp() - interval '180 days' limit 1000))"""

# Asked once a second instead of writing a cursor that did not move.
STIRRED: LiteralString = """-- mentions behind
select exists (
    select from entries e where (e.xid, e.conversation_id, e.seq) > (
        coalesce((select f.xid from follower_cursors f where f.name = %(name)s and f.shard = 0), '0'),
        coalesce((select f.conversation_id from follower_cursors f where f.name = %(name)s and f.shard = 0), 0),
        coalesce((select f.seq from follower_cursors f where f.name = %(name)s and f.shard = 0), 0)))"""


async def note_mentions(connection: Connection, entries: Sequence[Entry]) -> None:
    """Note the mentions in these entries, but those of oneself; what is older than half a year is forgotten.

    Two statements at most, whatever the number of entries. Bounds: 1,000 old rows are forgotten at a time.
    """
    found = [
        (user_id, entry.conversation_id, entry.seq, entry.sender_id, entry.created_at)
        for entry in entries
        if isinstance(entry, MessageSent)
        for user_id in entry.mentions
        if user_id != entry.sender_id
    ]
    if not found:
        return
    columns = [list(column) for column in zip(*found, strict=True)]
    names = ("user_ids", "conversation_ids", "seqs", "sender_ids", "times")
    await connection.execute(NOTE, dict(zip(names, columns, strict=True)))
    await connection.execute(FORGET)


class Stirred:
    """Says whether the log has gone on since the mentions in it were last noted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self) -> bool:
        """Ask the log; one statement. Raises Unavailable."""
        async with self._database.read() as connection:
            row = await (await connection.execute(STIRRED, {"name": FOLLOWER})).fetchone()
        return bool(row and row[0])
