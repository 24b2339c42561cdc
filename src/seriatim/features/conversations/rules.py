"""The rules of membership, pure: who founds a conversation, what may be said in its settings, whose rank suffices.

Which role may do what at all is the table in log/access.py; here stands what compares two members or counts them.
A direct conversation has two plain members: nobody can be invited, removed, promoted or leave, so it needs no owner.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, assert_never

from seriatim.core.errors import BadRequest, Conflict, Forbidden, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.log.draft import Change
from seriatim.protocol.commands import Create, Invite, Join, Leave, MembershipCommand, Remove, SetRole, SetSettings
from seriatim.protocol.entries import ConversationCreated, MemberAdded, MemberLeft, RoleChanged, SettingsChanged
from seriatim.protocol.fields import RANK, ConversationKind, Role, Visibility
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender

UNWORDED = (
    "visibility", "history", "post_role", "invite_role", "pin_role", "slow_mode_s", "archived",
)  # fmt: skip
"""The settings that hold no text."""

_BIDI = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Overrides and isolates: a title must not turn the text beside it around."""


class Candidate(NamedTuple):
    """Somebody who is to become a member; `has_blocked` whoever adds him."""

    user_id: UserId
    is_guest: bool
    is_member: bool
    is_banned: bool
    has_blocked: bool


class Founding(NamedTuple):
    """A new conversation as its `create` describes it; `members` begins with the creator, nobody twice."""

    kind: ConversationKind
    visibility: Visibility
    title: str | None
    members: tuple[UserId, ...]


def founding(command: Create, creator: UserId) -> Founding:
    """Return what this `create` founds.

    Raises:
        BadRequest: a direct conversation without exactly one other member, or with a title; a channel without a title;
            a public conversation that is no channel; an unreadable title.
    """
    members = tuple(dict.fromkeys((creator, *command.members)))
    if command.kind is ConversationKind.DIRECT:
        if len(members) != 2:  # noqa: PLR2004 - a pair
            raise BadRequest("a direct conversation names exactly one other member", path="$.members", reason="pair")
        if command.title is not None:
            raise BadRequest("a direct conversation has no title", path="$.title", reason="direct")
    if command.kind is ConversationKind.CHANNEL and command.title is None:
        raise BadRequest("a channel has a title", path="$.title", reason="required")
    visible(command.kind, command.visibility)
    title = None if command.title is None else line(command.title, "$.title", LIMITS.title_code_points)
    return Founding(command.kind, command.visibility, title, members)


def by_guest(kind: ConversationKind) -> None:
    """Let a guest begin nothing but a direct conversation.

    Raises:
        Forbidden: `guest`.
    """
    if kind is not ConversationKind.DIRECT:
        raise Forbidden("a guest only begins direct conversations", path="$.kind", reason="guest")


def gather(named: Sequence[UserId], known: Mapping[UserId, Candidate]) -> None:
    """Let a conversation begin with people who exist and have not blocked its creator.

    Raises:
        NotFound, Forbidden (`blocked`): with the path of the first such.
    """
    for place, user_id in enumerate(named):
        candidate = known.get(user_id)
        if candidate is None:
            raise NotFound("no such user", path=f"$.members[{place}]")
        if candidate.has_blocked:
            raise Forbidden("this person wants nothing of you", path=f"$.members[{place}]", reason="blocked")


def role_of_founder(kind: ConversationKind, founder: Candidate, creator: UserId) -> Role:
    """Return the first role of a founder: the creator owns groups and channels, a direct conversation nobody."""
    if kind is ConversationKind.DIRECT:
        return Role.MEMBER
    if founder.user_id == creator:
        return Role.OWNER
    return Role.GUEST if founder.is_guest else Role.MEMBER


def founded(founding: Founding, command: Create, sender: Sender, conversation_id: ConversationId) -> Change:
    """Return the first entry of the conversation that this `create` founds."""
    content: dict[str, Any] = {
        "conversation_kind": founding.kind,
        "visibility": founding.visibility,
        "members": list(founding.members),
    }
    if founding.title is not None:
        content["title"] = founding.title
    return Change(conversation_id, sender, command.client_id, ConversationCreated, content, roster=True)


def change(command: MembershipCommand, sender: Sender) -> Change:
    """Return the entry that this command wishes for, from what it shows by itself.

    Raises:
        BadRequest: settings without one, an unreadable text, a `remove` of oneself.
    """
    match command:
        case Join():
            return joined(command, sender, Role.MEMBER)
        case Invite():
            kind, content = MemberAdded, added(list(invited(command)), command.role)
        case Leave():
            kind, content = MemberLeft, {"user_id": sender.user_id}
        case Remove():
            if command.user_id == sender.user_id:
                raise BadRequest("leave the conversation instead", path="$.user_id", reason="self")
            kind, content = MemberLeft, {"user_id": command.user_id} | ({"banned": True} if command.ban else {})
        case SetRole():
            kind, content = RoleChanged, {"user_id": command.user_id, "role": command.role}
        case SetSettings():
            kind, content = SettingsChanged, settings(command)
        case _:
            assert_never(command)
    roster = kind is not SettingsChanged
    return Change(command.conversation_id, sender, command.client_id, kind, content, roster=roster)


def joined(command: Join, sender: Sender, role: Role) -> Change:
    """Return the entry by which the sender comes in himself."""
    content = added([sender.user_id], role)
    return Change(command.conversation_id, sender, command.client_id, MemberAdded, content, roster=True)


def role_of_invited(given: Role, *, is_guest: bool) -> Role:
    """Return the role with which somebody comes in by a link that gives this one."""
    return Role.GUEST if is_guest else given


def follow(candidate: Candidate, *, archived: bool) -> None:
    """Let somebody in by a link who is not in yet and is not banned, unless the conversation is archived.

    Raises:
        Conflict: `already_member`.
        Forbidden: `banned`, `archived`.
    """
    if candidate.is_member:
        raise Conflict("you are a member", reason="already_member")
    if candidate.is_banned:
        raise Forbidden("you are banned from this conversation", path="$.conversation_id", reason="banned")
    if archived:
        raise Forbidden("this conversation is archived", path="$.conversation_id", reason="archived")


def invited(command: Invite) -> dict[UserId, str]:
    """Return whom this `invite` names, in order and each once, with the path of his name.

    Raises:
        BadRequest: nobody.
    """
    people: dict[UserId, str] = {} if command.user_id is None else {command.user_id: "$.user_id"}
    for place, user_id in enumerate(command.user_ids):
        people.setdefault(user_id, f"$.user_ids[{place}]")
    if not people:
        raise BadRequest("name somebody to invite", path="$.user_ids", reason="nobody")
    return people


def added(people: Sequence[UserId], role: Role) -> dict[str, Any]:
    """Return what a `member_added` of these people holds; of one it is what it was before several could be added."""
    several = {"user_ids": list(people)} if len(people) > 1 else {}
    return {"user_id": people[0], "role": role} | several


def settings(command: SetSettings) -> dict[str, Any]:
    """Return the settings to change, normalised; an empty topic removes it.

    Raises:
        BadRequest: none is named, or a text is unreadable.
    """
    named: dict[str, Any] = {}
    if command.title is not None:
        named["title"] = line(command.title, "$.title", LIMITS.title_code_points)
    if command.topic is not None:
        named["topic"] = command.topic and line(command.topic, "$.topic", LIMITS.topic_code_points)
    for field in UNWORDED:
        if (value := getattr(command, field)) is not None:
            named[field] = value
    if not named:
        raise BadRequest("name a setting to change", path="$", reason="nothing_named")
    return named


def grant(own: Role, given: Role) -> None:
    """Let who may invite give the lower roles; only an owner gives a higher one: `invite` is no way round `set_role`.

    Raises:
        Forbidden: the role is not the inviter's to give.
    """
    if RANK[given] > RANK[Role.MEMBER] and own is not Role.OWNER:
        raise Forbidden("only an owner gives this role", path="$.role")


def admit(people: Mapping[UserId, str], role: Role, known: Mapping[UserId, Candidate]) -> None:
    """Let in who exists, is no member, is not banned, has not blocked the inviter, and may have this role.

    Raises:
        NotFound, Conflict (`already_member`, `banned`, `guest`), Forbidden (`blocked`): path of the first such.
    """
    for user_id, path in people.items():
        candidate = known.get(user_id)
        if candidate is None:
            raise NotFound("no such user", path=path)
        if candidate.is_member:
            raise Conflict("a member already", path=path, reason="already_member")
        if candidate.is_banned:
            raise Conflict("banned from here: lift the ban first", path=path, reason="banned")
        if candidate.has_blocked:
            raise Forbidden("this person does not want to be added by you", path=path, reason="blocked")
        suits(role, is_guest=candidate.is_guest, path=path)


def suits(role: Role, *, is_guest: bool, path: str = "$.role") -> None:
    """Keep a guest's account a guest.

    Raises:
        Conflict: `guest`.
    """
    if is_guest and role is not Role.GUEST:
        raise Conflict("a guest's account can only be a guest", path=path, reason="guest")


def remove(own: Role, theirs: Role) -> None:
    """Let admins remove those below them, owners everybody.

    Raises:
        Forbidden: the other's rank is not below.
    """
    if own is not Role.OWNER and RANK[theirs] >= RANK[own]:
        raise Forbidden("only an owner removes this member", path="$.user_id")


def leave(own: Role, *, members: int, owners: int) -> None:
    """Let everybody go but the last owner of people who stay behind; both counts include him.

    Raises:
        Conflict: `last_owner`.
    """
    if own is Role.OWNER and owners == 1 and members > 1:
        raise Conflict("hand over to another owner first", reason="last_owner")


def change_role(theirs: Role, wanted: Role, *, owners: int) -> None:
    """Allow a role that differs, as long as an owner is left.

    Raises:
        Conflict: `unchanged`, or `last_owner`.
    """
    if theirs is wanted:
        raise Conflict("the member has this role", path="$.role", reason="unchanged")
    if theirs is Role.OWNER and owners == 1:
        raise Conflict("hand over to another owner first", path="$.role", reason="last_owner")


def line(text: str, path: str, code_points: int) -> str:
    """Return a title or topic in NFC without outer white space: what looks equal is equal.

    Raises:
        BadRequest: nothing is left, it is too long once normalised, or it holds control or direction characters.
    """
    clean = unicodedata.normalize("NFC", text).strip()
    if not clean:
        raise BadRequest("this text has something to read", path=path, reason="blank")
    if len(clean) > code_points:
        raise BadRequest(f"at most {code_points} code points", path=path, reason="too_long")
    if any(character in _BIDI or unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in clean):
        raise BadRequest("control and direction characters are refused", path=path, reason="character")
    return clean


def visible(kind: ConversationKind, wanted: Visibility | None) -> None:
    """Allow only a channel to be found by others.

    Raises:
        BadRequest: another kind.
    """
    if wanted not in (None, Visibility.PRIVATE) and kind is not ConversationKind.CHANNEL:
        raise BadRequest("only a channel can be listed or public", path="$.visibility", reason="channels_only")
