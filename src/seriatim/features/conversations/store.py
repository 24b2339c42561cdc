"""The SQL of conversations: who exists, who owns, and the lists; each question is one statement, whatever N is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg.rows import args_row, scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.draft import Stored
from seriatim.log.entry_rows import COLUMNS, EntryRow, entry_of, message_of
from seriatim.protocol.answers import FLAG_LEFT
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.resources import Conversation, Member, User
from seriatim.storage.postgres.database import Connection

Place = tuple[datetime | str, int]
"""Where a page ends: when the conversation was last active (or its folded title), and its id."""
NEWEST: Place = ("infinity", 0)
FIRST_TITLE: Place = ("", 0)

KNOWN_USERS: LiteralString = """-- known users
select id from users where id = any(%(user_ids)s)"""

# Whoever looks for the pair's conversation or makes it holds this lock, so that two who begin at once make one.
LOCK_PAIR: LiteralString = """-- lock pair
select pg_advisory_xact_lock(hashtextextended(format('direct %%s %%s', %(low)s::bigint, %(high)s::bigint), 0))"""
PAIR: LiteralString = """-- pair
select conversation_id from direct_pairs where low_user_id = %(low)s and high_user_id = %(high)s"""
KEEP_PAIR: LiteralString = """-- keep pair
insert into direct_pairs (low_user_id, high_user_id, conversation_id)
values (%(low)s, %(high)s, %(conversation_id)s)"""
FIRST_ENTRY: LiteralString = f"""-- first entry
select {COLUMNS} from entries e where e.conversation_id = %(conversation_id)s and e.seq = 1"""

OWNER_COUNT: LiteralString = """-- owner count
select count(*) from members
where conversation_id = %(conversation_id)s and left_seq is null and role = 'owner'"""

SET_SETTINGS: LiteralString = """-- set settings
update conversations set
    title = coalesce(%(title)s, title), visibility = coalesce(%(visibility)s, visibility),
    topic = nullif(coalesce(%(topic)s, topic), '')
where id = %(conversation_id)s"""
ABSENT: dict[str, str | None] = {"title": None, "topic": None, "visibility": None}

# What a conversation looked like when somebody left it: all that he is shown of it from then on.
KEEP_LEFT_VIEW: LiteralString = """-- keep left view
update members m set left_view = jsonb_build_object(
    'title', c.title, 'topic', c.topic, 'member_count', c.member_count, 'roster_version', c.roster_version,
    'last_message_at', c.last_message_at)
from conversations c
where c.id = m.conversation_id and m.conversation_id = %(conversation_id)s and m.user_id = %(user_id)s"""

_SEEN: LiteralString = """
select c.id as conversation_id, c.kind, c.visibility, c.title, c.topic, c.member_count, c.roster_version,
       c.last_seq, c.last_ordinal, c.last_message_at, m.role, coalesce(m.joined_seq, 1) as first_seq,
       m.left_seq, m.left_view, coalesce(m.read_seq, 0) as read_seq, m.read_ordinal,
       lower(c.title) collate "C" as folded_title"""

# The newest message within the user's range, and the other one of a direct conversation.
_WITH_LAST: LiteralString = f"""
left join lateral (
    select {COLUMNS} from entries e
    where e.conversation_id = seen.conversation_id and e.kind = 'message_sent'
      and (seen.visibility = 'public' or e.seq >= seen.first_seq) and e.seq <= coalesce(seen.left_seq, seen.last_seq)
    order by e.seq desc limit 1
) e on true
left join lateral (
    select u.id as other_id, u.name as other_name from members o join users u on u.id = o.user_id
    where seen.kind = 'direct' and o.conversation_id = seen.conversation_id and o.user_id <> %(user_id)s
) o on true"""
_LAST_COLUMNS: LiteralString = f"""
select seen.*, o.other_id, o.other_name, {COLUMNS}"""

CONVERSATIONS_PAGE: LiteralString = f"""-- conversations page
with mine as ({_SEEN},
           coalesce(case when m.left_seq is null then c.last_message_at
                         else (m.left_view ->> 'last_message_at')::timestamptz end, c.created_at) as active_at
    from members m join conversations c on c.id = m.conversation_id
    where m.user_id = %(user_id)s
), seen as materialized (
    select * from mine where (active_at, conversation_id) < (%(active_at)s::timestamptz, %(conversation_id)s)
    order by active_at desc, conversation_id desc limit %(limit)s
){_LAST_COLUMNS}
from seen {_WITH_LAST}
order by seen.active_at desc, seen.conversation_id desc"""

CONVERSATION: LiteralString = f"""-- conversation
with seen as materialized ({_SEEN}, null::timestamptz as active_at
    from conversations c left join members m on m.conversation_id = c.id and m.user_id = %(user_id)s
    where c.id = %(conversation_id)s
){_LAST_COLUMNS}
from seen {_WITH_LAST}"""

# Served by the partial index public_channels; collation "C" makes a prefix a range.
CHANNELS_PAGE: LiteralString = f"""-- channels page
with seen as materialized ({_SEEN}, null::timestamptz as active_at
    from conversations c left join members m on m.conversation_id = c.id and m.user_id = %(user_id)s
    where c.kind = 'channel' and c.visibility = 'public'
      and lower(c.title) collate "C" >= lower(%(name)s) and lower(c.title) collate "C" < lower(%(name)s) || chr(1114111)
      and (lower(c.title) collate "C", c.id) > (%(title)s, %(conversation_id)s)
    order by lower(c.title) collate "C", c.id limit %(limit)s
){_LAST_COLUMNS}
from seen {_WITH_LAST}
order by seen.folded_title, seen.conversation_id"""

MEMBERS_PAGE: LiteralString = """-- members page
select m.user_id, u.name, m.role, m.joined_seq from members m join users u on u.id = m.user_id
where m.conversation_id = %(conversation_id)s and m.left_seq is null and m.user_id > %(after)s
order by m.user_id limit %(limit)s"""


class LeftView(msgspec.Struct, frozen=True):
    """A conversation as its ex-member last saw it."""

    title: str | None
    topic: str | None
    member_count: int
    roster_version: int
    last_message_at: datetime | None


class Seen(NamedTuple):
    """A row of the lists: a conversation, this user's membership if any, its newest message if he may read one."""

    conversation_id: ConversationId
    kind: str
    visibility: str
    title: str | None
    topic: str | None
    member_count: int
    roster_version: int
    last_seq: int
    last_ordinal: int
    last_message_at: datetime | None
    role: Role | None
    first_seq: int
    left_seq: int | None
    left_view: dict[str, Any] | None
    read_seq: int
    read_ordinal: int | None
    folded_title: str | None
    active_at: datetime | None
    other_id: UserId | None
    other_name: str | None
    last: EntryRow | None


async def known_users(connection: Connection, user_ids: Sequence[UserId]) -> frozenset[UserId]:
    """Return those of these users who exist."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(KNOWN_USERS, {"user_ids": list(user_ids)})
        return frozenset(await cursor.fetchall())


async def lock_pair(connection: Connection, members: Sequence[UserId]) -> ConversationId | None:
    """Lock this pair until the transaction ends, and return its direct conversation if there is one."""
    named = _pair(members)
    await connection.execute(LOCK_PAIR, named)
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(PAIR, named)
        return await cursor.fetchone()


async def keep_pair(connection: Connection, members: Sequence[UserId], conversation_id: ConversationId) -> None:
    """Note that this is the pair's direct conversation; called under lock_pair."""
    await connection.execute(KEEP_PAIR, _pair(members) | {"conversation_id": conversation_id})


async def first_entry(connection: Connection, conversation_id: ConversationId) -> Stored:
    """Return the entry that founded a direct conversation, whose roster never changes."""
    async with connection.cursor(row_factory=args_row(EntryRow)) as cursor:
        await cursor.execute(FIRST_ENTRY, {"conversation_id": conversation_id})
        row = await cursor.fetchone()
    assert row is not None
    return Stored(entry_of(row), row.roster_version or 0, duplicate=True)


async def owner_count(connection: Connection, conversation_id: ConversationId) -> int:
    """Return how many present members own this conversation; exact under its lock."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(OWNER_COUNT, {"conversation_id": conversation_id})
        return await cursor.fetchone() or 0


async def set_settings(
    connection: Connection, conversation_id: ConversationId, named: Mapping[str, str | None]
) -> None:
    """Change the settings named; an empty topic is none."""
    await connection.execute(SET_SETTINGS, {"conversation_id": conversation_id, **ABSENT, **named})


async def keep_left_view(connection: Connection, conversation_id: ConversationId, user_id: UserId) -> None:
    """Keep what this ex-member last saw of the conversation; called when his `member_left` is recorded."""
    await connection.execute(KEEP_LEFT_VIEW, {"conversation_id": conversation_id, "user_id": user_id})


async def conversations_page(connection: Connection, user_id: UserId, after: Place, limit: int) -> list[Seen]:
    """Return the user's conversations, the most recently active first, after this (instant, id)."""
    named = {"user_id": user_id, "active_at": after[0], "conversation_id": after[1], "limit": limit}
    return await _seen(connection, CONVERSATIONS_PAGE, named)


async def one_conversation(connection: Connection, user_id: UserId, conversation_id: ConversationId) -> Seen:
    """Return this conversation, which exists, as the user sees it."""
    rows = await _seen(connection, CONVERSATION, {"user_id": user_id, "conversation_id": conversation_id})
    return rows[0]


async def channels_page(connection: Connection, user_id: UserId, name: str, after: Place, limit: int) -> list[Seen]:
    """Return public channels whose title begins with `name`, by folded title, after this (folded title, id)."""
    named = {"user_id": user_id, "name": name, "title": after[0], "conversation_id": after[1], "limit": limit}
    return await _seen(connection, CHANNELS_PAGE, named)


async def members_page(connection: Connection, conversation_id: ConversationId, after: int, limit: int) -> list[Member]:
    """Return the present members by user id, after this one."""
    async with connection.cursor(row_factory=args_row(_member)) as cursor:
        await cursor.execute(MEMBERS_PAGE, {"conversation_id": conversation_id, "after": after, "limit": limit})
        return await cursor.fetchall()


def place_of(row: Seen) -> Place:
    """Return where a page of conversations ends that has this row last."""
    return (row.active_at or "infinity", row.conversation_id)


def title_place_of(row: Seen) -> Place:
    """Return where a page of channels ends that has this row last."""
    return (row.folded_title or "", row.conversation_id)


def conversation_of(row: Seen) -> Conversation:
    """Return the conversation as this user sees it: an ex-member sees what he last saw, unless it is public."""
    left = None if row.left_seq is None else msgspec.convert(row.left_view, LeftView)
    look = row if left is None or row.visibility == Visibility.PUBLIC else left
    present = row.role is not None and left is None
    return Conversation(
        conversation_id=row.conversation_id,
        kind=ConversationKind(row.kind),
        visibility=Visibility(row.visibility),
        title=look.title,
        topic=look.topic,
        member_count=look.member_count,
        roster_version=look.roster_version,
        role=Role(row.role) if present else None,
        other=None if row.other_id is None else User(user_id=row.other_id, name=row.other_name or ""),
        head=row.last_seq if row.left_seq is None else row.left_seq,
        read=row.read_seq,
        unread=row.last_ordinal - row.read_ordinal if present and row.read_ordinal is not None else 0,
        flags=0 if left is None else FLAG_LEFT,
        last_message_at=row.last_message_at if left is None else left.last_message_at,
        last=None if row.last is None else message_of(row.last),
    )


def _seen_of(*columns: Any) -> Seen:
    before = len(Seen._fields) - 1
    last = EntryRow(*columns[before:])
    return Seen(*columns[:before], last=last if last.seq else None)


def _member(user_id: UserId, name: str, role: str, joined_seq: int) -> Member:
    return Member(user_id=user_id, name=name, role=Role(role), joined_seq=joined_seq)


async def _seen(connection: Connection, question: LiteralString, named: dict[str, Any]) -> list[Seen]:
    async with connection.cursor(row_factory=args_row(_seen_of)) as cursor:
        await cursor.execute(question, named)
        return await cursor.fetchall()


def _pair(members: Sequence[UserId]) -> dict[str, int]:
    return {"low": min(members), "high": max(members)}
