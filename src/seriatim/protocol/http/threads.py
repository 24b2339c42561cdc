"""Threads as lists show them."""

from datetime import datetime

import msgspec

from seriatim.core.ids import ConversationId
from seriatim.protocol.entries import Entry
from seriatim.protocol.resources import User


class Thread(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What hangs on a message, and how far the caller has read it; he has nothing unread in what he does not follow."""

    conversation_id: ConversationId
    thread_seq: int
    count: int
    """All replies, also those that stand in the main timeline too."""
    last_seq: int
    last_at: datetime
    following: bool = False
    read: int = 0
    unread: int = 0
    mentions: int = 0
    root: Entry | None = None
    """The message itself; absent where the caller may read no further back than its replies."""


class Threads(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of threads, the last reply first; `cursor` asks for the next one and is absent on the last."""

    threads: list[Thread]
    cursor: str | None = None


class Followers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of those who follow a thread, by user id; `cursor` asks for the next one and is absent on the last."""

    followers: list[User]
    cursor: str | None = None
