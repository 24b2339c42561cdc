"""Any text is a query or a refusal with its place; a query that is written down is the same query again."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from seriatim.core.errors import BadQuery
from seriatim.protocol.search.parse import parse
from seriatim.protocol.search.query import QUERY_CODE_POINTS, Query
from seriatim.protocol.search.words import pattern, placed, terms

TODAY = date(2026, 11, 24)
PIECES = [
    "from:",
    "in:",
    "has:",
    "is:",
    "on:",
    "-",
    '"',
    "OR",
    " ",
    "*",
    "ada",
    "2026-11",
    "link",
    "東京",
    "é",
    "\u201c",
]
TYPED = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))


@given(TYPED)
def test_any_text_is_a_query_or_a_refusal_with_its_place(text: str) -> None:
    found = parsed(text)
    if isinstance(found, BadQuery):
        assert 0 <= found.position <= QUERY_CODE_POINTS
        assert found.reason in {"empty", "too_many_terms", "date", "value"}
    else:
        assert parse(str(found), TODAY) == found


def parsed(text: str) -> Query | BadQuery:
    try:
        return parse(text, TODAY)
    except BadQuery as refused:
        return refused


@given(st.text(max_size=80))
def test_a_text_is_found_by_itself(text: str) -> None:
    said = terms(text).split()
    found = pattern(text)
    assert (found is None) == (not said)
    if found is not None:
        last = len(found.terms) - 1
        for place, (term, offset) in enumerate(zip(found.terms, found.offsets, strict=True)):
            assert said[offset].startswith(term) if found.prefix and place == last else said[offset] == term


@given(st.text(max_size=80))
def test_terms_have_places_in_their_text(text: str) -> None:
    for said in placed(text):
        assert 0 <= said.start < said.end <= len(text)
