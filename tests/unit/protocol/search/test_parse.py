"""The query language: what is understood in some way, and what is refused with its place."""

from datetime import date

import pytest

from seriatim.core.errors import BadQuery
from seriatim.protocol.search.parse import parse
from seriatim.protocol.search.query import Clause, Filter, FilterKind, Query, Words, days

TODAY = date(2026, 11, 24)  # a Tuesday


def words(*texts: str) -> tuple[Clause, ...]:
    return tuple(Clause((Words(text),)) for text in texts)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("release plan", Query(words("release", "plan"))),
        ('"release  plan" v2', Query((Clause((Words("release plan", quoted=True),)), *words("v2")))),
        ("releas* -draft", Query((Clause((Words("releas", prefix=True),)), Clause((Words("draft"),), excluded=True)))),
        ("a OR b OR c d", Query((Clause((Words("a"), Words("b"), Words("c"))), *words("d")))),
        ('"open quote', Query((Clause((Words("open quote", quoted=True),)),))),
        ("OR OR a OR", Query(words("a"))),
        ("a OR -b", Query((*words("a"), Clause((Words("b"),), excluded=True)))),
        ("a or b", Query(words("a", "or", "b"))),
        ("((a)) & | ! <->", Query(words("((a))"))),
        ("b:*", Query((Clause((Words("b:", prefix=True),)),))),
        ("from:ada FROM:@Bob", Query((), (Filter(FilterKind.FROM, "ada"), Filter(FilterKind.FROM, "@Bob")))),
        ('in:"the long title" x', Query(words("x"), (Filter(FilterKind.IN, "the long title"),))),
        ("-has:LINK x", Query(words("x"), (Filter(FilterKind.HAS, "link", excluded=True),))),
        ("ha\u017f:beer", Query(words("ha\u017f:beer"))),
        ("--from:ada", Query((), (Filter(FilterKind.FROM, "ada", excluded=True),))),
        ("from: x", Query(words("x"))),
        ("colour:red https://a.b/c", Query(words("colour:red", "https://a.b/c"))),
        ("before:2026-2", Query((), (Filter(FilterKind.BEFORE, "2026-2"),))),
    ],
)
def test_what_is_typed_is_understood(text: str, query: Query) -> None:
    assert parse(text, TODAY) == query


def test_days_can_be_named_by_words() -> None:
    found = parse("on:yesterday after:monday before:tuesday on:wednesday", TODAY)
    assert [said.value for said in found.filters] == ["2026-11-23", "2026-11-23", "2026-11-24", "2026-11-18"]


@pytest.mark.parametrize("value", ["2026", "2026-12", "2026-12-31"])
def test_a_day_a_month_and_a_year_end_where_the_next_begins(value: str) -> None:
    assert days(value)[1] == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "empty"),
        (" \t OR ", 0, "empty"),
        ("x before:2026-02-31", 9, "date"),
        ("on:soon", 3, "date"),
        ("after:9999", 6, "date"),
        ("on:9999-12-31", 3, "date"),
        ("on:0000", 3, "date"),
        ("lunch has:beer", 10, "value"),
        ("is:late", 3, "value"),
        ("a" * 513, 512, "too_long"),
        (" ".join("abcdefghijklmnopq"), 32, "too_many_terms"),
    ],
)
def test_what_means_nothing_is_refused_with_its_place(text: str, position: int, reason: str) -> None:
    with pytest.raises(BadQuery) as refused:
        parse(text, TODAY)
    assert (refused.value.position, refused.value.reason) == (position, reason)
    assert refused.value.path == "$.query"
