"""What HTTP carries of a user's own: saved and scheduled messages, reminders, mentions, and who has read."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import Seq, WireConversationId

Instant = Annotated[datetime, Meta(tz=True)]
UNREAD_ENTRIES = 5
"""So many unread entries of a conversation stand in the list of all that is unread."""


class SavedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A saved message, and what it says now; `entry` is absent where the user is no member any more."""

    conversation_id: ConversationId
    seq: int
    saved_at: datetime
    entry: Entry | None = None


class SavedMessages(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of saved messages, the latest saved first; `cursor` asks for the next one and is absent on the last."""

    saved: list[SavedMessage]
    cursor: str | None = None


class Mention(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that mentions the user, read or not; `entry` is absent where he is no member any more."""

    conversation_id: ConversationId
    seq: int
    mentioned_at: datetime
    entry: Entry | None = None


class Mentions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of mentions, the latest first; `cursor` asks for the next one and is absent on the last."""

    mentions: list[Mention]
    cursor: str | None = None


class UnreadConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with unread messages: its last seq, the user's mark, what `heads` count too, the first entries."""

    conversation_id: ConversationId
    head: int
    read: int
    unread: int
    mentions: int
    entries: list[Entry]


class Unreads(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of conversations with unread messages, the last message first; `cursor` asks for the next one."""

    unreads: list[UnreadConversation]
    cursor: str | None = None


class ScheduleMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Send this message then, as this device; its `client_id` makes it be sent once, and its `id` means nothing."""

    message: SendMessage
    send_at: Instant


class ChangeScheduled(msgspec.Struct, frozen=True, kw_only=True):
    """Another message under the same key in the same place, or another time; one that was refused is tried again."""

    message: SendMessage | None = None
    send_at: Instant | None = None


class ScheduledMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that waits for its time, or (`refused_code`) was refused at it and waits to be seen."""

    scheduled_id: int
    message: SendMessage
    send_at: datetime
    refused_code: str | None = None


class ScheduledMessages(msgspec.Struct, frozen=True, kw_only=True):
    """All scheduled messages of a user, the next first."""

    scheduled: list[ScheduledMessage]


class NewReminder(msgspec.Struct, frozen=True, kw_only=True):
    """Remind me of this message then."""

    conversation_id: WireConversationId
    seq: Seq
    remind_at: Instant


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder; once it is `due` it stays until it is dismissed."""

    reminder_id: int
    conversation_id: ConversationId
    seq: int
    remind_at: datetime
    due: bool


class Reminders(msgspec.Struct, frozen=True, kw_only=True):
    """All reminders of a user, the earliest first."""

    reminders: list[Reminder]


class Receipt(msgspec.Struct, frozen=True):
    """How far a member's devices have come and how far he has read; 0: not told."""

    user_id: UserId
    delivered: int
    read: int


class Receipts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who of a conversation's present members has received and read what.

    `members`: their marks, where there are at most 50. `read_count`: how many besides the caller have read up to `seq`.
    Both are without reads for who gives no read receipts.
    """

    conversation_id: ConversationId
    seq: int
    member_count: int
    members: list[Receipt] = []
    read_count: int | None = None
