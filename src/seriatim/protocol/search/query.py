"""What a search asks for: a tree that every index understands, and that can be written as text again."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from seriatim.protocol.search.words import pattern

QUERY_CODE_POINTS: Final = 512
QUERY_TERMS: Final = 16
"""Most words, phrases and filters of one query."""


class FilterKind(StrEnum):
    """What a filter looks at."""

    FROM = "from"
    """Who wrote it: a name, an id, or `me`."""
    IN = "in"
    """Where: a title, a person's name for the conversation with him alone, or an id."""
    WITH = "with"
    """Conversations that this person is in."""
    BEFORE = "before"
    """Days: `2026`, `2026-11`, `2026-11-24`; today, yesterday, or a weekday: the last one."""
    AFTER = "after"
    ON = "on"
    HAS = "has"
    IS = "is"
    MENTIONS = "mentions"
    """A name, an id, or `me`; everybody is mentioned by @all."""


class Has(StrEnum):
    """What a message can have."""

    LINK = "link"
    FILE = "file"
    IMAGE = "image"
    VIDEO = "video"
    REACTION = "reaction"
    THREAD = "thread"
    """Replies hang on it."""
    PIN = "pin"


class Is(StrEnum):
    """What a message can be."""

    THREAD = "thread"
    """A reply in a thread."""
    PINNED = "pinned"
    SAVED = "saved"
    UNREAD = "unread"


DATES: Final = frozenset({FilterKind.BEFORE, FilterKind.AFTER, FilterKind.ON})
VALUES: Final[dict[FilterKind, type[StrEnum]]] = {FilterKind.HAS: Has, FilterKind.IS: Is}


class Words(msgspec.Struct, frozen=True):
    """A word, or words that stand together; `prefix`: the last may go on. A quoted one is meant as it is written."""

    text: str
    prefix: bool = False
    quoted: bool = False


class Clause(msgspec.Struct, frozen=True):
    """One of these has to be in a message, or, if `excluded`, must not be."""

    alternatives: tuple[Words, ...]
    excluded: bool = False


class Filter(msgspec.Struct, frozen=True):
    """What a message has to be besides, or, if `excluded`, must not be; `value` as it is written."""

    kind: FilterKind
    value: str
    excluded: bool = False


class Query(msgspec.Struct, frozen=True):
    """All clauses hold. Of filters of one kind one has to; of `has`, `is`, `before`, `after` and the excluded, all."""

    clauses: tuple[Clause, ...] = ()
    filters: tuple[Filter, ...] = ()

    def __str__(self) -> str:
        """Write the query so that parsing it makes the same one."""
        said = [
            f"{'-' if clause.excluded else ''}{' OR '.join(map(_written, clause.alternatives))}"
            for clause in self.clauses
        ]
        said += [f"{'-' if f.excluded else ''}{f.kind}:{_quoted_if_needed(f.value)}" for f in self.filters]
        return " ".join(said)


def days(value: str) -> tuple[date, date]:
    """Return the first day of a year, a month or a day, and the first one after it.

    Raises:
        ValueError: there is no such day.
    """
    numbers = [int(part) for part in value.split("-")]
    year, month, day = [*numbers, 1, 1][:3] if len(numbers) < 3 else numbers  # noqa: PLR2004 - year, month, day
    first = date(year, month, day)
    if len(numbers) == 1:
        return first, date(year + 1, 1, 1)
    if len(numbers) == 2:  # noqa: PLR2004
        return first, date(year + month // 12, month % 12 + 1, 1)
    return first, first + timedelta(days=1)


def _written(words: Words) -> str:
    if words.quoted:
        return f'"{words.text}"'
    return f"{words.text}{'*' if words.prefix else ''}"


def _quoted_if_needed(value: str) -> str:
    return f'"{value}"' if any(map(str.isspace, value)) or not pattern(value) else value
