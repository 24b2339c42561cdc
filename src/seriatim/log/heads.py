"""Heads: where a user's conversations stand and what he has read of them, all of them or what moved since a token.

The resume token is the xmin of the snapshot that the rows were read with: whatever this snapshot could not see was
written by a transaction at or above it, so `head_xid >= token` finds it next time, however late it commits. Timestamps
and largest ids lose conversations under slow commits (promise D3).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.own.changes import FLAGS, HAS_OWN, own, own_threads
from seriatim.log.own.counts import MENTIONED, UNREAD
from seriatim.protocol.answers import HeadRow
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.own.changes import StoredChange
from seriatim.storage.postgres.database import Connection

_ROW: LiteralString = f"""
    select c.id as conversation_id, coalesce(m.left_seq, c.last_seq) as head, m.read_seq, m.delivered_seq,
        {UNREAD} as unread, {MENTIONED} as mentions,
        {FLAGS} as flags,
        coalesce(c.last_message_at, c.created_at) as moved_at
    from members m join conversations c on c.id = m.conversation_id"""

# own_xid: the user himself read, joined or left, or set how the conversation is to be for him. Who has left is not told
# how it goes on. A token from the future is no token of this log: everything is told. `offset 0`: asked once per user.
HEADS: LiteralString = f"""-- heads
select a.place, pg_snapshot_xmin(pg_current_snapshot())::text, o.has, h.*
from unnest(%(user_ids)s::bigint[], %(tokens)s::text[]) with ordinality as a (user_id, token, place)
cross join lateral (select {HAS_OWN} as has offset 0) o
left join lateral ({_ROW}
    where m.user_id = a.user_id and (
        a.token::xid8 > pg_snapshot_xmax(pg_current_snapshot())
        or m.own_xid >= a.token::xid8
        or (m.left_seq is null and c.head_xid >= a.token::xid8))
    order by moved_at desc, c.id desc limit %(limit)s
) h on true
order by a.place, h.moved_at desc, h.conversation_id desc"""

HEADS_PAGE: LiteralString = f"""-- heads page
{_ROW}
where m.user_id = %(user_id)s and (
        %(token)s::xid8 > pg_snapshot_xmax(pg_current_snapshot())
        or m.own_xid >= %(token)s::xid8
        or (m.left_seq is null and c.head_xid >= %(token)s::xid8))
    and (coalesce(c.last_message_at, c.created_at), c.id) < (%(moved_at)s::timestamptz, %(conversation_id)s)
order by moved_at desc, c.id desc limit %(limit)s"""

HEAD_ROWS: LiteralString = f"""-- head rows
{_ROW}
where m.user_id = %(user_id)s and m.conversation_id = any(%(conversation_ids)s) order by c.id"""

_ALL = "0"
_LARGEST = 2**63


class HeadsAsk(NamedTuple):
    """Whose heads, and since which token; None: all."""

    user_id: UserId
    token: str | None


class Place(NamedTuple):
    """The last row of a page of heads; the next one begins after it."""

    moved_at: datetime
    conversation_id: ConversationId


class HeadsAnswer(NamedTuple):
    """A page of heads, the newest conversations first; `token` covers all pages and is kept after the last one."""

    rows: list[HeadRow]
    token: str
    more: bool
    place: Place | None = None
    """Where the next page begins; None: there is none."""
    own: Sequence[StoredChange] = ()
    """What else of the user's own was set since; it belongs to the first page."""


async def heads(
    connection: Connection, asks: Sequence[HeadsAsk], *, limit: int = LIMITS.heads_rows
) -> list[HeadsAnswer]:
    """Return the first page of heads for each ask, in their order, with what else of the users' own was set since.

    A false token counts as none. One statement, whatever the number of asks, and one more if anybody has set anything.
    Bounds: `limit` rows per ask.
    """
    tokens = [_token(ask.token) for ask in asks]
    named = {"user_ids": [ask.user_id for ask in asks], "tokens": tokens, "limit": limit + 1}
    found: list[list[tuple[Any, ...]]] = [[] for _ in asks]
    changed: dict[int, Sequence[StoredChange]] = {}
    token = _ALL
    cursor = await connection.execute(HEADS, named)
    for row in await cursor.fetchall():
        token = row[1]  # the same in every row
        place = int(row[0]) - 1
        if row[2]:
            changed[place] = ()
        if row[3] is not None:
            found[place].append(row[3:])
    if changed:
        told = await own(connection, [(asks[place].user_id, tokens[place]) for place in changed])
        changed = dict(zip(changed, told, strict=True))
    return [_answer(rows, token, limit)._replace(own=changed.get(place, ())) for place, rows in enumerate(found)]


async def heads_to_greet(connection: Connection, asks: Sequence[HeadsAsk]) -> list[HeadsAnswer]:
    """Return what `heads` does, with the threads that the users follow; one statement more.

    The heads check leaves threads out: replies come as events, and a device counts them.
    """
    answers = await heads(connection, asks)
    threads = await own_threads(connection, [(ask.user_id, _token(ask.token)) for ask in asks])
    return [answer._replace(own=(*answer.own, *told)) for answer, told in zip(answers, threads, strict=True)]


async def heads_page(
    connection: Connection, user_id: UserId, token: str | None, answer: HeadsAnswer, *, limit: int = LIMITS.heads_rows
) -> HeadsAnswer:
    """Return the page after this answer; it keeps the token of the first page, which is older than every row."""
    if answer.place is None:
        return HeadsAnswer([], answer.token, more=False)
    cursor = await connection.execute(
        HEADS_PAGE, {"user_id": user_id, "token": _token(token), **answer.place._asdict(), "limit": limit + 1}
    )
    return _answer(await cursor.fetchall(), answer.token, limit)


async def head_rows(
    connection: Connection, user_id: UserId, conversation_ids: Sequence[ConversationId]
) -> list[HeadRow]:
    """Return the heads of those of these conversations that are the user's, by id; one statement."""
    cursor = await connection.execute(HEAD_ROWS, {"user_id": user_id, "conversation_ids": list(conversation_ids)})
    return [_head(row) for row in await cursor.fetchall()]


def _answer(rows: Sequence[tuple[Any, ...]], token: str, limit: int) -> HeadsAnswer:
    more = len(rows) > limit
    rows = rows[:limit]
    place = Place(rows[-1][7], rows[-1][0]) if more else None
    return HeadsAnswer([_head(row) for row in rows], token, more, place)


def _head(row: tuple[Any, ...]) -> HeadRow:
    return HeadRow(*row[:7])


def _token(token: str | None) -> str:
    """Return the token if it can be one, else that for everything: it is opaque to clients, and never trusted."""
    if token is None or not token.isascii() or not token.isdigit() or len(token) > len(str(_LARGEST)):
        return _ALL
    return token if int(token) < _LARGEST else _ALL
