"""The SQL of links and requests: what a token is worth is decided in one statement, by the database's clock."""

from typing import Any, LiteralString, NamedTuple

from psycopg.rows import class_row, kwargs_row, scalar_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.fields import ConversationKind, Role
from seriatim.protocol.http.invitations import ConversationInvitation, InvitationPreview, JoinRequest, NewInvitation
from seriatim.storage.postgres.database import Connection

_GOOD: LiteralString = """i.revoked_at is null and i.expires_at > clock_timestamp()
    and (i.most_uses is null or i.use_count < i.most_uses)"""
_COLUMNS: LiteralString = """i.id as invitation_id, i.role, i.created_by, i.created_at, i.expires_at, i.use_count,
    i.most_uses"""

ADD: LiteralString = f"""-- add invitation
insert into conversation_invitations as i
    (id, conversation_id, token_hash, role, created_by, created_at, expires_at, most_uses)
values (%(invitation_id)s, %(conversation_id)s, %(token_hash)s, %(role)s, %(created_by)s, clock_timestamp(),
    clock_timestamp() + %(life_s)s * interval '1 second', %(most_uses)s)
returning {_COLUMNS}"""
COUNT_GOOD: LiteralString = f"""-- count invitations
select count(*) from conversation_invitations i where i.conversation_id = %(conversation_id)s and {_GOOD}"""
GOOD: LiteralString = f"""-- invitations
select {_COLUMNS} from conversation_invitations i
where i.conversation_id = %(conversation_id)s and {_GOOD}
    and (%(created_by)s::bigint is null or i.created_by = %(created_by)s)
order by i.created_at desc, i.id limit %(limit)s"""
REVOKE: LiteralString = f"""-- revoke invitation
update conversation_invitations i set revoked_at = clock_timestamp()
where i.id = %(invitation_id)s and i.conversation_id = %(conversation_id)s and {_GOOD}
    and (%(created_by)s::bigint is null or i.created_by = %(created_by)s)"""
PREVIEW: LiteralString = f"""-- invitation preview
select c.id, c.kind, c.title, c.topic, c.member_count, i.role, i.expires_at, {_GOOD},
    exists (select from members m where m.conversation_id = c.id and m.user_id = %(user_id)s and m.left_seq is null),
    exists (select from bans b where b.conversation_id = c.id and b.user_id = %(user_id)s)
from conversation_invitations i join conversations c on c.id = i.conversation_id
where i.token_hash = %(token_hash)s"""
LEADS_TO: LiteralString = """-- invitation leads to
select conversation_id from conversation_invitations where token_hash = %(token_hash)s"""

COUNT_REQUESTS: LiteralString = """-- count requests
select count(*) from join_requests where conversation_id = %(conversation_id)s"""
ASK: LiteralString = """-- ask to join
insert into join_requests (conversation_id, user_id, words, created_at)
values (%(conversation_id)s, %(user_id)s, %(words)s, clock_timestamp())
on conflict (conversation_id, user_id) do update set words = excluded.words"""
REQUESTS_PAGE: LiteralString = """-- requests page
select r.user_id, u.name, r.words, r.created_at from join_requests r join users u on u.id = r.user_id
where r.conversation_id = %(conversation_id)s and r.user_id > %(after)s order by r.user_id limit %(limit)s"""
END_REQUEST: LiteralString = """-- end request
delete from join_requests where conversation_id = %(conversation_id)s and user_id = %(user_id)s"""


class Shown(NamedTuple):
    """Where a token leads, whether it still does, and whether this user is shut out there."""

    preview: InvitationPreview
    is_good: bool
    is_banned: bool


async def add(
    connection: Connection,
    conversation_id: ConversationId,
    created_by: UserId,
    wish: NewInvitation,
    identity: tuple[int, bytes],
) -> ConversationInvitation:
    """Write down a link by its id and the hash of its token."""
    named = {
        "invitation_id": identity[0],
        "token_hash": identity[1],
        "conversation_id": conversation_id,
        "created_by": created_by,
        "role": wish.role.value,
        "life_s": wish.life_s,
        "most_uses": wish.most_uses,
    }
    async with connection.cursor(row_factory=kwargs_row(_invitation)) as cursor:
        await cursor.execute(ADD, named)
        row = await cursor.fetchone()
    assert row is not None
    return row


async def count_good(connection: Connection, conversation_id: ConversationId) -> int:
    """Count the links of this conversation that are still good."""
    return await _count(connection, COUNT_GOOD, conversation_id)


async def good(
    connection: Connection, conversation_id: ConversationId, created_by: UserId | None, limit: int
) -> list[ConversationInvitation]:
    """Return the links that are still good, the newest first: all of them, or those that one user made."""
    named = {"conversation_id": conversation_id, "created_by": created_by, "limit": limit}
    async with connection.cursor(row_factory=kwargs_row(_invitation)) as cursor:
        await cursor.execute(GOOD, named)
        return await cursor.fetchall()


async def revoke(
    connection: Connection, conversation_id: ConversationId, invitation_id: int, created_by: UserId | None
) -> bool:
    """End a link that is still good, whoever made it or only if this user did; False: there is none."""
    named = {"conversation_id": conversation_id, "invitation_id": invitation_id, "created_by": created_by}
    return (await connection.execute(REVOKE, named)).rowcount == 1


async def shown(connection: Connection, token_hash: bytes, user_id: UserId) -> Shown | None:
    """Return what somebody with this token may see of where it leads."""
    row = await (await connection.execute(PREVIEW, {"token_hash": token_hash, "user_id": user_id})).fetchone()
    if row is None:
        return None
    conversation_id, kind, title, topic, member_count, role, expires_at, is_good, is_member, is_banned = row
    preview = InvitationPreview(
        conversation_id=conversation_id,
        kind=ConversationKind(kind),
        title=title,
        topic=topic,
        member_count=member_count,
        role=Role(role),
        expires_at=expires_at,
        is_member=is_member,
    )
    return Shown(preview, is_good, is_banned)


async def leads_to(connection: Connection, token_hash: bytes) -> ConversationId | None:
    """Return the conversation of this token, whatever became of the link."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(LEADS_TO, {"token_hash": token_hash})
        return await cursor.fetchone()


async def count_requests(connection: Connection, conversation_id: ConversationId) -> int:
    """Count those who ask to be let in."""
    return await _count(connection, COUNT_REQUESTS, conversation_id)


async def ask(connection: Connection, conversation_id: ConversationId, user_id: UserId, words: str) -> None:
    """Write down that he asks to be let in; asking again changes his words."""
    await connection.execute(ASK, {"conversation_id": conversation_id, "user_id": user_id, "words": words})


async def requests_page(
    connection: Connection, conversation_id: ConversationId, after: int, limit: int
) -> list[JoinRequest]:
    """Return those who ask to be let in, by user id, after this one."""
    async with connection.cursor(row_factory=class_row(JoinRequest)) as cursor:
        await cursor.execute(REQUESTS_PAGE, {"conversation_id": conversation_id, "after": after, "limit": limit})
        return await cursor.fetchall()


async def end_request(connection: Connection, conversation_id: ConversationId, user_id: UserId) -> bool:
    """Forget a request; False: there is none."""
    cursor = await connection.execute(END_REQUEST, {"conversation_id": conversation_id, "user_id": user_id})
    return cursor.rowcount == 1


async def _count(connection: Connection, question: LiteralString, conversation_id: ConversationId) -> int:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(question, {"conversation_id": conversation_id})
        return await cursor.fetchone() or 0


def _invitation(**columns: Any) -> ConversationInvitation:
    columns["role"] = Role(columns["role"])
    return ConversationInvitation(**columns)
