"""The fold: what later entries make of those before them; pure, the same for every store (promise L6).

A page tells entries in their present state, an event only what was sent. A device that folds each entry into those it
holds, in order, has what a fresh page would tell: an entry knows by `changed_seq` which changes are in it already, so
one that was read after a change, and then meets the change, stays as it is.

Only entries between which the device holds everything may meet: what stands below a hole is folded when the hole is
filled (client/store.py).
"""

from collections.abc import Iterable
from typing import Any, Protocol

from msgspec.structs import replace

from seriatim.core.ids import UserId
from seriatim.protocol.entries import (
    Entry,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessageSent,
    MessageUnpinned,
    PollClosed,
    PollStarted,
    PollVoted,
    Reaction,
    ReactionAdded,
    ReactionRemoved,
    ThreadState,
)

Change = (
    MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | MessagePinned
    | MessageUnpinned
    | PollVoted
    | PollClosed
)
"""Entries that change the message or poll `target_seq`."""
CHANGES = (
    MessageEdited,
    MessageDeleted,
    ReactionAdded,
    ReactionRemoved,
    MessagePinned,
    MessageUnpinned,
    PollVoted,
    PollClosed,
)
Target = MessageSent | PollStarted


_EMPTY: dict[type[Target], dict[str, Any]] = {
    MessageSent: {"body": "", "edited_seq": None, "forwarded": None, "mentions": (), "via": None, "sent_at": None},
    PollStarted: {
        "question": "",
        "options": [],
        "multiple": False,
        "anonymous": False,
        "closes_at": None,
        "votes": (),
        "voters": 0,
        "chosen": (),
        "closed_seq": None,
    },
}
"""What is left of a target that was deleted."""


class Held(Protocol):
    """What a device holds of one conversation."""

    def entry(self, seq: int) -> Entry | None:
        """Return the entry, if it is held."""
        ...

    def edits(self, target_seq: int) -> Iterable[MessageEdited]:
        """Return the edits of a message that are held."""
        ...


def changed_by(entry: Entry) -> int | None:
    """Return the seq of the entry that this one changes, if any."""
    if isinstance(entry, CHANGES):
        return entry.target_seq
    return entry.thread_seq if isinstance(entry, MessageSent) else None


def fold(held: Held, entry: Entry, reader: UserId) -> list[Entry]:
    """Return the held entries that this one changes, as they are with it; it is held by then or not.

    `reader` is whose device it is: pages tell each reader which reactions and votes are his own.
    """
    changed: list[Entry] = []
    if isinstance(entry, MessageDeleted):
        # Also where the message is not held, or was read after its deletion, and its edits before.
        changed += [replace(edit, body="", previous="") for edit in held.edits(entry.target_seq)]
    seq = changed_by(entry)
    target = None if seq is None else held.entry(seq)
    if not isinstance(target, MessageSent | PollStarted):
        return changed
    if isinstance(entry, MessageSent):
        return _replied(target, entry)
    assert isinstance(entry, CHANGES)
    if entry.seq > (target.changed_seq or 0):
        changed.append(_changed(target, entry, reader))
    return changed


def _changed(target: Target, entry: Change, reader: UserId) -> Target:
    new: dict[str, Any]
    match entry:
        case MessageEdited():
            new = {"body": entry.body, "edited_seq": entry.seq}
        case MessageDeleted():
            new = {"deleted_seq": entry.seq, "pinned_seq": None, "reactions": (), **_EMPTY[type(target)]}
        case ReactionAdded():
            new = {"reactions": _reactions(target, entry, reader, 1)}
        case ReactionRemoved():
            new = {"reactions": _reactions(target, entry, reader, -1)}
        case MessagePinned():
            new = {"pinned_seq": entry.seq}
        case MessageUnpinned():
            new = {"pinned_seq": None}
        case PollVoted():
            new = {"votes": entry.votes if entry.voters else (), "voters": entry.voters}
            if entry.sender_id == reader:
                new["chosen"] = entry.options
        case PollClosed():
            new = {"closed_seq": entry.seq}
    return replace(target, changed_seq=entry.seq, **new)


def _reactions(
    target: Target, entry: ReactionAdded | ReactionRemoved, reader: UserId, step: int
) -> tuple[Reaction, ...]:
    """Return the reactions with one more or one less, the most frequent first, then by code points."""
    kinds = {emoji: (count, mine) for emoji, count, mine in target.reactions}
    count, mine = kinds.get(entry.emoji, (0, False))
    kinds[entry.emoji] = (count + step, step > 0 if entry.sender_id == reader else mine)
    left = ((emoji, count, mine) for emoji, (count, mine) in kinds.items() if count > 0)
    return tuple(sorted(left, key=lambda one: (-one[1], one[0])))


def _replied(root: Target, reply: MessageSent) -> list[Entry]:
    """Count a reply at the root of its thread, unless it is counted there already."""
    known = root.thread
    if known is not None and reply.seq <= known.last_seq:
        return []
    count = 1 if known is None else known.count + 1
    at = reply.sent_at or reply.created_at
    return [replace(root, thread=ThreadState(count=count, last_seq=reply.seq, last_at=at))]
