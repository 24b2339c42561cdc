"""The one place that decides who may do what in a conversation, and which part of its log a user may read."""

from enum import StrEnum
from typing import LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.errors import Forbidden, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.core.trace import Hop, Trace, passed
from seriatim.protocol.fields import RANK, ConversationKind, LeastRole, Role, Visibility
from seriatim.storage.postgres.database import Connection

WHOLE: LiteralString = "(coalesce(c.history, case when c.visibility = 'public' then 'all' else 'joined' end) = 'all')"
"""Whether who reads `conversations c` reads it from the first entry on."""
FINDS: LiteralString = """(c.visibility <> 'private'
    and not exists (select from users u where u.id = %(user_id)s and u.guest)
    and not exists (select from bans b where b.conversation_id = c.id and b.user_id = %(user_id)s))"""
"""Whether %(user_id)s knows of `conversations c` without being a member: no guest does, and nobody who is banned."""
READS: LiteralString = f"(c.visibility = 'public' and {WHOLE} and {FINDS})"
"""Whether %(user_id)s reads all of `conversations c` without being a member."""
FIRST_SEQ: LiteralString = f"(case when {WHOLE} then 1 else m.joined_seq end)"
"""The first seq that the member or ex-member `m` of `conversations c` reads."""

ACCESS: LiteralString = f"""-- authorize
select c.kind, c.visibility, c.last_seq, c.first_kept_seq, c.roster_version, c.post_role, c.invite_role, c.pin_role,
    c.archived_at is not null as archived, {FINDS} as finds, {READS} as reads, m.role, {FIRST_SEQ} as first_seq,
    m.left_seq, coalesce(m.silenced_until > clock_timestamp(), false) as silenced
from conversations c left join members m on m.conversation_id = c.id and m.user_id = %(user_id)s
where c.id = %(conversation_id)s"""


class Action(StrEnum):
    """What somebody may want to do with a conversation."""

    LOOK = "look"
    """See its title, its topic and how many are in it."""
    READ = "read"
    """Entries, also in the search; and who is in it."""
    SEND = "send"
    """Messages, replies, polls; from `post_role` on."""
    EDIT = "edit"
    """Change or delete what one wrote oneself."""
    REACT = "react"
    """Also vote."""
    PIN = "pin"
    """From `pin_role` on."""
    DELETE_OTHERS = "delete_others"
    """Messages of others."""
    MENTION_ALL = "mention_all"
    """Members, too, in groups of at most 50."""
    ASK = "ask"
    """Request to join."""
    JOIN = "join"
    """With an invitation, anybody who is not banned."""
    LEAVE = "leave"
    """Not the last owner, while others stay."""
    INVITE = "invite"
    """Also by a link, and by answering requests to join; from `invite_role` on."""
    REMOVE = "remove"
    """And ban: those below one's own role, an owner everybody."""
    MODERATE = "moderate"
    """Silence members; see silences, bans, reports and the audit, and all invitation links."""
    SET_SETTINGS = "set_settings"
    """Title, topic, visibility, history, from which role on, slow mode, archive."""
    SET_ROLE = "set_role"
    """Also make links for admins; an owner is left in any case."""


LEAST: dict[Action, Role] = {
    Action.LOOK: Role.GUEST,
    Action.READ: Role.GUEST,
    Action.SEND: Role.GUEST,
    Action.EDIT: Role.GUEST,
    Action.REACT: Role.GUEST,
    Action.LEAVE: Role.GUEST,
    Action.JOIN: Role.GUEST,
    Action.ASK: Role.GUEST,
    Action.PIN: Role.ADMIN,
    Action.DELETE_OTHERS: Role.ADMIN,
    Action.MENTION_ALL: Role.ADMIN,
    Action.INVITE: Role.ADMIN,
    Action.REMOVE: Role.ADMIN,
    Action.MODERATE: Role.ADMIN,
    Action.SET_SETTINGS: Role.ADMIN,
    Action.SET_ROLE: Role.OWNER,
}
"""The lowest role of a present member that may do this in a group or a channel, unless a setting says otherwise.

Who is a member already may ask and join, to be told so. Append applies the rows `send` and `mention_all` within its
statement; it lets members of small groups mention all, too."""

SPEECH = frozenset({Action.SEND, Action.EDIT, Action.REACT, Action.PIN, Action.MENTION_ALL})
"""What a silenced member may not do."""
WHILE_ARCHIVED = frozenset(
    {Action.LOOK, Action.READ, Action.LEAVE, Action.REMOVE, Action.MODERATE, Action.SET_SETTINGS, Action.SET_ROLE}
)
"""What an archived conversation leaves; it comes back by `set_settings`."""

IN_A_PAIR = frozenset(
    {Action.LOOK, Action.READ, Action.SEND, Action.EDIT, Action.REACT, Action.PIN, Action.JOIN, Action.ASK}
)
"""What both may do in a direct conversation: a pair stays a pair."""

EVERYBODY: dict[Visibility, frozenset[Action]] = {
    Visibility.PRIVATE: frozenset(),
    Visibility.LISTED: frozenset({Action.LOOK, Action.ASK}),
    Visibility.PUBLIC: frozenset({Action.LOOK, Action.READ, Action.JOIN}),
}
"""What somebody may do who is no member and no guest, and is not banned; READ only where the history is for all."""


class Settings(NamedTuple):
    """From which role on a conversation lets members do what LEAST leaves to it; post_role `member`: all of them."""

    post_role: LeastRole = LeastRole.MEMBER
    invite_role: LeastRole = LeastRole.ADMIN
    pin_role: LeastRole = LeastRole.ADMIN


class Access(NamedTuple):
    """What a user may see of a conversation: the entries `first_seq..last_seq`; `role` is None unless he is a member.

    `head` is the conversation's last seq as far as this user may know it. `reads`: he reads it all, member or not.
    """

    kind: ConversationKind
    visibility: Visibility
    role: Role | None
    first_seq: int
    last_seq: int
    head: int
    roster_version: int
    reads: bool


class _Row(NamedTuple):
    kind: str
    visibility: str
    last_seq: int
    first_kept_seq: int
    roster_version: int
    post_role: str
    invite_role: str
    pin_role: str
    archived: bool
    finds: bool
    reads: bool
    role: str | None
    first_seq: int | None
    left_seq: int | None
    silenced: bool


def least(action: Action, settings: Settings) -> Role:
    """Return the lowest role that may do this in a group or a channel with these settings."""
    match action:
        case Action.SEND if settings.post_role is not LeastRole.MEMBER:
            return Role(settings.post_role)
        case Action.INVITE:
            return Role(settings.invite_role)
        case Action.PIN:
            return Role(settings.pin_role)
        case _:
            return LEAST[action]


def allowed(role: Role, kind: ConversationKind, action: Action, settings: Settings) -> bool:
    """Say whether a present member with this role may do this."""
    if kind is ConversationKind.DIRECT:
        return action in IN_A_PAIR
    return RANK[role] >= RANK[least(action, settings)]


async def authorize(
    connection: Connection,
    user_id: UserId,
    conversation_id: ConversationId,
    action: Action,
    *,
    trace: Trace | None = None,
) -> Access:
    """Return what the user may see of this conversation if he may do this; one statement (promise I1).

    Who finds what is public reads and joins it. An ex-member reads up to where he left.

    Raises:
        NotFound: there is no such conversation, or he may not know of it: the same answer.
        Forbidden: he knows of it, but has not this right.
    """
    passed(trace, Hop.AUTHORIZE, network=1, statements=1)
    async with connection.cursor(row_factory=args_row(_Row)) as cursor:
        await cursor.execute(ACCESS, {"user_id": user_id, "conversation_id": conversation_id})
        row = await cursor.fetchone()
    if row is None or (row.role is None and not row.finds):
        raise NotFound("no such conversation", path="$.conversation_id")
    kind, visibility = ConversationKind(row.kind), Visibility(row.visibility)
    present = Role(row.role) if row.role is not None and row.left_seq is None else None
    if not _may(row, present, action):
        raise Forbidden(f"you may not {action.value.replace('_', ' ')} here", path="$.conversation_id")
    if row.archived and action not in WHILE_ARCHIVED:
        raise Forbidden("this conversation is archived", path="$.conversation_id", reason="archived")
    if row.silenced and action in SPEECH:
        raise Forbidden("you may only read here for a time", path="$.conversation_id", reason="silenced")
    last = row.last_seq if row.left_seq is None or row.reads else row.left_seq
    first = 1 if row.reads else row.first_seq or last + 1
    return Access(kind, visibility, present, max(first, row.first_kept_seq), last, last, row.roster_version, row.reads)


def _may(row: _Row, present: Role | None, action: Action) -> bool:
    if present is not None:
        settings = Settings(LeastRole(row.post_role), LeastRole(row.invite_role), LeastRole(row.pin_role))
        return allowed(present, ConversationKind(row.kind), action, settings)
    if row.role is not None and action in (Action.READ, Action.LOOK):
        return True
    return row.finds and action in EVERYBODY[Visibility(row.visibility)] and (action is not Action.READ or row.reads)
