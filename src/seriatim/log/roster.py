"""Who is in a conversation and with which role: looked up under its lock, and written before the entry that says so."""

from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import kwargs_row

from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.log.access import WHOLE
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.limits import LIMITS
from seriatim.storage.postgres.database import Connection

LOCK: LiteralString = f"""-- lock conversation
select c.id as conversation_id, c.kind, c.visibility, c.title, c.topic, c.roster_version, c.member_count, c.last_seq,
    c.last_ordinal, {WHOLE} as whole, c.archived_at is not null as archived
from conversations c where c.id = %(conversation_id)s for no key update"""

# Whoever looks for a pair's conversation, makes it or shuts it holds this lock, so that two who do so at once agree.
LOCK_PAIR: LiteralString = """-- lock pair
select pg_advisory_xact_lock(hashtextextended(format('direct %%s %%s', %(low)s::bigint, %(high)s::bigint), 0))"""

MEMBER: LiteralString = """-- member
select m.user_id, m.role, m.joined_seq, m.left_seq, m.read_seq, m.read_ordinal,
    exists (select from users u where u.id = m.user_id and u.guest) as is_guest
from members m where m.conversation_id = %(conversation_id)s and m.user_id = %(user_id)s"""

# One statement, so that the version and the members are of the same moment.
ROSTER: LiteralString = """-- roster
select c.roster_version, array(
    select m.user_id from members m where m.conversation_id = c.id and m.left_seq is null order by m.user_id
)
from conversations c where c.id = %(conversation_id)s"""

OWNERS_AND_ADMINS: LiteralString = """-- owners and admins
select m.conversation_id, m.user_id
from unnest(%(conversation_ids)s::bigint[], %(user_ids)s::bigint[]) as p (conversation_id, user_id)
join members m on m.conversation_id = p.conversation_id and m.user_id = p.user_id
where m.left_seq is null and m.role in ('admin', 'owner')"""

CREATE_CONVERSATION: LiteralString = """-- create conversation
insert into conversations (id, kind, visibility, title)
values (%(conversation_id)s, %(kind)s, %(visibility)s, %(title)s)
on conflict (id) do nothing"""

# Those who are there from the beginning read from the first entry on.
ADD_FOUNDERS: LiteralString = """-- add founders
with added as (
    insert into members (conversation_id, user_id, role, joined_seq)
    select %(conversation_id)s, f.user_id, f.role, 1
    from unnest(%(user_ids)s::bigint[], %(roles)s::text[]) as f (user_id, role)
    returning 1
)
update conversations set member_count = member_count + (select count(*) from added) where id = %(conversation_id)s"""

# A newcomer starts with nothing unread; who comes back does not see what was said while he was away, and nothing of
# his former time either where members read from when they joined. Who comes in asks no more to be let in.
ADD_MEMBERS: LiteralString = """-- add members
with added as (
    insert into members (conversation_id, user_id, role, joined_seq, read_seq, read_ordinal)
    select %(conversation_id)s, a.user_id, %(role)s, %(joined_seq)s, %(read_seq)s, %(read_ordinal)s
    from unnest(%(user_ids)s::bigint[]) as a (user_id)
    on conflict (conversation_id, user_id) do update
    set role = excluded.role, joined_seq = excluded.joined_seq, left_seq = null, own_xid = pg_current_xact_id(),
        read_seq = greatest(members.read_seq, excluded.read_seq),
        read_ordinal = greatest(members.read_ordinal, excluded.read_ordinal)
    where members.left_seq is not null
    returning 1
), answered as (
    delete from join_requests where conversation_id = %(conversation_id)s and user_id = any(%(user_ids)s)
)
update conversations set member_count = member_count + (select count(*) from added) where id = %(conversation_id)s"""

# He follows no thread any more, and nothing mentions him. Rows are locked in the order of those who read: the member,
# his threads, then what mentions him (log/watermarks, log/threads/reads).
LEAVE_MEMBER: LiteralString = """-- leave member
with gone as (
    update members set left_seq = %(left_seq)s, own_xid = pg_current_xact_id()
    where conversation_id = %(conversation_id)s and user_id = %(user_id)s and left_seq is null
    returning conversation_id, user_id
), followed as materialized (
    select r.conversation_id, r.thread_seq, r.user_id
    from gone g join thread_reads r on r.conversation_id = g.conversation_id and r.user_id = g.user_id
    order by r.thread_seq for update of r
), unfollowed as (
    delete from thread_reads r using followed f
    where r.conversation_id = f.conversation_id and r.thread_seq = f.thread_seq and r.user_id = f.user_id
    returning 1
), forgotten as (
    delete from mentions x using gone g, (select count(*) from unfollowed) u
    where x.conversation_id = g.conversation_id and x.user_id = g.user_id
)
update conversations set member_count = member_count - (select count(*) from gone) where id = %(conversation_id)s"""

SET_ROLE: LiteralString = """-- set role
update members set role = %(role)s
where conversation_id = %(conversation_id)s and user_id = %(user_id)s and left_seq is null"""


class ConversationRow(NamedTuple):
    """A conversation as it is while its lock is held."""

    conversation_id: ConversationId
    kind: ConversationKind
    visibility: Visibility
    title: str | None
    topic: str | None
    roster_version: int
    member_count: int
    last_seq: int
    last_ordinal: int
    whole: bool
    """Its history is for all."""
    archived: bool


class MemberRow(NamedTuple):
    """A membership, present or ended (`left_seq`)."""

    user_id: UserId
    role: Role
    joined_seq: int
    left_seq: int | None
    read_seq: int
    read_ordinal: int
    is_guest: bool


async def lock(connection: Connection, conversation_id: ConversationId) -> ConversationRow:
    """Lock the conversation until the transaction ends, and return it: no entry gets a number meanwhile.

    Raises:
        NotFound: no such conversation.
    """
    async with connection.cursor(row_factory=kwargs_row(_conversation)) as cursor:
        await cursor.execute(LOCK, {"conversation_id": conversation_id})
        row = await cursor.fetchone()
    if row is None:
        raise NotFound("no such conversation", path="$.conversation_id")
    return row


async def lock_pair(connection: Connection, pair: Sequence[UserId]) -> None:
    """Lock what concerns the direct conversation of these two, be there one or not, until the transaction ends."""
    await connection.execute(LOCK_PAIR, {"low": min(pair), "high": max(pair)})


async def member(connection: Connection, conversation_id: ConversationId, user_id: UserId) -> MemberRow | None:
    """Return the user's membership, also an ended one; None: he never was a member."""
    async with connection.cursor(row_factory=kwargs_row(_member)) as cursor:
        await cursor.execute(MEMBER, {"conversation_id": conversation_id, "user_id": user_id})
        return await cursor.fetchone()


async def roster(connection: Connection, conversation_id: ConversationId) -> tuple[int, tuple[UserId, ...]]:
    """Return the roster version and the present members, of one moment; (0, ()) when there is no such conversation."""
    cursor = await connection.execute(ROSTER, {"conversation_id": conversation_id})
    row = await cursor.fetchone()
    return (0, ()) if row is None else (row[0], tuple(row[1]))


async def owners_and_admins(
    connection: Connection, places: Sequence[tuple[ConversationId, UserId]]
) -> set[tuple[ConversationId, UserId]]:
    """Return those of these (conversation, user) where the user is a present owner or admin; one statement."""
    named = {"conversation_ids": [place[0] for place in places], "user_ids": [place[1] for place in places]}
    cursor = await connection.execute(OWNERS_AND_ADMINS, named)
    return {(conversation_id, user_id) for conversation_id, user_id in await cursor.fetchall()}


async def create_conversation(
    connection: Connection,
    conversation_id: ConversationId,
    *,
    kind: ConversationKind,
    visibility: Visibility,
    title: str | None,
    founders: Sequence[tuple[UserId, Role]],
) -> bool:
    """Write a conversation and its founders; False when the id is taken (a retry, or a collision): nothing changed.

    Its first entry, `conversation_created`, is recorded next, in the same transaction. A creator of the same id in
    another transaction is waited for.
    """
    named: dict[str, Any] = {
        "conversation_id": conversation_id,
        "kind": kind.value,
        "visibility": visibility.value,
        "title": title,
        "user_ids": [user_id for user_id, _ in founders],
        "roles": [role.value for _, role in founders],
    }
    cursor = await connection.execute(CREATE_CONVERSATION, named)
    if cursor.rowcount == 0:
        return False
    await connection.execute(ADD_FOUNDERS, named)
    return True


async def add_members(
    connection: Connection, conversation: ConversationRow, user_ids: Sequence[UserId], role: Role
) -> None:
    """Make users members under the conversation's lock, right before their `member_added` is recorded.

    They read from that entry on; where the history is for all, everything, also when it is no more.

    Raises:
        Conflict: `full`: there is no room for all of them.
    """
    if conversation.member_count + len(user_ids) > LIMITS.members:
        raise Conflict(f"a conversation has at most {LIMITS.members} members", reason="full")
    await connection.execute(
        ADD_MEMBERS,
        {
            "conversation_id": conversation.conversation_id,
            "user_ids": list(user_ids),
            "role": role.value,
            "joined_seq": 1 if conversation.whole else conversation.last_seq + 1,
            "read_seq": conversation.last_seq,
            "read_ordinal": conversation.last_ordinal,
        },
    )


async def leave_member(connection: Connection, conversation_id: ConversationId, user_id: UserId, left_seq: int) -> None:
    """End a membership under the conversation's lock; `left_seq` is that of the `member_left` recorded next."""
    await connection.execute(
        LEAVE_MEMBER, {"conversation_id": conversation_id, "user_id": user_id, "left_seq": left_seq}
    )


async def set_role(connection: Connection, conversation_id: ConversationId, user_id: UserId, role: Role) -> None:
    """Give a present member another role under the conversation's lock, right before `role_changed` is recorded."""
    await connection.execute(SET_ROLE, {"conversation_id": conversation_id, "user_id": user_id, "role": role.value})


def _conversation(**columns: Any) -> ConversationRow:
    columns["kind"] = ConversationKind(columns["kind"])
    columns["visibility"] = Visibility(columns["visibility"])
    return ConversationRow(**columns)


def _member(**columns: Any) -> MemberRow:
    columns["role"] = Role(columns["role"])
    return MemberRow(**columns)
