"""What the client's link wants done: first what must be durable, in one local transaction, then the rest, in order."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId
from seriatim.protocol.answers import TracedHop
from seriatim.protocol.commands import AnyCommand, Create, Forward, MembershipCommand, SendMessage, SetSettings
from seriatim.protocol.entries import Entry
from seriatim.protocol.messages.commands import MessageCommand

OutboxCommand = Create | SendMessage | Forward | MessageCommand | MembershipCommand | SetSettings
"""Commands that make an entry; in the outbox their `id` is 0, each transmission gives them one."""


class State(StrEnum):
    """Where the link stands; the interface shows it."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    """The session is open; what was missed meanwhile is being fetched."""
    LIVE = "live"
    DRAINING = "draining"
    """The server restarts: the link moves to another connection within the window it gave."""


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device knows of one conversation; stored in the transaction that stores the entries it speaks of."""

    cursor: int | None = None
    """Every readable entry from `first` to here is held, but for `holes`; None: none was ever fetched."""
    head: int = 0
    """The highest seq heard of."""
    first: int = 1
    """The oldest seq this user may still be given."""
    holes: tuple[tuple[int, int], ...] = ()
    """Inclusive ranges below the cursor that are not held, rising."""
    read: int = 0
    unread: int = 0
    mentions: int = 0
    counted: int = 0
    """The seq up to which `unread` counts; later entries of others add 1 when they are applied."""
    flags: int = 0
    read_wanted: int = 0
    """A read watermark the server does not have yet; 0: none."""


class Kept(NamedTuple):
    """A row of the outbox. With `seq` it is acked, and stays until the device holds its entry."""

    command: OutboxCommand
    ordered: bool
    seq: int | None = None


class Keep(NamedTuple):
    """Durable: put the command into the outbox; one that is there keeps its place, and is not acked (any more)."""

    command: OutboxCommand
    ordered: bool


class Acked(NamedTuple):
    """Durable: the command is entry `seq`; `created_at` is the server's time.

    The row leaves the outbox, unless it `awaits_entry` (then it leaves by `Settled`): a log that came back shorter may
    have lost the entry before this device got it, and then the command must be sent again (promise F6).
    """

    client_id: UUID
    conversation_id: ConversationId
    seq: int
    created_at: datetime
    duplicate: bool
    awaits_entry: bool = False
    trace: list[TracedHop] | None = None


class Settled(NamedTuple):
    """Durable: the entry of an acked command is held; the row leaves the outbox."""

    client_id: UUID


class Failed(NamedTuple):
    """Durable: take the command out of the outbox; it was refused for good and changed nothing."""

    client_id: UUID
    error: ChatError


class Apply(NamedTuple):
    """Durable: store the entries (rising; none of them is held yet) and the position, together."""

    conversation_id: ConversationId
    entries: tuple[Entry, ...]
    position: Position


class Truncate(NamedTuple):
    """Durable: forget every entry above `after` and store the position; own messages among them go to the outbox."""

    conversation_id: ConversationId
    after: int
    position: Position


class SaveToken(NamedTuple):
    """Durable: all that came before is stored; the next session may resume here."""

    epoch: str
    token: str


class Connect(NamedTuple):
    """Open a connection after this many seconds; then tell `connected`, or `closed` when it cannot be had."""

    after_s: float


class Disconnect(NamedTuple):
    """Close the connection with this code; the link has done with it, `closed` is not told."""

    code: int


class Transmit(NamedTuple):
    """Send the frame on the present connection."""

    frame: AnyCommand


class Recall(NamedTuple):
    """Answer with `recalled`: per row the identity of the newest held entry at or below the seq, if any."""

    asks: tuple[tuple[ConversationId, int], ...]


class StateChanged(NamedTuple):
    """The link's state is now this."""

    state: State


class Refused(NamedTuple):
    """The server closed with a code that forbids to come back unchanged; `wake` connects again."""

    code: int


class ScreenChanged(NamedTuple):
    """Presence or typing of what is on screen changed: `Link.screen` has it."""


Durable = Keep | Acked | Settled | Failed | Apply | Truncate | SaveToken
Action = Durable | Connect | Disconnect | Transmit | Recall | StateChanged | Refused | ScreenChanged
DURABLE = (Keep, Acked, Settled, Failed, Apply, Truncate, SaveToken)
