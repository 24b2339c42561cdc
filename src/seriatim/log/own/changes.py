"""A user's own: how each conversation is for him only, and what of his changed since a token (promise D3)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, LiteralString

import msgspec

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.own.counts import THREAD_MENTIONED, THREAD_UNREAD
from seriatim.protocol.own.changes import (
    OwnDraft,
    OwnMine,
    OwnReminder,
    OwnSaved,
    OwnScheduled,
    OwnSettings,
    OwnThread,
    StoredChange,
)
from seriatim.protocol.own.settings import Level, Settings
from seriatim.storage.postgres.database import Connection

OWN_ROWS = 2_000
"""Most changes told at once of one user, the latest ones."""

OWN_THREADS = 500
"""Most threads told at once of one user."""

HIDDEN: LiteralString = (
    "(m.hidden_ordinal is not null and (m.left_seq is not null or m.hidden_ordinal >= c.last_ordinal))"
)
_MARKED: LiteralString = "coalesce(m.marked_seq >= m.read_seq, false)"
MUTED: LiteralString = "coalesce(m.muted_until > statement_timestamp(), false)"
FLAGS: LiteralString = f"""(case when {MUTED} then 1 else 0 end + case when m.pinned then 2 else 0 end
    + case when {_MARKED} then 4 else 0 end + case when {HIDDEN} then 8 else 0 end
    + case when m.left_seq is null then 0 else 16 end)"""
"""The flags of `members m` and `conversations c`, as the constants FLAG_* of protocol/answers name them."""
MINE: LiteralString = f"""jsonb_build_object(
    'conversation_id', m.conversation_id, 'level', coalesce(m.level, 'default'),
    'muted_until', case when {MUTED} then m.muted_until end, 'pinned', m.pinned, 'hidden', {HIDDEN},
    'marked_unread', {_MARKED})"""
"""The fields of an OwnMine, of the same."""

# A token from the future is no token of this log: everything is told.
_SINCE: LiteralString = (
    "(case when a.token::xid8 > pg_snapshot_xmax(pg_current_snapshot()) then '0' else a.token end)::xid8"
)
HAS_OWN: LiteralString = f"""(
    exists (select from user_state s where s.user_id = a.user_id and s.xid >= {_SINCE})
    or exists (select from members n where n.user_id = a.user_id and n.mine_xid >= {_SINCE}))"""
"""Whether anything of `a.user_id`'s own was set since `a.token`."""

# Without a token the flags stand in the heads; the rest of what was set once and is no more needs no telling.
OWN: LiteralString = f"""-- own
select a.place, o.key, o.value, o.changed_at
from unnest(%(user_ids)s::bigint[], %(tokens)s::text[]) with ordinality as a (user_id, token, place)
cross join lateral (
    select s.key, s.value, s.changed_at, s.xid from user_state s where s.user_id = a.user_id and s.xid >= {_SINCE}
    union all
    select 'mine', {MINE}, null, m.mine_xid from members m join conversations c on c.id = m.conversation_id
    where m.user_id = a.user_id and m.mine_xid >= {_SINCE} and ({_SINCE} <> '0' or m.level is not null or {MUTED})
    order by 4 desc limit %(limit)s
) o
order by a.place"""

# Followed threads with unread replies, and what changed since: read, followed, replied to.
THREADS: LiteralString = f"""-- own threads
select a.place, o.*
from unnest(%(user_ids)s::bigint[], %(tokens)s::text[]) with ordinality as a (user_id, token, place)
cross join lateral (
    select r.conversation_id, r.thread_seq, r.following, r.read_seq, {THREAD_UNREAD}, {THREAD_MENTIONED}
    from thread_reads r
    join threads t on t.conversation_id = r.conversation_id and t.thread_seq = r.thread_seq
    where r.user_id = a.user_id and (r.xid >= {_SINCE} or t.xid >= {_SINCE})
        and ({_SINCE} <> '0' or (r.following and t.last_ordinal > r.read_ordinal))
    order by t.last_at desc limit %(limit)s
) o
order by a.place"""

LIST_CHANGED: LiteralString = """-- list changed
insert into user_state as s (user_id, key, value)
select a.user_id, %(key)s, 'null' from unnest(%(user_ids)s::bigint[]) as a (user_id) order by a.user_id
on conflict (user_id, key) do update set changed_at = clock_timestamp(), xid = pg_current_xact_id()"""

_LISTS: dict[str, StoredChange] = {
    "saved": OwnSaved(),
    "scheduled": OwnScheduled(),
    "reminders": OwnReminder(),
}
"""Keys that only say that a list changed."""


def draft_key(conversation_id: ConversationId, thread_seq: int | None) -> str:
    """Return under which key a draft is kept."""
    return f"draft/{conversation_id}/{thread_seq or 0}"


async def own(connection: Connection, asks: Sequence[tuple[UserId, str]]) -> list[list[StoredChange]]:
    """Return per ask what of the user's own was set since his token; one statement, whatever their number.

    Read after the token was taken: what is told is at least as new. Bounds: the latest 2,000 changes per ask.
    """
    found: list[list[StoredChange]] = [[] for _ in asks]
    named = {"user_ids": [ask[0] for ask in asks], "tokens": [ask[1] for ask in asks], "limit": OWN_ROWS}
    cursor = await connection.execute(OWN, named)
    place: int
    async for place, key, value, changed_at in cursor:
        change = change_of(key, value, changed_at)
        if change is not None:
            found[place - 1].append(change)
    return found


async def own_threads(connection: Connection, asks: Sequence[tuple[UserId, str]]) -> list[list[OwnThread]]:
    """Return per ask the user's threads that changed since his token, or those with unread replies; one statement.

    Bounds: the 500 last replied to, per ask; all of them are listed over HTTP.
    """
    found: list[list[OwnThread]] = [[] for _ in asks]
    named = {"user_ids": [ask[0] for ask in asks], "tokens": [ask[1] for ask in asks], "limit": OWN_THREADS}
    cursor = await connection.execute(THREADS, named)
    place: int
    async for place, *columns in cursor:
        found[place - 1].append(OwnThread(**dict(zip(OwnThread.__struct_fields__, columns, strict=True))))
    return found


async def list_changed(connection: Connection, user_ids: Iterable[UserId], key: str) -> None:
    """Note that these users' list of this name changed, for their devices that are away. One statement."""
    await connection.execute(LIST_CHANGED, {"user_ids": list(set(user_ids)), "key": key})


def change_of(key: str, value: Any, changed_at: datetime) -> StoredChange | None:
    """Return what a row of `user_state`, or of `members` as MINE has it, tells; None: a later release's."""
    kind, _, rest = key.partition("/")
    match kind:
        case "mine":
            return mine_of(value)
        case "draft":
            conversation_id, thread_seq = (int(part) for part in rest.split("/"))
            return OwnDraft(
                conversation_id=ConversationId(conversation_id),
                thread_seq=thread_seq or None,
                text=value["text"],
                target_seq=value.get("target_seq"),
                changed_at=changed_at,
            )
        case "settings":
            return OwnSettings(settings=msgspec.convert(value, Settings))
        case _:
            return _LISTS.get(kind)


def mine_of(value: dict[str, Any]) -> OwnMine:
    """Return what MINE says."""
    muted_until = value["muted_until"]
    return OwnMine(
        conversation_id=ConversationId(value["conversation_id"]),
        level=Level(value["level"]),
        muted_until=None if muted_until is None else datetime.fromisoformat(muted_until),
        pinned=value["pinned"],
        hidden=value["hidden"],
        marked_unread=value["marked_unread"],
    )
