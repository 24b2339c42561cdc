"""The SQL of conversations: who exists, who owns, and the lists; each question is one statement, whatever N is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg.rows import args_row, class_row, scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.features.conversations.rules import UNWORDED, Candidate
from seriatim.log import roster
from seriatim.log.access import FINDS, FIRST_SEQ, READS, WHOLE
from seriatim.log.draft import Stored
from seriatim.log.entry_rows import COLUMNS, EntryRow, entry_of
from seriatim.log.messages.state import columns_until
from seriatim.log.own.changes import FLAGS
from seriatim.log.own.counts import MENTIONED, UNREAD
from seriatim.protocol.fields import ConversationKind, History, LeastRole, Role, Visibility
from seriatim.protocol.resources import Conversation, Member, User
from seriatim.storage.postgres.database import Connection

Place = tuple[datetime | str, int]
"""Where a page ends: when the conversation was last active (or its folded title), and its id."""
NEWEST: Place = ("infinity", 0)
FIRST_TITLE: Place = ("", 0)

PAIR: LiteralString = """-- pair
select conversation_id from direct_pairs where low_user_id = %(low)s and high_user_id = %(high)s"""
KEEP_PAIR: LiteralString = """-- keep pair
insert into direct_pairs (low_user_id, high_user_id, conversation_id)
values (%(low)s, %(high)s, %(conversation_id)s)"""
FIRST_ENTRY: LiteralString = f"""-- first entry
select {COLUMNS} from entries e where e.conversation_id = %(conversation_id)s and e.seq = 1"""

# Of people who are to be added: whether they are there, are guests, are in already, are banned, have blocked who adds.
CANDIDATES: LiteralString = """-- candidates
select u.id as user_id, u.guest as is_guest, m.user_id is not null and m.left_seq is null as is_member,
    b.user_id is not null as is_banned, k.user_id is not null as has_blocked
from users u
left join members m on m.conversation_id = %(conversation_id)s and m.user_id = u.id
left join bans b on b.conversation_id = %(conversation_id)s and b.user_id = u.id
left join blocks k on k.user_id = u.id and k.blocked_user_id = %(sender_id)s
where u.id = any(%(user_ids)s)"""

# By the token's hash alone: what it gives is the same for a retry, whatever became of the link.
INVITATION: LiteralString = """-- invitation
select i.id as invitation_id, i.conversation_id, i.role, u.guest as is_guest
from conversation_invitations i, users u where i.token_hash = %(token_hash)s and u.id = %(user_id)s"""
# Who made a link to a role above member must still be the one who may give it.
USE_INVITATION: LiteralString = """-- use invitation
update conversation_invitations i set use_count = use_count + 1
where i.id = %(invitation_id)s and i.revoked_at is null and i.expires_at > clock_timestamp()
    and (i.most_uses is null or i.use_count < i.most_uses)
    and (i.role <> 'admin' or exists (
        select from members m where m.conversation_id = i.conversation_id and m.user_id = i.created_by
            and m.left_seq is null and m.role = 'owner'))"""

OWNER_COUNT: LiteralString = """-- owner count
select count(*) from members
where conversation_id = %(conversation_id)s and left_seq is null and role = 'owner'"""

SET_SETTINGS: LiteralString = """-- set settings
update conversations set
    title = coalesce(%(title)s, title), visibility = coalesce(%(visibility)s, visibility),
    topic = nullif(coalesce(%(topic)s, topic), ''), history = coalesce(%(history)s, history),
    post_role = coalesce(%(post_role)s, post_role), invite_role = coalesce(%(invite_role)s, invite_role),
    pin_role = coalesce(%(pin_role)s, pin_role), slow_mode_s = coalesce(%(slow_mode_s)s, slow_mode_s),
    archived_at = case when %(archived)s then coalesce(archived_at, clock_timestamp())
        when %(archived)s is null then archived_at end
where id = %(conversation_id)s"""
ABSENT: dict[str, Any] = dict.fromkeys(("title", "topic", *UNWORDED))

# What a conversation looked like when somebody left it: all that he is shown of it from then on.
KEEP_LEFT_VIEW: LiteralString = """-- keep left view
update members m set left_view = jsonb_build_object(
    'title', c.title, 'topic', c.topic, 'member_count', c.member_count, 'roster_version', c.roster_version,
    'last_message_at', c.last_message_at)
from conversations c
where c.id = m.conversation_id and m.conversation_id = %(conversation_id)s and m.user_id = %(user_id)s"""

# Who is blocked by the other of a pair is silenced without an end, and not told that he is.
SILENCED_UNTIL: LiteralString = """case when m.silenced_until > clock_timestamp() and isfinite(m.silenced_until)
           then m.silenced_until end"""
# What of it the user reads is first_seq..readable_seq; nothing where the second is null.
_SEEN: LiteralString = f"""
select c.id as conversation_id, c.kind, c.visibility, c.title, c.topic, c.member_count, c.roster_version,
       c.last_seq, c.last_message_at, {WHOLE} as whole, c.post_role, c.invite_role, c.pin_role,
       c.slow_mode_s, c.archived_at is not null as archived,
       {READS} as reads, m.role, coalesce({FIRST_SEQ}, 1) as first_seq,
       case when {READS} then c.last_seq when m.user_id is not null then coalesce(m.left_seq, c.last_seq) end
           as readable_seq,
       m.left_seq, m.left_view, coalesce(m.read_seq, 0) as read_seq, {UNREAD} as unread, {MENTIONED} as mentions,
       {FLAGS} as flags, {SILENCED_UNTIL} as silenced_until,
       lower(c.title) collate "C" as folded_title"""

# The newest message within the user's range, and the other one of a direct conversation.
_WITH_LAST: LiteralString = f"""
left join lateral (
    select {columns_until("seen.readable_seq")} from entries e
    where e.conversation_id = seen.conversation_id and e.ordinal is not null and (e.thread_seq is null or e.broadcast)
      and (seen.reads or e.seq >= seen.first_seq) and e.seq <= seen.readable_seq
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

# Served by the partial index found_channels; collation "C" makes a prefix a range. A word stands anywhere in a title or
# a topic: such a page reads the index in order until it is full.
CHANNELS_PAGE: LiteralString = f"""-- channels page
with seen as materialized ({_SEEN}, null::timestamptz as active_at
    from conversations c left join members m on m.conversation_id = c.id and m.user_id = %(user_id)s
    where c.kind = 'channel' and {FINDS}
      and (%(word)s = '' or position(lower(%(word)s) in lower(c.title || ' ' || coalesce(c.topic, ''))) > 0)
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


class InvitationRow(NamedTuple):
    """A link into a conversation; `is_guest`: whoever follows it."""

    invitation_id: int
    conversation_id: ConversationId
    role: str
    is_guest: bool


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
    last_message_at: datetime | None
    whole: bool
    post_role: str
    invite_role: str
    pin_role: str
    slow_mode_s: int
    archived: bool
    reads: bool
    role: Role | None
    first_seq: int
    readable_seq: int | None
    left_seq: int | None
    left_view: dict[str, Any] | None
    read_seq: int
    unread: int
    mentions: int
    flags: int
    silenced_until: datetime | None
    folded_title: str | None
    active_at: datetime | None
    other_id: UserId | None
    other_name: str | None
    last: EntryRow | None


async def candidates(
    connection: Connection, conversation_id: ConversationId | None, user_ids: Sequence[UserId], sender_id: UserId
) -> dict[UserId, Candidate]:
    """Return those of these users who exist, as people whom the sender would add (None: to a new conversation)."""
    named = {"conversation_id": conversation_id, "user_ids": list(user_ids), "sender_id": sender_id}
    async with connection.cursor(row_factory=class_row(Candidate)) as cursor:
        await cursor.execute(CANDIDATES, named)
        return {row.user_id: row for row in await cursor.fetchall()}


async def invitation(connection: Connection, token_hash: bytes, user_id: UserId) -> InvitationRow | None:
    """Return where the link with this token leads, as what this user would come in."""
    async with connection.cursor(row_factory=class_row(InvitationRow)) as cursor:
        await cursor.execute(INVITATION, {"token_hash": token_hash, "user_id": user_id})
        return await cursor.fetchone()


async def use_invitation(connection: Connection, invitation_id: int) -> bool:
    """Count one use of a link under its conversation's lock; False: it was revoked, is too old or used up."""
    cursor = await connection.execute(USE_INVITATION, {"invitation_id": invitation_id})
    return cursor.rowcount == 1


async def lock_pair(connection: Connection, members: Sequence[UserId]) -> ConversationId | None:
    """Lock this pair until the transaction ends, and return its direct conversation if there is one."""
    named = _pair(members)
    await roster.lock_pair(connection, members)
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


async def set_settings(connection: Connection, conversation_id: ConversationId, named: Mapping[str, Any]) -> None:
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


async def channels_page(
    connection: Connection, user_id: UserId, name: str, after: Place, limit: int, *, word: str = ""
) -> list[Seen]:
    """Return channels that the user finds, by folded title, after this (folded title, id).

    Those whose title begins with `name`, and that have `word` somewhere in their title or topic.
    """
    named = {
        "user_id": user_id,
        "name": name,
        "word": word,
        "title": after[0],
        "conversation_id": after[1],
        "limit": limit,
    }
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
    """Return the conversation as this user sees it: an ex-member sees what he last saw, unless everybody reads it."""
    left = None if row.left_seq is None else msgspec.convert(row.left_view, LeftView)
    look = row if left is None or row.reads else left
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
        history=History.ALL if row.whole else History.JOINED,
        post_role=LeastRole(row.post_role),
        invite_role=LeastRole(row.invite_role),
        pin_role=LeastRole(row.pin_role),
        slow_mode_s=row.slow_mode_s,
        archived=row.archived,
        head=(row.readable_seq or 0) if row.left_seq is None else row.left_seq,
        read=row.read_seq,
        unread=row.unread if present else 0,
        mentions=row.mentions if present else 0,
        flags=row.flags,
        silenced_until=row.silenced_until if present else None,
        last_message_at=None
        if row.readable_seq is None
        else row.last_message_at
        if left is None
        else left.last_message_at,
        last=None if row.last is None else entry_of(row.last),
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
