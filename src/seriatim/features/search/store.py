"""The SQL of search: what is fed into the index, where somebody may look, and what was found there as it is now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import MAX_ID, ConversationId, UserId
from seriatim.features.search.documents import Said
from seriatim.log.access import FIRST_SEQ, READS
from seriatim.log.follow import Cursor
from seriatim.storage.postgres.database import Connection

FOR_EVER: Final = MAX_ID
"""The last seq that a member may read: whatever comes."""
SAID: Final = frozenset({"message_sent", "poll_started"})
CHANGES: Final = frozenset({"message_edited", "message_deleted"})
"""Their targets say something else from then on."""

_SAID: LiteralString = """e.conversation_id, e.seq, e.sender_id, e.created_at, e.body,
    case when e.meta ?| array['mentions', 'question'] then e.meta end, e.thread_seq is not null,
    e.deleted_seq is not null"""
# As a follower reads: see log/follow. Of all but messages and polls the place is enough.
SINCE: LiteralString = f"""-- index since
select e.xid::text, e.kind::text, e.target_seq, {_SAID} from entries e
where (e.xid, e.conversation_id, e.seq) > (%(xid)s::xid8, %(conversation_id)s, %(seq)s)
    and e.xid < pg_snapshot_xmin(pg_current_snapshot())
order by e.xid, e.conversation_id, e.seq limit %(limit)s"""
NOW: LiteralString = f"""-- index now
select {_SAID} from unnest(%(conversation_ids)s::bigint[], %(seqs)s::bigint[]) as a (conversation_id, seq)
join entries e on e.conversation_id = a.conversation_id and e.seq = a.seq
where e.kind in ('message_sent', 'poll_started')"""

PEOPLE: LiteralString = """-- search people
select id, name_key, display_key from users
where name_key = any (%(names)s) or display_key = any (%(names)s) or id = any (%(ids)s)"""


def _named(word: LiteralString) -> LiteralString:
    """Return the condition that a conversation is one of those that a query names."""
    return f"""(c.id = any (%({word}_ids)s) or lower(c.title) = any (%({word}_titles)s)
        or (c.kind = 'direct' and exists (select from members o where o.conversation_id = c.id
            and o.user_id <> %(user_id)s and o.user_id = any (%({word}_people)s))))"""


def _beside(word: LiteralString) -> LiteralString:
    """Return the condition that one of these people is in it, as a present member knows."""
    return f"""(m.left_seq is null and exists (select from members o
        where o.conversation_id = c.id and o.left_seq is null and o.user_id = any (%({word})s)))"""


# Where he is or was; and a public conversation in which he never was, when he names it by its id.
SCOPE: LiteralString = f"""-- search scope
select c.id, greatest({FIRST_SEQ}, c.first_kept_seq) as first_seq,
    case when m.left_seq is null or {READS} then %(for_ever)s else m.left_seq end as last_seq, m.read_seq
from members m join conversations c on c.id = m.conversation_id
where m.user_id = %(user_id)s
    and (%(conversation_id)s::bigint is null or c.id = %(conversation_id)s)
    and (not %(is_in)s or {_named("in")}) and not (%(is_out)s and {_named("out")})
    and (not %(is_with)s or {_beside("with")}) and not (%(is_without)s and {_beside("without")})
union all
select c.id, c.first_kept_seq, %(for_ever)s, null from conversations c
where (c.id = %(conversation_id)s or (%(conversation_id)s::bigint is null and c.id = any (%(in_ids)s)))
    and (not %(is_in)s or {_named("in")}) and not (%(is_out)s and {_named("out")}) and not %(is_with)s and {READS}
    and not exists (select from members m where m.conversation_id = c.id and m.user_id = %(user_id)s)"""

_HAS_REACTION: LiteralString = """(e.changed_seq is not null and exists (select from reactions r
    where r.conversation_id = e.conversation_id and r.seq = e.seq and r.reaction_seq <= a.last_seq))"""
_HAS_THREAD: LiteralString = """exists (select from entries f
    where f.conversation_id = e.conversation_id and f.thread_seq = e.seq and f.seq <= a.last_seq)"""
_SAVED: LiteralString = """exists (select from saved s
    where s.user_id = %(user_id)s and s.conversation_id = e.conversation_id and s.seq = e.seq)"""
# What was deleted or changed since is left out: for who has left, what was written after he had.
HITS: LiteralString = f"""-- search hits
select a.place, e.conversation_id, e.seq, e.sender_id, e.created_at, e.thread_seq, e.body,
    case when e.kind = 'poll_started' then e.meta end as meta
from unnest(%(conversation_ids)s::bigint[], %(seqs)s::bigint[], %(last_seqs)s::bigint[])
    with ordinality as a (conversation_id, seq, last_seq, place)
join entries e on e.conversation_id = a.conversation_id and e.seq = a.seq
where e.deleted_seq is null and coalesce(e.edited_seq, 0) <= a.last_seq
    and (%(pinned)s::boolean is null or (e.pinned_seq is not null and e.pinned_seq <= a.last_seq) = %(pinned)s)
    and (%(reacted)s::boolean is null or {_HAS_REACTION} = %(reacted)s)
    and (%(threaded)s::boolean is null or {_HAS_THREAD} = %(threaded)s)
    and (%(saved)s::boolean is null or {_SAVED} = %(saved)s)
order by a.place"""


class Batch(NamedTuple):
    """The next entries for the index: what was said, the places of what was changed, and how many were read."""

    said: list[Said]
    changed: set[tuple[int, int]]
    cursor: Cursor
    entries: int


class Place(NamedTuple):
    """A conversation that may be looked in, and which part of it; `read_seq` is None for who never was a member."""

    conversation_id: ConversationId
    first_seq: int
    last_seq: int
    read_seq: int | None


class Row(NamedTuple):
    """What was found, as it is now; `place` is that of the hit, from 1."""

    place: int
    conversation_id: ConversationId
    seq: int
    sender_id: UserId
    created_at: datetime
    thread_seq: int | None
    body: str | None
    meta: dict[str, Any] | None


async def since(connection: Connection, cursor: Cursor, limit: int) -> Batch:
    """Return the next entries after the cursor, at most `limit`; nothing is ever skipped (promise D10)."""
    said: list[Said] = []
    changed: set[tuple[int, int]] = set()
    entries = 0
    async for xid, kind, target_seq, *columns in await connection.execute(SINCE, {**cursor._asdict(), "limit": limit}):
        entries += 1
        cursor = Cursor(xid, columns[0], columns[1])
        if kind in SAID:
            said.append(Said(*columns))
        elif kind in CHANGES:
            changed.add((columns[0], target_seq))
    return Batch(said, changed, cursor, entries)


async def now(connection: Connection, places: Sequence[tuple[int, int]]) -> list[Said]:
    """Return what these messages say now."""
    named = {"conversation_ids": [one[0] for one in places], "seqs": [one[1] for one in places]}
    return [Said(*row) for row in await (await connection.execute(NOW, named)).fetchall()]


async def people(connection: Connection, names: Sequence[str], ids: Sequence[int]) -> dict[str, set[UserId]]:
    """Return who is called so, by each folded name and by each id as text."""
    found: dict[str, set[UserId]] = {}
    for user_id, *keys in await (await connection.execute(PEOPLE, {"names": names, "ids": ids})).fetchall():
        for key in (str(user_id), *keys):
            if key is not None:
                found.setdefault(key, set()).add(UserId(user_id))
    return found


async def scope(connection: Connection, **named: Any) -> list[Place]:
    """Return where somebody may look (promise I1)."""
    async with connection.cursor(row_factory=args_row(Place)) as cursor:
        return await (await cursor.execute(SCOPE, {**named, "for_ever": FOR_EVER})).fetchall()


async def hits(connection: Connection, **named: Any) -> list[Row]:
    """Return those of these places that still say what was looked for and are what was asked, in their order."""
    async with connection.cursor(row_factory=args_row(Row)) as cursor:
        return await (await cursor.execute(HITS, named)).fetchall()
