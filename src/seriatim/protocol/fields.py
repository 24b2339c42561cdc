"""The types of the fields on the wire: what each may hold is checked while decoding."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from seriatim.core.ids import MAX_ID, ConversationId, DeviceId, UserId
from seriatim.protocol.limits import CREATE_MEMBERS, INVITE_USERS, LIMITS, SLASH_CODE_POINTS, SLOW_MODE_S

_ID = Meta(ge=1, le=MAX_ID)
_NO_NUL = r"^[^\x00]*$"

WireUserId = Annotated[UserId, _ID]
WireDeviceId = Annotated[DeviceId, _ID]
WireConversationId = Annotated[ConversationId, _ID]
Seq = Annotated[int, Meta(ge=1, le=MAX_ID, description="place of an entry in its conversation: 1, 2, 3 ...")]
Cursor = Annotated[int, Meta(ge=0, le=MAX_ID, description="seq of the last entry held; 0: none")]
FrameId = Annotated[int, Meta(ge=0, le=MAX_ID, description="number chosen by the client; the answer echoes it")]
ClientId = Annotated[UUID, Meta(description="idempotency key, UUIDv7, kept in the outbox before the first sending")]
CreatedAt = Annotated[datetime, Meta(tz=True, description="when it was numbered; milliseconds count, no more")]
EntryIdentity = tuple[WireConversationId, Seq, ClientId, CreatedAt]
"""What tells an entry from any other of any copy of the log: one that is sent again after a loss has another time."""
Body = Annotated[
    str,
    Meta(min_length=1, max_length=LIMITS.body_bytes, pattern=_NO_NUL, description="1 byte to 16 KiB of UTF-8, no NUL"),
]
Name = Annotated[str, Meta(min_length=1, max_length=LIMITS.name_code_points, pattern=_NO_NUL)]
Title = Annotated[str, Meta(min_length=1, max_length=LIMITS.title_code_points, pattern=_NO_NUL)]
Words = Annotated[str, Meta(max_length=LIMITS.topic_code_points, pattern=_NO_NUL, description="to moderators")]
Topic = Annotated[str, Meta(max_length=LIMITS.topic_code_points, pattern=_NO_NUL)]
StatusText = Annotated[str, Meta(max_length=LIMITS.status_code_points, pattern=_NO_NUL)]
Password = Annotated[str, Meta(min_length=10, max_length=1_024, pattern=_NO_NUL)]
Token = Annotated[str, Meta(min_length=1, max_length=4_096)]
PageLimit = Annotated[int, Meta(ge=1, le=LIMITS.page_entries)]
Mentions = Annotated[
    tuple[Annotated[UserId, Meta(ge=0, le=MAX_ID)], ...],
    Meta(max_length=LIMITS.mentions, description="users; 0 is everybody"),
]
NewMembers = Annotated[list[WireUserId], Meta(max_length=CREATE_MEMBERS)]
InvitedUsers = Annotated[list[WireUserId], Meta(max_length=INVITE_USERS)]
SlowModeS = Annotated[int, Meta(ge=0, le=SLOW_MODE_S, description="seconds between two messages of a member; 0: off")]
InvitationToken = Annotated[str, Meta(min_length=1, max_length=64, description="what an invitation link ends with")]


Emoji = Annotated[
    str,
    Meta(min_length=1, max_length=LIMITS.emoji_bytes, pattern=_NO_NUL, description="one emoji, or a `:custom_name:`"),
]
Question = Annotated[str, Meta(min_length=1, max_length=LIMITS.question_code_points, pattern=_NO_NUL)]
_OPTION = Annotated[str, Meta(min_length=1, max_length=LIMITS.option_code_points, pattern=_NO_NUL)]
PollOptions = Annotated[list[_OPTION], Meta(min_length=2, max_length=LIMITS.poll_options)]
ChosenOptions = Annotated[
    list[Annotated[int, Meta(ge=0, lt=LIMITS.poll_options)]],
    Meta(max_length=LIMITS.poll_options, description="places of the options chosen, 0 for the first"),
]
ClosesAt = Annotated[datetime, Meta(tz=True, description="no vote counts from then on; within 30 days")]


SlashName = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="what stands after the slash, in small letters")
]
SlashText = Annotated[str, Meta(max_length=SLASH_CODE_POINTS, pattern=_NO_NUL)]
CallId = Annotated[str, Meta(min_length=1, max_length=64, description="of `slash_called`")]


class ConversationKind(StrEnum):
    """What a conversation is: `direct` exists once per pair, `channel` may be public."""

    DIRECT = "direct"
    GROUP = "group"
    CHANNEL = "channel"


class Visibility(StrEnum):
    """Who may find a conversation: its members only, everybody who then asks to join, or everybody, who just joins."""

    PRIVATE = "private"
    LISTED = "listed"
    PUBLIC = "public"


class History(StrEnum):
    """What a member reads of the time before he joined: everything, or nothing."""

    ALL = "all"
    JOINED = "joined"


class PresenceState(StrEnum):
    """How somebody looks to others: the most active of his devices counts, then what he chose."""

    ONLINE = "online"
    AWAY = "away"
    DO_NOT_DISTURB = "do_not_disturb"
    OFFLINE = "offline"


class ChosenState(StrEnum):
    """What somebody wants to look like while he is connected; `auto`: as active as his devices."""

    AUTO = "auto"
    AWAY = "away"
    DO_NOT_DISTURB = "do_not_disturb"
    INVISIBLE = "invisible"
    """Offline to everybody."""


class LastSeenTo(StrEnum):
    """Who is told when somebody was last here; contacts are those he shares a direct conversation with."""

    EVERYONE = "everyone"
    CONTACTS = "contacts"
    NOBODY = "nobody"


class Role(StrEnum):
    """Rights within one conversation, rising; a guest's account is a guest wherever it is."""

    GUEST = "guest"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"


RANK: dict[Role, int] = {role: rank for rank, role in enumerate(Role)}
"""Roles rise in the order in which they are declared."""


class LeastRole(StrEnum):
    """From which role on something is allowed."""

    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"
