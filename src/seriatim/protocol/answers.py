"""Frames that the server sends: answers, events and its own heartbeat, one union tagged by `type`."""

from datetime import datetime
from uuid import UUID

import msgspec

from seriatim.core.ids import ConversationId, DeviceId, SessionId, UserId
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import ChosenState, EntryIdentity, PresenceState
from seriatim.protocol.limits import Limits
from seriatim.protocol.own.changes import StoredChange


class HeadRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A conversation's position and this user's counts, as an array of seven."""

    conversation_id: ConversationId
    head: int
    read: int
    delivered: int
    unread: int
    mentions: int
    flags: int


FLAG_MUTED, FLAG_PINNED, FLAG_MARKED_UNREAD, FLAG_HIDDEN = 1, 2, 4, 8
"""As the user set them (`set_mine`); a message that counts takes HIDDEN away, reading MARKED_UNREAD."""
FLAG_LEFT = 16
"""The user has left; `head` is the seq at which he left."""


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="welcome"):
    """The session is live. `heads` changed since the resume token, or are all; `more` says that `heads` frames follow.

    `own`: what else of the user's own was set since, at most 2,000 changes; flags of conversations stand in `heads`.
    `resume_token` is stored after the last of these rows.
    """

    session_id: SessionId
    user_id: UserId
    device_id: DeviceId
    epoch: str
    heartbeat_ms: int
    limits: Limits
    server_time: datetime
    resume_token: str
    heads: list[HeadRow]
    more: bool
    own: list[StoredChange] = []


class Heads(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="heads"):
    """Further rows of `welcome`, 1,000 each, the newest conversations first; or what `read_all` has read."""

    rows: list[HeadRow]
    more: bool


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """Heads of every conversation that moved since this session last asked, and what else of the user's own was set.

    The token is stored after all before it.
    """

    heads: list[HeadRow]
    resume_token: str
    own: list[StoredChange] = []


class Drain(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="drain"):
    """A planned restart: reconnect once after a random time within this window."""

    reconnect_after_ms: tuple[int, int]


class Ok(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ok"):
    """Done."""

    id: int


class Error(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error", omit_defaults=True):
    """Refused, and nothing changed; `id` is absent when the frame could not be read that far."""

    id: int | None = None
    code: str
    message: str
    path: str | None = None
    reason: str | None = None
    retry_after_ms: int | None = None
    fatal: bool = False


class TracedHop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One named step of a traced command: when it ended after the first byte, and what it cost."""

    hop: str
    at_us: int
    network: int = 0
    statements: int = 0
    rows: int = 0
    commits: int = 0


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="sent", omit_defaults=True, gc=False):
    """The ack: durable at `seq`. A retry gets the same values and `duplicate`."""

    id: int
    conversation_id: ConversationId
    client_id: UUID
    seq: int
    created_at: datetime
    duplicate: bool = False
    trace: list[TracedHop] | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="event", gc=False):
    """A log entry of one of this user's conversations, in the log of `epoch`."""

    epoch: str
    entry: Entry


class Page(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="page", omit_defaults=True):
    """Every entry of the asked range, oldest first, in its state at `head`; with `thread_seq` of this thread only.

    `first_kept`: the oldest seq this user can be given. `complete`: the range reaches its end in the asked direction.
    """

    id: int
    conversation_id: ConversationId
    thread_seq: int | None = None
    epoch: str
    entries: list[Entry]
    head: int
    first_kept: int
    complete: bool


class Gap(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="gap"):
    """Events of this conversation were dropped for this session: fetch up to `head`."""

    conversation_id: ConversationId
    head: int


class Compared(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="compared"):
    """Those of the compared entries that are equal in the log of `epoch`, as they were named."""

    id: int
    epoch: str
    entries: list[EntryIdentity]


class PresenceRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Somebody's presence, as an array of five; `last_seen_at` of who is offline, and only to whom he lets know.

    The text is gone at `expires_at`.
    """

    user_id: UserId
    state: PresenceState
    last_seen_at: datetime | None = None
    text: str = ""
    expires_at: datetime | None = None


class PresenceTold(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="presence", omit_defaults=True):
    """Presence of people in this session's focus: at most one frame a second.

    `counts`: how many are online in each conversation of more than 250 members that is on screen.
    """

    rows: list[PresenceRow] = []
    counts: dict[ConversationId, int] = {}


class TypingTold(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="typing", omit_defaults=True):
    """Somebody else types in a conversation on screen, or (`on` false) no more; it is over after 6 s without news."""

    conversation_id: ConversationId
    user_id: UserId
    on: bool
    thread_seq: int | None = None


class MemberMarks(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a member's devices have come and how far he has read, as an array of three; 0: not told."""

    user_id: UserId
    delivered: int
    read: int


class Watermarks(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="watermarks", omit_defaults=True):
    """Marks that moved in a conversation on screen, at most one frame a second; they only rise.

    Of more than 50 members only how many others (`read_count`) have read this user's latest message, `seq`.
    """

    conversation_id: ConversationId
    rows: list[MemberMarks] = []
    seq: int | None = None
    read_count: int | None = None


class OwnRead(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="read", omit_defaults=True):
    """The user read up to `seq` on another device, with `thread_seq` in this thread; the counts are the server's."""

    conversation_id: ConversationId
    thread_seq: int | None = None
    seq: int
    unread: int
    mentions: int


class DevicesChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="devices"):
    """A device of this user was added, renamed or revoked: list them again."""


class OwnPresence(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="presence"):
    """What the user chose to look like, on another device."""

    state: ChosenState
    text: str
    expires_at: datetime | None


class SelfChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="self"):
    """Something of this user's own changed on another of his devices."""

    what: OwnRead | DevicesChanged | OwnPresence | StoredChange


class Slashed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="slashed", omit_defaults=True):
    """What a called bot answers to its caller alone; what it says to everybody is a message of its own."""

    id: int
    text: str = ""


class SlashCalled(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="slash_called"):
    """To a bot: somebody has called one of its commands; it says `answer_slash` within 3 s."""

    call_id: str
    conversation_id: ConversationId
    user_id: UserId
    name: str
    text: str


ServerFrame = (
    Welcome
    | Heads
    | Pong
    | Drain
    | Ok
    | Error
    | Sent
    | Event
    | Page
    | Gap
    | Compared
    | SelfChanged
    | PresenceTold
    | TypingTold
    | Watermarks
    | Slashed
    | SlashCalled
)
