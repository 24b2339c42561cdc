"""Messages and polls in words, as one line each: what they say, and what became of them."""

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
    ReactionAdded,
    ReactionRemoved,
)

FOLDED = (MessageEdited, MessageDeleted, ReactionAdded, ReactionRemoved, PollVoted)
"""What a message or poll shows by itself when it is looked at later."""

_DID: dict[type[Entry], str] = {
    MessageDeleted: "deleted",
    MessagePinned: "pinned",
    MessageUnpinned: "unpinned",
    PollVoted: "voted in",
    PollClosed: "closed",
}


def spoken(entry: MessageSent | PollStarted, who: str) -> str:
    """Return a message or poll of this person."""
    if entry.deleted_seq is not None:
        return f"{who}: (deleted)"
    if isinstance(entry, MessageSent):
        to = f" (to {entry.thread_seq or entry.target_seq})" if entry.thread_seq or entry.target_seq else ""
        words = f"{who}{to}: {entry.body}" + (" (edited)" if entry.edited_seq else "")
    else:
        votes = entry.votes or (0,) * len(entry.options)
        options = (f"[{place}] {option} {votes[place]}" for place, option in enumerate(entry.options))
        words = f"{who} asks: {entry.question} {' '.join(options)}" + (" (closed)" if entry.closed_seq else "")
    reactions = " ".join(f"{emoji}{count}" for emoji, count, _ in entry.reactions)
    return words + (f"  {reactions}" if reactions else "") + (" (pinned)" if entry.pinned_seq else "")


def changed(entry: Entry, who: str) -> str | None:
    """Return what this person did to the message or poll `target_seq`; None: it is another kind of entry."""
    match entry:
        case MessageEdited():
            return f"* {who} changed {entry.target_seq}: {entry.body}"
        case ReactionAdded():
            return f"* {who}: {entry.emoji} to {entry.target_seq}"
        case ReactionRemoved():
            return f"* {who}: no {entry.emoji} to {entry.target_seq} any more"
        case MessageDeleted() | MessagePinned() | MessageUnpinned() | PollVoted() | PollClosed():
            return f"* {who} {_DID[type(entry)]} {entry.target_seq}"
        case _:
            return None
