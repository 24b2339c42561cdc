"""Entries: the facts in a conversation's log, one closed union tagged by `kind`, stored, published and paged alike."""

from datetime import datetime
from uuid import UUID

import msgspec

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.fields import ConversationKind, History, LeastRole, Role, Visibility


class EntryFields(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """What every entry has: its place, its author, and the key under which its author sent it."""

    conversation_id: ConversationId
    """Its conversation; with `seq` its identity."""
    seq: int
    """Place in its conversation: 1, 2, 3 ... without gaps."""
    sender_id: UserId
    """Its author."""
    device_id: DeviceId
    """The author's device."""
    client_id: UUID
    """The key under which that device sent it."""
    created_at: datetime
    """When it was numbered, by the database's clock; order never depends on it."""
    ordinal: int | None = None
    """Number among what counts as unread in the main timeline, or in its thread. None: does not count."""
    roster_version: int | None = None
    """Of roster entries: the version of the member list from this entry on."""


class ThreadState(msgspec.Struct, frozen=True, kw_only=True):
    """What hangs on a message, as far as its reader may know: how many replies, and the last of them."""

    count: int
    last_seq: int
    last_at: datetime


class MessageSent(EntryFields, frozen=True, kw_only=True, tag="message_sent", omit_defaults=True, gc=False):
    """A message: of the main timeline, or a reply in a thread."""

    body: str
    target_seq: int | None = None
    """The entry it quotes."""
    thread_seq: int | None = None
    """The message that it replies to, the root of its thread; `ordinal` counts within the thread then."""
    broadcast: bool = False
    """Of a reply: it stands in the main timeline too, and counts there instead."""
    mentions: tuple[UserId, ...] = ()
    """Who is mentioned, by user id; 0: everybody."""
    thread: ThreadState | None = None
    """What hangs on it; told in pages. Replies above its `last_seq` are not in it yet."""


class ConversationCreated(EntryFields, frozen=True, kw_only=True, tag="conversation_created", omit_defaults=True):
    """The first entry of every conversation; `members` includes its owner."""

    conversation_kind: ConversationKind
    visibility: Visibility
    title: str | None = None
    members: list[UserId]


class MemberAdded(EntryFields, frozen=True, kw_only=True, tag="member_added", omit_defaults=True):
    """`user_id` was invited by the sender, or joined by himself when both are one."""

    user_id: UserId
    role: Role
    user_ids: list[UserId] = []
    """All who were added, when they were several; `user_id` is the first of them."""

    @property
    def added(self) -> list[UserId]:
        """Everybody who was added, one or several."""
        return self.user_ids or [self.user_id]


class MemberLeft(EntryFields, frozen=True, kw_only=True, tag="member_left", omit_defaults=True):
    """`user_id` left, or was removed by the sender when they differ."""

    user_id: UserId
    banned: bool = False
    """He can neither join nor be invited until the ban is lifted."""


class RoleChanged(EntryFields, frozen=True, kw_only=True, tag="role_changed", omit_defaults=True):
    """`user_id` has `role` from here on."""

    user_id: UserId
    role: Role


class SettingsChanged(EntryFields, frozen=True, kw_only=True, tag="settings_changed", omit_defaults=True):
    """The settings that changed, with their new values; absent ones stayed."""

    title: str | None = None
    topic: str | None = None
    visibility: Visibility | None = None
    history: History | None = None
    post_role: LeastRole | None = None
    invite_role: LeastRole | None = None
    pin_role: LeastRole | None = None
    slow_mode_s: int | None = None
    archived: bool | None = None


Entry = MessageSent | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged
RosterEntry = ConversationCreated | MemberAdded | MemberLeft | RoleChanged
ENTRY_TYPES: tuple[type[EntryFields], ...] = (
    MessageSent,
    ConversationCreated,
    MemberAdded,
    MemberLeft,
    RoleChanged,
    SettingsChanged,
)
