"""Commands on what is the user's own; none makes an entry."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from seriatim.protocol.fields import Seq, WireConversationId
from seriatim.protocol.limits import LIMITS, RECEIVED_ROWS
from seriatim.protocol.messages.command import Command
from seriatim.protocol.own.settings import Level

DraftText = Annotated[
    str,
    Meta(
        max_length=LIMITS.body_bytes, pattern=r"^[^\x00]*$", description="up to 16 KiB of UTF-8, no NUL; may be empty"
    ),
]


class Received(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="received"):
    """Of each of these conversations, this device has everything up to this seq; what is named too often is dropped.

    Only conversations of up to 50 members keep it.
    """

    seqs: Annotated[dict[WireConversationId, Seq], Meta(max_length=RECEIVED_ROWS)]


class SaveDraft(Command, frozen=True, kw_only=True, tag="draft"):
    """What the user was about to send in a conversation or thread; an empty text: nothing. Answered by `ok`.

    The later `changed_at` wins, by the devices' clocks, but never a time to come; who loses is told what won.
    """

    conversation_id: WireConversationId
    thread_seq: Seq | None = None
    text: DraftText
    target_seq: Seq | None = None
    changed_at: Annotated[datetime, Meta(tz=True)]


class SetMine(Command, frozen=True, kw_only=True, tag="set_mine"):
    """How one conversation is to be for this user only; absent fields stay; answered by `ok`.

    `muted_until` in the past ends it. A message shows a hidden conversation again; reading ends `marked_unread`. With
    `thread_seq` it says whether the user is `following` that thread, and nothing else.
    """

    conversation_id: WireConversationId
    thread_seq: Seq | None = None
    following: bool | None = None
    level: Level | None = None
    muted_until: Annotated[datetime, Meta(tz=True)] | None = None
    pinned: bool | None = None
    hidden: bool | None = None
    marked_unread: bool | None = None


class ReadAll(Command, frozen=True, kw_only=True, tag="read_all"):
    """The user has read every conversation up to its present head; answered by `ok`."""


OwnCommand = SaveDraft | SetMine | ReadAll
