"""What goes into the log and what comes out of it: drafts, changes, stored entries, and who waits for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.core.trace import Trace
from seriatim.protocol.entries import Entry, Forwarded
from seriatim.protocol.sender import Sender


class Extras(NamedTuple):
    """What few messages have: a thread, mentions (0: everybody; rising, none twice), where and when they are from."""

    thread_seq: int | None = None
    broadcast: bool = False
    mentions: tuple[UserId, ...] = ()
    forwarded: Forwarded | None = None
    via: str | None = None
    sent_at: datetime | None = None


class Draft(NamedTuple):
    """A message before it has a place; `target_seq` is the entry it quotes."""

    conversation_id: ConversationId
    sender_id: UserId
    device_id: DeviceId
    client_id: UUID
    body: str
    target_seq: int | None = None
    trace: Trace | None = None
    extras: Extras | None = None


class Change(NamedTuple):
    """An entry of any other kind before it has a place; what the kind holds is `content`, as its struct names it.

    `target_seq`, `body` and `content` are the wish: the same key with another one is refused. `outcome` is what came
    of it besides, known under the lock only. `roster`: it changes who is a member or with which role, so it begins the
    next `roster_version`. `counts`: it counts as a message.
    """

    conversation_id: ConversationId
    sender: Sender
    client_id: UUID
    kind: type[Entry]
    content: Mapping[str, Any]
    roster: bool = False
    target_seq: int | None = None
    body: str | None = None
    outcome: Mapping[str, Any] | None = None
    counts: bool = False


class Target(NamedTuple):
    """The message or poll that a change speaks of, as it is under its conversation's lock."""

    seq: int
    kind: str
    sender_id: UserId
    body: str | None
    meta: dict[str, Any] | None
    pinned_seq: int | None


class Stored(msgspec.Struct, gc=False):
    """An entry that is committed (`append`), or will be with the caller's transaction (`record`).

    `roster_version` is the conversation's after this entry. `duplicate`: the key was stored before; publish it again.
    """

    entry: Entry
    roster_version: int
    duplicate: bool = False
    trace: Trace | None = None
    """The draft's, so that the hops after COMMIT are noted too."""


class Waiter(Protocol):
    """Who is told what became of a draft: exactly one call, on the loop; it must not raise."""

    def stored(self, stored: Stored) -> None:
        """Take the entry, committed and published."""
        ...

    def refused(self, error: ChatError) -> None:
        """Take the refusal; after Unavailable the outcome is unknown."""
        ...
