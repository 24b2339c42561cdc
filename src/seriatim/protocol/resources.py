"""What HTTP carries besides the commands: accounts, mail, devices, people, conversations and their members."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.answers import TracedHop
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import (
    ConversationKind,
    History,
    LeastRole,
    Name,
    Password,
    Role,
    Token,
    Visibility,
    WireDeviceId,
)


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """The installation that signs in; `kind` is `web`, `cli`, `bot` or what the program calls itself."""

    name: Name
    kind: Annotated[str, Meta(min_length=1, max_length=32)] = "other"


class SignUp(msgspec.Struct, frozen=True, kw_only=True):
    """A new account; `invitation` is the secret of an invitation where sign-up is by invitation."""

    name: Name
    password: Password
    device: NewDevice
    invitation: Token | None = None


class LogIn(msgspec.Struct, frozen=True, kw_only=True):
    """A new device of an existing account."""

    name: Name
    password: Annotated[str, Meta(min_length=1, max_length=1_024)]
    device: NewDevice


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a fresh access token; browsers leave `refresh_token` out, theirs is the cookie of `device_id`."""

    device_id: WireDeviceId
    refresh_token: Token | None = None


class Credentials(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Access for one device: `access_token` until `expires_at`; `refresh_token` is absent for browsers (cookie)."""

    user_id: UserId
    device_id: DeviceId
    name: str
    access_token: str
    expires_at: datetime
    refresh_token: str | None = None


class User(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person as others see him."""

    user_id: UserId
    name: str
    guest: bool = False
    """He sees only the conversations that he was invited to."""
    bot: bool = False
    """A program speaks with it."""


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The caller himself."""

    user_id: UserId
    name: str
    """What he is called."""
    sign_in_name: str
    """What he logs in with; it never changes."""
    device_id: DeviceId
    server_admin: bool
    guest: bool


class ChangeMe(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller is called from now on; the name that he logs in with gives him that one back."""

    display_name: Name


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One of the caller's installations."""

    device_id: DeviceId
    name: str
    kind: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


class RenameDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A new name for one of the caller's devices."""

    name: Name


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """The right to sign up once; its secret is shown only here."""

    invitation: str
    expires_at: datetime


class Conversation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation as this user sees it."""

    conversation_id: ConversationId
    kind: ConversationKind
    visibility: Visibility
    title: str | None = None
    topic: str | None = None
    member_count: int
    roster_version: int
    role: Role | None = None
    """The caller's role; absent: not (or no longer) a member."""
    history: History = History.JOINED
    """What members read of the time before they joined."""
    post_role: LeastRole = LeastRole.MEMBER
    invite_role: LeastRole = LeastRole.ADMIN
    pin_role: LeastRole = LeastRole.ADMIN
    """From which role on members may post, invite and pin; `member`: guests post, too."""
    slow_mode_s: int = 0
    """Seconds between two messages of a member below admin."""
    archived: bool = False
    """Nobody writes in it any more."""
    other: User | None = None
    """Of a direct conversation: the other one."""
    head: int
    read: int
    unread: int
    mentions: int = 0
    flags: int = 0
    silenced_until: datetime | None = None
    """A moderator lets the caller only read until then. No frame tells of it: who is refused may ask."""
    last_message_at: datetime | None = None
    last: Entry | None = None
    """The newest message that this user may read."""


class Conversations(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of conversations; `cursor` asks for the next one and is absent on the last."""

    conversations: list[Conversation]
    cursor: str | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a conversation."""

    user_id: UserId
    name: str
    role: Role
    joined_seq: int


class Members(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of members by user id; `cursor` asks for the next one and is absent on the last."""

    members: list[Member]
    roster_version: int
    cursor: str | None = None


class Users(msgspec.Struct, frozen=True, kw_only=True):
    """People found, best match first."""

    users: list[User]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal over HTTP, `application/problem+json` (RFC 9457); `code` is the one of the `error` frame."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    path: str | None = None
    reason: str | None = None
    position: int | None = None
    """Of a search: the place in it, in code points, where it cannot be understood."""
    retry_after_ms: int | None = None


class MessageTrace(msgspec.Struct, frozen=True, kw_only=True):
    """The hops of one sampled message, from its first byte to the last local write."""

    conversation_id: ConversationId
    seq: int
    client_id: UUID
    hops: list[TracedHop]


MailAddress = Annotated[
    str, Meta(min_length=3, max_length=254, description="an address as HTML's email fields take it")
]
Secret = Annotated[str, Meta(min_length=1, max_length=128, description="what a one-time link ends with")]


class AskReset(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's name or confirmed address, whose password is forgotten."""

    who: Annotated[str, Meta(min_length=1, max_length=254, pattern=r"^[^\x00]*$")]


class ResetPassword(msgspec.Struct, frozen=True, kw_only=True):
    """A new password, by a one-time link."""

    secret: Secret
    password: Password


class UseLink(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link that is used by following it."""

    secret: Secret


class OneTimeLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that is good once, for a quarter of an hour; it is told only here."""

    name: Name
    url: str
    expires_at: datetime


class NewMailAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is to be the caller's, once it is confirmed."""

    address: MailAddress


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The caller's mail; `sends` is false on a server that sends none."""

    sends: bool
    address: str | None = None
    """The confirmed one; absent: none."""
    digest: bool = False
    """At most once a day he is told how much he missed."""


class SetDigest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether missed messages are told by mail."""

    digest: bool


class MailInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is invited to sign up, as a guest or as a full member of the server."""

    address: MailAddress
    guest: bool = False
