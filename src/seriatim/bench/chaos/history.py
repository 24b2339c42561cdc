"""What a chaos run writes down: one line per happening, each process its own file, one monotonic clock for all."""

import os
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec

from seriatim.protocol.entries import Entry

_T = TypeVar("_T")


class Happening(msgspec.Struct, frozen=True, array_like=True):
    """Something that happened on a device; `at_ns` is CLOCK_MONOTONIC, the same in every process of a machine."""

    at_ns: int
    device: int


class Invoked(Happening, frozen=True, array_like=True, tag="invoke"):
    """A command was given; until something else is said of its key its outcome is unknown. `body`: of messages."""

    key: UUID
    conversation: int
    body: str | None
    ordered: bool


class Kept(Happening, frozen=True, array_like=True, tag="kept"):
    """The command is in the outbox: it must come into the log now, whatever is killed."""

    key: UUID


class Acked(Happening, frozen=True, array_like=True, tag="ok"):
    """The server acked the command."""

    key: UUID
    conversation: int
    seq: int
    created_at: str


class Failed(Happening, frozen=True, array_like=True, tag="fail"):
    """The server refused the command for good."""

    key: UUID
    code: str


class Seen(Happening, frozen=True, array_like=True, tag="seen"):
    """Entries `first`..`last` came into view; `late_ms` after their commit, if it was connected all the while."""

    conversation: int
    first: int
    last: int
    late_ms: float | None


class Truncated(Happening, frozen=True, array_like=True, tag="truncated"):
    """The device took entries out of view, though the log was never restored."""

    conversation: int
    after: int


class Reading(Happening, frozen=True, array_like=True, tag="read"):
    """The user has read up to `seq`."""

    conversation: int
    seq: int


class Watermark(Happening, frozen=True, array_like=True, tag="watermark"):
    """What the database said meanwhile; `device` is 0."""

    conversation: int
    user: int
    seq: int


Event = Invoked | Kept | Acked | Failed | Seen | Truncated | Reading | Watermark


GONE = ""
"""Stands for the body of a message that was deleted."""


class LogEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry of the final log. `users`: whom a roster entry concerns.

    `ordinal`: within the main timeline. `body`: what a message said first; GONE if it was deleted.
    """

    conversation: int
    seq: int
    kind: str
    device: int
    key: UUID
    created_at: str
    ordinal: int | None
    body: str | None
    users: list[int]


class LogConversation(msgspec.Struct, frozen=True, array_like=True):
    """A conversation's own numbers."""

    conversation: int
    head: int
    last_ordinal: int


class LogMember(msgspec.Struct, frozen=True, array_like=True):
    """A member's own numbers."""

    conversation: int
    user: int
    left: bool
    read: int
    read_ordinal: int


class FinalLog(msgspec.Struct, frozen=True):
    """All that the server holds when it is over."""

    entries: list[LogEntry]
    conversations: list[LogConversation]
    members: list[LogMember]


class HeldEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry as a device holds it; `state` stands for all that it tells."""

    conversation: int
    seq: int
    key: UUID
    state: str


class PageEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry as a page tells it in the end."""

    conversation: int
    seq: int
    state: str


class FreshPages(msgspec.Struct, frozen=True, array_like=True):
    """All that a user may read in the end."""

    user: int
    entries: list[PageEntry]


class Device(msgspec.Struct, frozen=True):
    """What the reopened store of a device holds: entries in the order in which they came into view."""

    device: int
    user: int
    entries: list[HeldEntry]
    outbox: list[UUID]
    unread: dict[int, int]


def digest(body: str) -> str:
    """Return what stands for a body; every body of a run is another one."""
    return blake2b(body.encode(), digest_size=8).hexdigest()


def state(entry: Entry) -> str:
    """Return what stands for an entry with all that has become of it."""
    return blake2b(msgspec.json.encode(entry), digest_size=8).hexdigest()


class Writer:
    """A history file of one process; a line is with the kernel when `write` returns, so kill -9 loses none."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, event: Event) -> None:
        """Add a line."""
        os.write(self._file, _ENCODER.encode(event) + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def events(path: Path) -> Iterator[Event]:
    """Yield the lines of one file; a last one that was cut off in writing is left out."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield _DECODER.decode(line)


def save(path: Path, rows: Iterable[msgspec.Struct]) -> None:
    """Write rows as lines."""
    path.write_bytes(b"".join(_ENCODER.encode(row) + b"\n" for row in rows))


def load(path: Path, kind: type[_T]) -> list[_T]:
    """Read what `save` wrote."""
    decoder = msgspec.json.Decoder(kind)
    return [decoder.decode(line) for line in path.read_bytes().splitlines()]


_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
