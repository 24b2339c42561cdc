"""The one place that decides who may do what in a conversation, and which part of its log a user may read."""

from enum import StrEnum
from typing import LiteralString, NamedTuple

from seriatim.core.errors import Forbidden, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.core.trace import Hop, Trace, passed
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.storage.postgres.database import Connection

ACCESS: LiteralString = """-- authorize
select c.kind, c.visibility, c.last_seq, c.first_kept_seq, c.roster_version, m.role, m.joined_seq, m.left_seq
from conversations c left join members m on m.conversation_id = c.id and m.user_id = %(user_id)s
where c.id = %(conversation_id)s"""


class Action(StrEnum):
    """What somebody may want to do with a conversation."""

    READ = "read"
    SEND = "send"
    INVITE = "invite"
    REMOVE = "remove"
    SET_ROLE = "set_role"
    SET_SETTINGS = "set_settings"
    LEAVE = "leave"
    JOIN = "join"


_MEMBER = frozenset({Action.READ, Action.SEND, Action.LEAVE})
_ADMIN = _MEMBER | {Action.INVITE, Action.REMOVE, Action.SET_SETTINGS}
_OWNER = _ADMIN | {Action.SET_ROLE}
_BY_ROLE = {Role.MEMBER: _MEMBER, Role.ADMIN: _ADMIN, Role.OWNER: _OWNER}

RIGHTS: dict[ConversationKind, dict[Role, frozenset[Action]]] = {
    # A pair stays a pair.
    ConversationKind.DIRECT: dict.fromkeys(Role, frozenset({Action.READ, Action.SEND})),
    ConversationKind.GROUP: _BY_ROLE,
    ConversationKind.CHANNEL: _BY_ROLE,
}
"""What the present members may do. The append function applies the row `send` of this table inside its statement."""

_ANYBODY = frozenset({Action.READ, Action.JOIN})


class Access(NamedTuple):
    """What a user may see of a conversation: the entries `first_seq..last_seq`; `role` is None unless he is a member.

    `head` is the conversation's last seq as far as this user may know it.
    """

    kind: ConversationKind
    visibility: Visibility
    role: Role | None
    first_seq: int
    last_seq: int
    head: int
    roster_version: int


def allowed(role: Role | None, kind: ConversationKind, visibility: Visibility, action: Action) -> bool:
    """Say whether a member with this role, or (None) somebody who is no member, may do this."""
    if visibility is Visibility.PUBLIC and action in _ANYBODY:
        return True
    return role is not None and (action is Action.JOIN or action in RIGHTS[kind][role])


async def authorize(
    connection: Connection,
    user_id: UserId,
    conversation_id: ConversationId,
    action: Action,
    *,
    trace: Trace | None = None,
) -> Access:
    """Return what the user may see of this conversation if he may do this; one statement (promise I1).

    Everybody may read and join what is public. An ex-member reads from where he joined up to where he left.

    Raises:
        NotFound: there is no such conversation, or he may not know of it: the same answer.
        Forbidden: he knows of it, but has not this right.
    """
    passed(trace, Hop.AUTHORIZE, network=1, statements=1)
    cursor = await connection.execute(ACCESS, {"user_id": user_id, "conversation_id": conversation_id})
    row = await cursor.fetchone()
    if row is None or (row[1] != Visibility.PUBLIC and row[5] is None):
        raise NotFound("no such conversation", path="$.conversation_id")
    kind, visibility = ConversationKind(row[0]), Visibility(row[1])
    last_seq, first_kept_seq, roster_version, role, joined_seq, left_seq = row[2:]
    present = Role(role) if role is not None and left_seq is None else None
    was_here = role is not None and left_seq is not None
    if not allowed(present, kind, visibility, action) and not (was_here and action is Action.READ):
        raise Forbidden(f"you may not {action.value.replace('_', ' ')} here", path="$.conversation_id")
    if visibility is Visibility.PUBLIC:
        joined_seq, left_seq = 1, None
    last = last_seq if left_seq is None else left_seq
    return Access(kind, visibility, present, max(joined_seq, first_kept_seq), last, last, roster_version)
