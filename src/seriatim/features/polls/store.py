"""The SQL of polls: each question and each change is one statement, whatever the number of voters."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg.rows import args_row, scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.features.polls.rules import Poll
from seriatim.protocol.http.messages import Voter
from seriatim.storage.postgres.database import Connection

TIME_LEFT: LiteralString = """-- time left
select %(closes_at)s::timestamptz - clock_timestamp()"""

# A poll counts as a message of its author, also in slow mode (see append_2); admins and owners are spared.
WAIT: LiteralString = """-- wait
with slow as (
    select m.conversation_id, m.user_id,
        coalesce(extract(epoch from m.sent_at - clock_timestamp()) + c.slow_mode_s, 0) * 1000 as wait_ms
    from members m join conversations c on c.id = m.conversation_id
    where m.conversation_id = %(conversation_id)s and m.user_id = %(user_id)s and c.slow_mode_s > 0
        and m.role not in ('admin', 'owner')
), noted as (
    update members m set sent_at = clock_timestamp() from slow
    where m.conversation_id = slow.conversation_id and m.user_id = slow.user_id and slow.wait_ms <= 0
)
select ceil(coalesce(max(wait_ms), 0))::integer from slow"""

START: LiteralString = """-- start poll
insert into polls (conversation_id, seq, votes)
values (%(conversation_id)s, %(seq)s, array_fill(0, array[%(options)s::integer]))"""

POLL: LiteralString = """-- poll
select e.sender_id, coalesce((e.meta ->> 'anonymous')::boolean, false),
    coalesce((e.meta ->> 'multiple')::boolean, false),
    p.closed_seq is not null or coalesce((e.meta ->> 'closes_at')::timestamptz <= clock_timestamp(), false),
    p.votes, p.voters, coalesce(v.options, '{}')
from entries e
join polls p on p.conversation_id = e.conversation_id and p.seq = e.seq
left join poll_votes v on v.conversation_id = e.conversation_id and v.seq = e.seq and v.user_id = %(user_id)s
where e.conversation_id = %(conversation_id)s and e.seq = %(seq)s"""

VOTE: LiteralString = """-- vote
with taken_back as (
    delete from poll_votes
    where conversation_id = %(conversation_id)s and seq = %(seq)s and user_id = %(user_id)s
        and cardinality(%(options)s::smallint[]) = 0
), given as (
    insert into poll_votes (conversation_id, seq, user_id, options)
    select %(conversation_id)s, %(seq)s, %(user_id)s, %(options)s::smallint[]
    where cardinality(%(options)s::smallint[]) > 0
    on conflict (conversation_id, seq, user_id) do update set options = excluded.options
), counted as (
    update polls set votes = %(votes)s, voters = %(voters)s
    where conversation_id = %(conversation_id)s and seq = %(seq)s
)
update entries set changed_seq = %(changed_seq)s where conversation_id = %(conversation_id)s and seq = %(seq)s"""

CLOSE: LiteralString = """-- close poll
with closed as (
    update polls set closed_seq = %(changed_seq)s where conversation_id = %(conversation_id)s and seq = %(seq)s
)
update entries set changed_seq = %(changed_seq)s where conversation_id = %(conversation_id)s and seq = %(seq)s"""

VOTERS_PAGE: LiteralString = """-- voters page
select v.user_id, u.name, v.options from poll_votes v join users u on u.id = v.user_id
where v.conversation_id = %(conversation_id)s and v.seq = %(seq)s and v.user_id > %(after)s
order by v.user_id limit %(limit)s"""


async def time_left(connection: Connection, closes_at: datetime | None) -> timedelta | None:
    """Return how long a poll that closes then is open, by the clock that decides about votes; None: for ever."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(TIME_LEFT, {"closes_at": closes_at})
        return await cursor.fetchone()


async def wait_ms(connection: Connection, conversation_id: ConversationId, user_id: UserId) -> int:
    """Return how long slow mode makes this member wait; when it does not, note that he speaks now."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(WAIT, {"conversation_id": conversation_id, "user_id": user_id})
        return max(0, await cursor.fetchone() or 0)


async def start(connection: Connection, conversation_id: ConversationId, seq: int, options: int) -> None:
    """Begin to count the votes of the poll that is recorded next, as `seq`."""
    await connection.execute(START, {"conversation_id": conversation_id, "seq": seq, "options": options})


async def poll(connection: Connection, conversation_id: ConversationId, seq: int, user_id: UserId) -> Poll:
    """Return this poll, which stands there and was not deleted, with what the user has chosen."""
    named = {"conversation_id": conversation_id, "seq": seq, "user_id": user_id}
    async with connection.cursor(row_factory=args_row(Poll)) as cursor:
        await cursor.execute(POLL, named)
        row = await cursor.fetchone()
    assert row is not None
    return row


async def vote(
    connection: Connection,
    conversation_id: ConversationId,
    seq: int,
    user_id: UserId,
    options: Sequence[int],
    *,
    votes: Sequence[int],
    voters: int,
    changed_seq: int,
) -> None:
    """Keep what the user chose, and the counts it leads to; `changed_seq` is that of the entry recorded next."""
    named: dict[str, Any] = {
        "conversation_id": conversation_id,
        "seq": seq,
        "user_id": user_id,
        "options": list(options),
        "votes": list(votes),
        "voters": voters,
        "changed_seq": changed_seq,
    }
    await connection.execute(VOTE, named)


async def close(connection: Connection, conversation_id: ConversationId, seq: int, changed_seq: int) -> None:
    """Close the poll; `changed_seq` is that of the entry recorded next."""
    await connection.execute(CLOSE, {"conversation_id": conversation_id, "seq": seq, "changed_seq": changed_seq})


async def voters_page(
    connection: Connection, conversation_id: ConversationId, seq: int, *, after: int, limit: int
) -> list[Voter]:
    """Return who has voted, by user id, after this one."""
    named = {"conversation_id": conversation_id, "seq": seq, "after": after, "limit": limit}
    async with connection.cursor(row_factory=args_row(_voter)) as cursor:
        await cursor.execute(VOTERS_PAGE, named)
        return await cursor.fetchall()


def _voter(user_id: UserId, name: str, options: list[int]) -> Voter:
    return Voter(user_id=user_id, name=name, options=options)
