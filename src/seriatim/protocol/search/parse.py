"""The query language: words, "phrases", begin*, -without, this OR that, and filters such as from:ada before:2026-11.

Whatever can be understood in some way is: an open quote ends with the text, an unknown filter is a word, operators that
join nothing are passed over. What cannot be is refused with its place: a day or a value that does not exist.
"""

import re
from datetime import date, timedelta
from typing import Final

from seriatim.core.errors import BadQuery
from seriatim.protocol.search.query import (
    DATES,
    QUERY_CODE_POINTS,
    QUERY_TERMS,
    VALUES,
    Clause,
    Filter,
    FilterKind,
    Query,
    Words,
    days,
)
from seriatim.protocol.search.words import pattern

_QUOTES: Final = '"\u201c\u201d\u201e\u00ab\u00bb'
# Not by IGNORECASE, to which a long s is an s.
_KINDS: Final = "|".join("".join(f"[{letter}{letter.upper()}]" for letter in kind) for kind in FilterKind)
_ITEM: Final = re.compile(
    rf"""(?P<minus>-*)(?:
        (?P<kind>{_KINDS}):(?:[{_QUOTES}](?P<quoted_value>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<value>[^\s{_QUOTES}]*))
        |[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?
        |(?P<word>[^\s{_QUOTES}]+)
    )""",
    re.VERBOSE,
)
_DATE: Final = re.compile(r"[0-9]{4}(?:-[0-9]{1,2}){0,2}", re.ASCII)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse(text: str, today: date) -> Query:
    """Return what this text asks for; `today` is the asker's.

    Raises:
        BadQuery: with its position in code points and a reason: `empty`, `too_long` (512 code points),
            `too_many_terms` (16 words, phrases and filters), `date` or `value`.
    """
    if len(text) > QUERY_CODE_POINTS:
        raise BadQuery(f"a query has at most {QUERY_CODE_POINTS} characters", QUERY_CODE_POINTS, reason="too_long")
    text = text.replace("\0", " ")  # which PostgreSQL does not store, and so nobody said
    clauses: list[Clause] = []
    filters: list[Filter] = []
    joins = False
    """Whether OR stands between the last clause and what comes now."""
    count = 0
    for item in _ITEM.finditer(text):
        if item["word"] == "OR" and not item["minus"]:
            joins = bool(clauses)
            continue
        excluded = bool(item["minus"])
        if item["kind"]:
            found = _filter(item, excluded, today)
            filters += [] if found is None else [found]
        else:
            found = _words(item)
            if found is None:
                continue
            if joins and not excluded and not clauses[-1].excluded:
                clauses[-1] = Clause((*clauses[-1].alternatives, found))
            else:
                clauses.append(Clause((found,), excluded))
        joins = False
        count += found is not None
        if count > QUERY_TERMS:
            raise BadQuery(f"at most {QUERY_TERMS} words and filters", item.start(), reason="too_many_terms")
    if not count:
        raise BadQuery("name something to look for", 0, reason="empty")
    return Query(tuple(clauses), tuple(filters))


def _words(item: re.Match[str]) -> Words | None:
    if item["phrase"] is not None:
        text = " ".join(item["phrase"].split())
        return Words(text, quoted=True) if pattern(text) else None
    text = item["word"]
    prefix = text.endswith("*")
    text = text.rstrip("*")
    return Words(text, prefix) if pattern(text) else None


def _filter(item: re.Match[str], excluded: bool, today: date) -> Filter | None:
    kind = FilterKind(item["kind"].lower())
    value = " ".join((item["quoted_value"] if item["value"] is None else item["value"]).split())
    at = item.start() if item["value"] is None else item.start("value")
    if not value:
        return None
    if kind in DATES:
        value = _date(value.lower(), at, today)
    elif kind in VALUES:
        value = value.lower()
        if value not in set(VALUES[kind]):
            known = ", ".join(VALUES[kind])
            raise BadQuery(f"{kind}: is one of {known}", at, reason="value")
    return Filter(kind, value, excluded)


def _date(value: str, at: int, today: date) -> str:
    if value == "today":
        return today.isoformat()
    if value == "yesterday":
        return (today - timedelta(days=1)).isoformat()
    if value in _WEEKDAYS:
        return (today - timedelta(days=(today.weekday() - _WEEKDAYS.index(value)) % 7)).isoformat()
    try:
        if _DATE.fullmatch(value):
            days(value)
            return value
    except (ValueError, OverflowError):
        pass
    raise BadQuery("a day is 2026-11-24, 2026-11, 2026, today, yesterday or a weekday", at, reason="date")
