"""What is told of a user's own: each change as `self` to his other devices, and again to who was away."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.own.settings import Level, Settings


class OwnDraft(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="draft", omit_defaults=True):
    """The user was about to send this; an empty text: nothing any more."""

    conversation_id: ConversationId
    thread_seq: int | None = None
    text: str
    target_seq: int | None = None
    changed_at: datetime


class OwnMine(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="mine"):
    """How a conversation is now for this user only."""

    conversation_id: ConversationId
    level: Level
    muted_until: datetime | None
    pinned: bool
    hidden: bool
    marked_unread: bool

    @property
    def flags(self) -> int:
        """The same as a row of heads has it: 1 muted, 2 pinned, 4 marked unread, 8 hidden."""
        muted = self.muted_until is not None  # what has ended is not told
        return muted + 2 * self.pinned + 4 * self.marked_unread + 8 * self.hidden


class OwnThread(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="thread"):
    """Whether the user follows a thread, how far he has read it, and what is left there."""

    conversation_id: ConversationId
    thread_seq: int
    following: bool
    read: int
    unread: int
    mentions: int


class OwnSettings(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="settings"):
    """The user's settings, as they are now."""

    settings: Settings


class OwnSaved(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="saved", omit_defaults=True):
    """A message was saved, or (no `saved_at`) is saved no more; without ids: list them again."""

    conversation_id: ConversationId | None = None
    seq: int | None = None
    saved_at: datetime | None = None


class OwnScheduled(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="scheduled", omit_defaults=True):
    """A scheduled message was sent as `seq`, or refused with `code`; without both: list them again."""

    scheduled_id: int | None = None
    conversation_id: ConversationId | None = None
    seq: int | None = None
    code: str | None = None


class OwnReminder(msgspec.Struct, frozen=True, kw_only=True, tag_field="change", tag="reminder", omit_defaults=True):
    """The time has come to be reminded of a message; without ids: list the reminders again."""

    reminder_id: int | None = None
    conversation_id: ConversationId | None = None
    seq: int | None = None


StoredChange = OwnDraft | OwnMine | OwnThread | OwnSettings | OwnSaved | OwnScheduled | OwnReminder
"""What is told again to a device that was away, in `welcome` and, but for threads, in `pong`."""

Tell = Callable[[UserId, StoredChange, DeviceId | None], None]
"""Tells a user's live sessions but those of one device; after COMMIT only."""
