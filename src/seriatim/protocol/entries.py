"""Entries: the facts in a conversation's log, one closed union tagged by `kind`, stored, published and paged alike."""

from datetime import datetime
from typing import get_args
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


class Forwarded(msgspec.Struct, frozen=True, kw_only=True):
    """Where a forwarded message is from, and who wrote it there; a reader may or may not see that place."""

    conversation_id: ConversationId
    seq: int
    sender_id: UserId


class ThreadState(msgspec.Struct, frozen=True, kw_only=True):
    """What hangs on a message, as far as its reader may know: how many replies, and the last of them."""

    count: int
    last_seq: int
    last_at: datetime


Reaction = tuple[str, int, bool]
"""An emoji, how many people put it there, and whether the reader is one of them."""


class TargetFields(EntryFields, frozen=True, kw_only=True, omit_defaults=True):
    """What may become of an entry that others can speak of; told in pages, while an event tells only what was sent.

    Later entries change it (protocol/messages/fold.py): those above `changed_seq` are not in it yet.
    """

    changed_seq: int | None = None
    """The last entry that changed it."""
    deleted_seq: int | None = None
    """The entry that deleted it: nothing is left to read."""
    pinned_seq: int | None = None
    """The entry that pinned it."""
    reactions: tuple[Reaction, ...] = ()
    """The most frequent first, then by code points."""
    thread: ThreadState | None = None
    """What hangs on it. Replies above its `last_seq` are not in it yet."""


class MessageSent(TargetFields, frozen=True, kw_only=True, tag="message_sent", omit_defaults=True, gc=False):
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
    edited_seq: int | None = None
    """The last edit: `body` is what it said."""
    forwarded: Forwarded | None = None
    via: str | None = None
    """The program that said it in the sender's name, by its own (a webhook)."""
    sent_at: datetime | None = None
    """Of an imported message: when it was written, where it was written; `created_at` is when it came into this log."""


class MessageEdited(EntryFields, frozen=True, kw_only=True, tag="message_edited", omit_defaults=True):
    """The message `target_seq` says `body` from here on; both texts are empty once it is deleted."""

    target_seq: int
    body: str
    previous: str = ""
    """What it said before: these are its history."""


class MessageDeleted(EntryFields, frozen=True, kw_only=True, tag="message_deleted", omit_defaults=True):
    """The message or poll `target_seq` was taken away by the sender, with its history, its reactions and its pin."""

    target_seq: int


class ReactionAdded(EntryFields, frozen=True, kw_only=True, tag="reaction_added", omit_defaults=True):
    """The sender put `emoji` on the message or poll `target_seq`."""

    target_seq: int
    emoji: str


class ReactionRemoved(EntryFields, frozen=True, kw_only=True, tag="reaction_removed", omit_defaults=True):
    """The sender took his `emoji` from the message or poll `target_seq`."""

    target_seq: int
    emoji: str


class MessagePinned(EntryFields, frozen=True, kw_only=True, tag="message_pinned", omit_defaults=True):
    """The message or poll `target_seq` is kept at hand."""

    target_seq: int


class MessageUnpinned(EntryFields, frozen=True, kw_only=True, tag="message_unpinned", omit_defaults=True):
    """The message or poll `target_seq` is kept at hand no more."""

    target_seq: int


class PollStarted(TargetFields, frozen=True, kw_only=True, tag="poll_started", omit_defaults=True):
    """A question to everybody; it counts as a message. Once deleted it has neither question nor options.

    `votes`, `voters`, `chosen` and `closed_seq` are, like the reactions, told in pages.
    """

    question: str
    options: list[str]
    multiple: bool = False
    anonymous: bool = False
    closes_at: datetime | None = None
    votes: tuple[int, ...] = ()
    """Per option, how many chose it; absent: nobody has voted."""
    voters: int = 0
    """How many people have voted."""
    chosen: tuple[int, ...] = ()
    """The options that the reader chose, by their place. An anonymous poll tells them in pages only."""
    closed_seq: int | None = None
    """The entry that closed it before its time."""


class PollVoted(EntryFields, frozen=True, kw_only=True, tag="poll_voted", omit_defaults=True):
    """Somebody voted in the poll `target_seq`, whose counts are these from here on.

    In an anonymous poll `sender_id` and `device_id` are 0, and the options are left out.
    """

    target_seq: int
    votes: tuple[int, ...]
    """Per option, how many chose it."""
    voters: int = 0
    """How many people have voted."""
    options: tuple[int, ...] = ()
    """What the sender chose, by place; none: he took his vote back."""


class PollClosed(EntryFields, frozen=True, kw_only=True, tag="poll_closed", omit_defaults=True):
    """No vote counts any more in the poll `target_seq`."""

    target_seq: int


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


Entry = (
    MessageSent
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | MessagePinned
    | MessageUnpinned
    | PollStarted
    | PollVoted
    | PollClosed
    | ConversationCreated
    | MemberAdded
    | MemberLeft
    | RoleChanged
    | SettingsChanged
)


def main_ordinal(entry: Entry) -> int | None:
    """Return the entry's number among what counts in the main timeline; None: it counts in its thread, or nowhere."""
    is_in_its_thread = isinstance(entry, MessageSent) and entry.thread_seq is not None and not entry.broadcast
    return None if is_in_its_thread else entry.ordinal


RosterEntry = ConversationCreated | MemberAdded | MemberLeft | RoleChanged
ENTRY_TYPES: tuple[type[EntryFields], ...] = get_args(Entry)
