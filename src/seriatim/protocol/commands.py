"""Commands: the wishes of a client, one union tagged by `type`. Those that make an entry carry a `client_id`."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from seriatim.core.ids import ConversationId
from seriatim.protocol.bots.commands import AnswerSlash, Slash
from seriatim.protocol.fields import (
    Body,
    ChosenState,
    ConversationKind,
    Cursor,
    EntryIdentity,
    History,
    InvitationToken,
    InvitedUsers,
    LastSeenTo,
    LeastRole,
    Mentions,
    NewMembers,
    PageLimit,
    Role,
    Seq,
    SlowModeS,
    StatusText,
    Title,
    Token,
    Topic,
    Visibility,
    WireConversationId,
    WireDeviceId,
    WireUserId,
)
from seriatim.protocol.limits import LIMITS, RESUME_TOKEN_BYTES
from seriatim.protocol.messages.command import Command, ConversationCommand, EntryCommand
from seriatim.protocol.messages.commands import (
    ClosePoll,
    Delete,
    Edit,
    Forward,
    Pin,
    React,
    StartPoll,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.own.commands import ReadAll, Received, SaveDraft, SetMine


class ClientName(msgspec.Struct, frozen=True):
    """Which program speaks."""

    name: Annotated[str, Meta(max_length=64)]
    version: Annotated[str, Meta(max_length=64)]


class Resume(msgspec.Struct, frozen=True):
    """Where this device left off: the epoch of its log and the last resume token it stored."""

    epoch: Annotated[str, Meta(max_length=128)]
    token: Annotated[str, Meta(max_length=RESUME_TOKEN_BYTES)]


FocusIds = Annotated[list[WireConversationId], Meta(max_length=LIMITS.focus_ids)]


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """The first frame of a session, within 10 s; the token is never in the URL; `inactive`: nobody looks."""

    token: Token
    device_id: WireDeviceId
    client: ClientName
    resume: Resume | None = None
    focus: FocusIds = []
    inactive: bool = False


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ping"):
    """Heartbeat, answered by `pong`; `heads`, what this device holds of its focused conversations, is reserved."""

    heads: Annotated[dict[WireConversationId, Cursor], Meta(max_length=LIMITS.focus_ids)] = {}


class Focus(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="focus"):
    """The conversations and people on screen: only of them typing and presence are told; `inactive`: nobody looks.

    Events of these conversations are never folded into `gap` before the others.
    """

    conversation_ids: FocusIds = []
    user_ids: Annotated[list[WireUserId], Meta(max_length=LIMITS.focus_ids)] = []
    inactive: bool = False


class Typing(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="typing"):
    """The user is typing in this conversation or thread, or (`on` false) no more; at most one `on` in 3 s."""

    conversation_id: WireConversationId
    thread_seq: Seq | None = None
    on: bool = True


class Renew(Command, frozen=True, kw_only=True, tag="renew"):
    """A fresh access token for this session; answered by `ok`."""

    token: Token


class Fetch(Command, frozen=True, kw_only=True, tag="fetch"):
    """Entries of one conversation, at most `limit`: after, before or around a seq, around a time, or the newest.

    Answered by `page`. `at`: around the first entry of that time or later. With `thread_seq` only this message and the
    replies to it.
    """

    conversation_id: WireConversationId
    after: Cursor | None = None
    before: Seq | None = None
    around: Seq | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None
    thread_seq: Seq | None = None
    limit: PageLimit = 50


class Compare(Command, frozen=True, kw_only=True, tag="compare"):
    """Which of these (conversation_id, seq, client_id, created_at) the log has; answered by `compared`."""

    entries: Annotated[list[EntryIdentity], Meta(max_length=LIMITS.compare_rows)]


class Read(Command, frozen=True, kw_only=True, tag="read"):
    """The user has read up to `seq`, or with `thread_seq` its thread; the watermark never falls; answered by `ok`."""

    conversation_id: WireConversationId
    seq: Seq
    thread_seq: Seq | None = None


class SetPresence(Command, frozen=True, kw_only=True, tag="set_presence"):
    """What others see of this user, whatever his device, until `expires_at`; answered by `ok`.

    `last_seen_to`: who is told when he was last here; absent: as before.
    """

    state: ChosenState = ChosenState.AUTO
    text: StatusText = ""
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    last_seen_to: LastSeenTo | None = None


class Create(EntryCommand, frozen=True, kw_only=True, tag="create"):
    """A new conversation; a direct one (exactly one member named) exists once per pair and is found again."""

    kind: ConversationKind
    title: Title | None = None
    visibility: Visibility = Visibility.PRIVATE
    members: NewMembers = msgspec.field(default_factory=list[WireUserId])


class SendMessage(ConversationCommand, frozen=True, kw_only=True, tag="send", gc=False):
    """A message; `target_seq` makes it a quoting reply, `thread_seq` a reply in the thread of that message.

    `broadcast`: a reply that stands in the main timeline too. `mentions`: whom its text names, 0 for everybody.
    `trace` asks for its hops in `sent`.
    """

    body: Body
    target_seq: Seq | None = None
    thread_seq: Seq | None = None
    broadcast: bool = False
    mentions: Mentions = ()
    trace: bool = False


class Join(ConversationCommand, frozen=True, kw_only=True, tag="join"):
    """Become a member of a public conversation, or of any with the token of an invitation to it."""

    invitation: InvitationToken | None = None


class Leave(ConversationCommand, frozen=True, kw_only=True, tag="leave"):
    """Stop being a member; the last owner of a conversation with other members hands over first."""


class Invite(ConversationCommand, frozen=True, kw_only=True, tag="invite"):
    """Add people at once, 100 at most, in one entry; `user_id` is an older way to name one."""

    user_ids: InvitedUsers = msgspec.field(default_factory=list[WireUserId])
    user_id: WireUserId | None = None
    role: Role = Role.MEMBER


class Remove(ConversationCommand, frozen=True, kw_only=True, tag="remove"):
    """Take somebody out; he keeps what he could read so far. With `ban` he cannot come back, by whatever door."""

    user_id: WireUserId
    ban: bool = False


class SetRole(ConversationCommand, frozen=True, kw_only=True, tag="set_role"):
    """Give a member another role."""

    user_id: WireUserId
    role: Role


class SetSettings(ConversationCommand, frozen=True, kw_only=True, tag="set_settings"):
    """Change the settings named; absent ones stay. The roles are the lowest that may post, invite and pin."""

    title: Title | None = None
    topic: Topic | None = None
    visibility: Visibility | None = None
    history: History | None = None
    post_role: LeastRole | None = None
    invite_role: LeastRole | None = None
    pin_role: LeastRole | None = None
    slow_mode_s: SlowModeS | None = None
    archived: bool | None = None


MembershipCommand = Join | Leave | Invite | Remove | SetRole | SetSettings
AnyCommand = (
    Hello
    | Ping
    | Focus
    | Typing
    | SetPresence
    | Received
    | SaveDraft
    | SetMine
    | ReadAll
    | Renew
    | Fetch
    | Compare
    | Read
    | Create
    | SendMessage
    | Join
    | Leave
    | Invite
    | Remove
    | SetRole
    | SetSettings
    | Edit
    | Delete
    | React
    | Unreact
    | Pin
    | Unpin
    | Forward
    | StartPoll
    | Vote
    | ClosePoll
    | Slash
    | AnswerSlash
)
HTTP_COMMANDS: tuple[type[ConversationCommand], ...] = (
    SendMessage,
    Join,
    Leave,
    Invite,
    Remove,
    SetRole,
    SetSettings,
    Edit,
    Delete,
    React,
    Unreact,
    Pin,
    Unpin,
    Forward,
    StartPoll,
    Vote,
    ClosePoll,
)
"""Each is also `POST /v1/conversations/{conversation_id}/{tag}` with its other fields."""


def conversation_of(command: Command) -> ConversationId | None:
    """Return the conversation within which this command keeps its place; None: it is of no one conversation."""
    if isinstance(command, Slash):
        return ConversationId(-command.conversation_id)  # a place of their own: nothing waits with them for a bot
    return getattr(command, "conversation_id", None)
