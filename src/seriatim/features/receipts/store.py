"""The SQL of receipts: who is told of others' marks, and how many have read what."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.http.own import Receipt
from seriatim.protocol.limits import MARKS_MEMBERS
from seriatim.storage.postgres.database import Connection

LATEST = 10
"""Of a large conversation, the authors of so many latest messages are told how many have read them ..."""
LOOK_BACK = 200
"""... which are looked for in so many entries."""

_GIVES: LiteralString = """not exists (
    select from user_state s
    where s.user_id = m.user_id and s.key = 'settings' and s.value ->> 'read_receipts' = 'false')"""
"""Whether `members m` gives and sees read receipts."""
_READ: LiteralString = f"""(
    select count(*) from members m
    where m.conversation_id = a.conversation_id and m.user_id <> a.user_id and m.left_seq is null
        and m.read_seq >= a.seq and {_GIVES})"""
"""How many others have read `a.seq` of `a.user_id`."""

VIEWERS: LiteralString = f"""-- receipt viewers
select m.conversation_id, m.user_id, {_GIVES}
from unnest(%(conversation_ids)s::bigint[], %(user_ids)s::bigint[]) as a (conversation_id, user_id)
join members m on m.conversation_id = a.conversation_id and m.user_id = a.user_id
where m.left_seq is null"""

AUTHORS: LiteralString = f"""-- latest authors
select e.conversation_id, e.sender_id, max(e.seq)
from conversations c
cross join lateral (
    select e.conversation_id, e.sender_id, e.seq from entries e
    where e.conversation_id = c.id and e.seq > c.last_seq - %(look_back)s and e.ordinal is not null
    order by e.seq desc limit %(latest)s
) e
join members m on m.conversation_id = e.conversation_id and m.user_id = e.sender_id
where c.id = any(%(conversation_ids)s) and m.left_seq is null and {_GIVES}
group by 1, 2"""

READ_COUNTS: LiteralString = f"""-- read counts
select a.conversation_id, a.user_id, {_READ}
from unnest(%(conversation_ids)s::bigint[], %(user_ids)s::bigint[], %(seqs)s::bigint[])
    as a (conversation_id, user_id, seq)"""

RECEIPTS: LiteralString = f"""-- receipts
select c.member_count, m.left_seq is null and {_GIVES} as gives,
    case when m.left_seq is null and {_GIVES} then {_READ} end as read_count
from (select %(conversation_id)s::bigint as conversation_id, %(user_id)s::bigint as user_id, %(seq)s::bigint as seq) a
join conversations c on c.id = a.conversation_id
join members m on m.conversation_id = a.conversation_id and m.user_id = a.user_id"""

MARKS: LiteralString = f"""-- marks
select m.user_id, greatest(m.delivered_seq, m.read_seq), case when {_GIVES} then m.read_seq else 0 end
from members m where m.conversation_id = %(conversation_id)s and m.left_seq is null
order by m.user_id limit %(most)s"""

UNREAD: LiteralString = """-- unread conversations
select m.conversation_id, c.last_seq from members m join conversations c on c.id = m.conversation_id
where m.user_id = %(user_id)s and m.left_seq is null and m.conversation_id > %(after)s
    and (c.last_ordinal > m.read_ordinal or m.marked_seq >= m.read_seq)
order by m.conversation_id limit %(limit)s"""
UNMARK: LiteralString = """-- unmark
update members set marked_seq = null, own_xid = pg_current_xact_id(), mine_xid = pg_current_xact_id()
where user_id = %(user_id)s and conversation_id = any(%(conversation_ids)s) and marked_seq is not null"""

Place = tuple[ConversationId, UserId]


async def viewers(connection: Connection, places: Sequence[Place]) -> dict[Place, bool]:
    """Return those of these users who are present members there, and whether each sees what others have read."""
    cursor = await connection.execute(VIEWERS, _named(places))
    return {(conversation_id, user_id): gives for conversation_id, user_id, gives in await cursor.fetchall()}


async def authors(connection: Connection, conversation_ids: Sequence[ConversationId]) -> dict[Place, int]:
    """Return who wrote the latest messages there, of those who see receipts, and the seq of each one's last."""
    cursor = await connection.execute(
        AUTHORS, {"conversation_ids": list(conversation_ids), "look_back": LOOK_BACK, "latest": LATEST}
    )
    return {(conversation_id, user_id): seq for conversation_id, user_id, seq in await cursor.fetchall()}


async def read_counts(connection: Connection, latest: dict[Place, int]) -> dict[Place, int]:
    """Return how many others have read these messages, of those who give receipts."""
    cursor = await connection.execute(READ_COUNTS, {**_named(list(latest)), "seqs": list(latest.values())})
    return {(conversation_id, user_id): count for conversation_id, user_id, count in await cursor.fetchall()}


async def receipts(
    connection: Connection, conversation_id: ConversationId, user_id: UserId, seq: int
) -> tuple[int, bool, int | None] | None:
    """Return of a member: how many there are, whether he sees receipts, and how many others have read up to `seq`."""
    named = {"conversation_id": conversation_id, "user_id": user_id, "seq": seq}
    return await (await connection.execute(RECEIPTS, named)).fetchone()


async def marks(connection: Connection, conversation_id: ConversationId) -> list[Receipt]:
    """Return the marks of the present members of a small conversation, by user id."""
    async with connection.cursor(row_factory=args_row(Receipt)) as cursor:
        await cursor.execute(MARKS, {"conversation_id": conversation_id, "most": MARKS_MEMBERS})
        return await cursor.fetchall()


async def unread(connection: Connection, user_id: UserId, after: int, limit: int) -> list[tuple[ConversationId, int]]:
    """Return the user's conversations with anything unread or marked so, by id after this one, and their heads."""
    cursor = await connection.execute(UNREAD, {"user_id": user_id, "after": after, "limit": limit})
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def unmark(connection: Connection, user_id: UserId, conversation_ids: Sequence[ConversationId]) -> None:
    """Take the user's own marks of being unread off these conversations."""
    await connection.execute(UNMARK, {"user_id": user_id, "conversation_ids": list(conversation_ids)})


def _named(places: Sequence[Place]) -> dict[str, list[int]]:
    return {"conversation_ids": [place[0] for place in places], "user_ids": [place[1] for place in places]}
