"""What a query means for one asker: whom its names are, which days it speaks of, and what only the database knows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from seriatim.core.ids import UserId
from seriatim.core.names import name_key
from seriatim.features.search.documents import LINK, REPLY, mark_of_mention
from seriatim.protocol.search.query import VALUES, Filter, FilterKind, Has, Is, Query, days
from seriatim.storage.search.matching import LAST_PLACE, AnyOf, Within
from seriatim.storage.search.schema import SEQ_BITS, first_place

ME: Final = "me"
MINUTE_MS: Final = 60_000
_ID_DIGITS: Final = 16
_OF_PEOPLE: Final = frozenset({FilterKind.FROM, FilterKind.IN, FilterKind.WITH, FilterKind.MENTIONS})
_IN_ROWS: Final[dict[tuple[FilterKind, str], str]] = {
    (FilterKind.HAS, Has.PIN): "pinned",
    (FilterKind.IS, Is.PINNED): "pinned",
    (FilterKind.HAS, Has.REACTION): "reacted",
    (FilterKind.HAS, Has.THREAD): "threaded",
    (FilterKind.IS, Is.SAVED): "saved",
}
"""What changes often, and is looked up in the database."""
_MARKS: Final[dict[tuple[FilterKind, str], str]] = {
    (FilterKind.HAS, Has.LINK): LINK,
    (FilterKind.HAS, Has.FILE): "file",
    (FilterKind.HAS, Has.IMAGE): "image",
    (FilterKind.HAS, Has.VIDEO): "video",
    (FilterKind.IS, Is.THREAD): REPLY,
}
ROWS_UNASKED: Final[dict[str, bool | None]] = dict.fromkeys(_IN_ROWS.values())


class Unfindable(Exception):
    """Nothing can be all that this query asks for."""


class Wish(NamedTuple):
    """What a query asks for besides its words: of the index, of its scope, and of the rows that were found."""

    conditions: list[AnyOf | Within]
    scope: dict[str, Any]
    rows: dict[str, bool | None]
    unread: bool | None


def names_in(query: Query) -> tuple[list[str], list[int]]:
    """Return the folded names and the ids that its filters name, of people or conversations."""
    values = [_bare(one) for one in query.filters if one.kind in _OF_PEOPLE]
    return [name_key(value) for value in values], [found for found in map(_id_of, values) if found is not None]


def wish_of(query: Query, user_id: UserId, people: Mapping[str, set[UserId]], utc_offset_min: int) -> Wish:
    """Return what this query asks for; a name that nobody has finds nothing.

    Raises:
        Unfindable: it contradicts itself.
    """

    def ids(one: Filter) -> set[UserId]:
        value = _bare(one)
        return {user_id} if value.lower() == ME else people.get(name_key(value), set())

    by_kind: dict[tuple[FilterKind, bool], list[Filter]] = {}
    for one in query.filters:
        by_kind.setdefault((one.kind, one.excluded), []).append(one)
    conditions, rows, unread = _states([one for one in query.filters if one.kind in VALUES])
    for (kind, excluded), several in by_kind.items():
        match kind:
            case FilterKind.FROM:
                senders = frozenset(int(found) for one in several for found in ids(one))
                conditions.append(AnyOf("sender", senders, excluded))
            case FilterKind.MENTIONS:
                found = {mark_of_mention(found) for one in several for found in ids(one)}
                everybody = {mark_of_mention(0)} if found else set[str]()
                conditions.append(AnyOf("marks", frozenset(found | everybody), excluded))
            case FilterKind.BEFORE | FilterKind.AFTER:
                conditions += [Within((_places(one, utc_offset_min),), excluded) for one in several]
            case FilterKind.ON:
                conditions.append(Within(tuple(_places(one, utc_offset_min) for one in several), excluded))
            case _:
                pass
    return Wish(conditions, _scope(by_kind, ids), rows, unread)


def _states(filters: Sequence[Filter]) -> tuple[list[AnyOf | Within], dict[str, bool | None], bool | None]:
    """Return what `has:` and `is:` ask of the index, of the rows, and of the marks of what was read."""
    conditions: list[AnyOf | Within] = []
    rows, unread = dict(ROWS_UNASKED), None
    for one in filters:
        key = (one.kind, one.value)
        if key in _MARKS:
            conditions.append(AnyOf("marks", frozenset({_MARKS[key]}), one.excluded))
        elif key in _IN_ROWS:
            rows[_IN_ROWS[key]] = _agreed(rows[_IN_ROWS[key]], not one.excluded)
        else:
            unread = _agreed(unread, not one.excluded)
    return conditions, rows, unread


def _scope(
    by_kind: Mapping[tuple[FilterKind, bool], list[Filter]], ids: Callable[[Filter], set[UserId]]
) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for excluded, word in ((False, "in"), (True, "out")):
        here = by_kind.get((FilterKind.IN, excluded), [])
        named[f"{word}_ids"] = [found for found in (_id_of(_bare(one)) for one in here) if found is not None]
        named[f"{word}_titles"] = [_bare(one).lower() for one in here]
        named[f"{word}_people"] = [found for one in here for found in ids(one)]
        named[f"is_{word}"] = bool(here)
    for excluded, word in ((False, "with"), (True, "without")):
        beside = by_kind.get((FilterKind.WITH, excluded), [])
        named[word] = [found for one in beside for found in ids(one)]
        named[f"is_{word}"] = bool(beside)
    return named


def _places(one: Filter, utc_offset_min: int) -> tuple[int, int]:
    first, end = (_midnight(day, utc_offset_min) for day in days(one.value))
    if one.kind is FilterKind.BEFORE:
        return 0, first
    return (end, LAST_PLACE) if one.kind is FilterKind.AFTER else (first, end)


def _midnight(day: date, utc_offset_min: int) -> int:
    """Return the first place of a day of the asker's."""
    return first_place(datetime(day.year, day.month, day.day, tzinfo=UTC)) - (utc_offset_min * MINUTE_MS << SEQ_BITS)


def _agreed(before: bool | None, now: bool) -> bool:
    if before is not None and before is not now:
        raise Unfindable
    return now


def _bare(one: Filter) -> str:
    return one.value.lstrip("@#")


def _id_of(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _ID_DIGITS else None
