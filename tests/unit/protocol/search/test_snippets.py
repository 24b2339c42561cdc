"""The part of a text that is shown, and what is marked in it."""

from datetime import date

import pytest

from seriatim.protocol.search.parse import parse
from seriatim.protocol.search.snippets import SNIPPET_CODE_POINTS, snippet, within_one_edit


def marked(text: str, query: str, *, typos: bool = False) -> list[str]:
    found = snippet(text, parse(query, date(2026, 11, 24)).clauses, typos=typos)
    return [found.text[low:high] for low, high in found.ranges]


@pytest.mark.parametrize(
    ("text", "query", "parts"),
    [
        ("The Red fox", "red", ["Red"]),
        ("red hot red", '"hot red"', ["hot red"]),
        ("café, CAFE!", "cafe", ["café", "CAFE"]),
        ("released today", "rel*", ["released"]),
        ("東京都に行く", "京都", ["京都"]),
        ("東京都", "都", ["都"]),
        ("fox dog", "fox -dog OR cat", ["fox"]),
        ("<b>fox</b>", "fox", ["fox"]),
        ("nothing of it", "elsewhere", []),
        ("a\nb", "a b", ["a", "b"]),
    ],
)
def test_what_was_looked_for_is_marked(text: str, query: str, parts: list[str]) -> None:
    assert marked(text, query) == parts


def test_another_spelling_is_marked_when_it_was_found_by_it() -> None:
    assert marked("did you receive it", "recieve", typos=True) == ["receive"]
    assert marked("did you receive it", "recieve") == []


@pytest.mark.parametrize("place", [0, 100, 399])
def test_of_a_long_text_the_part_around_the_first_mark_is_shown(place: int) -> None:
    words = ["word"] * 400
    words[place] = "needle"
    found = snippet(" ".join(words), parse("needle", date(2026, 11, 24)).clauses)
    assert [found.text[low:high] for low, high in found.ranges] == ["needle"]
    assert len(found.text) <= SNIPPET_CODE_POINTS + 2
    assert found.text.startswith("…") == (place > 0)
    assert found.text.endswith("…") == (place < 399)
    assert "\n" not in found.text


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("abcd", "abcd", True),
        ("abcd", "abd", True),
        ("abcd", "abxcd", True),
        ("abcd", "abxd", True),
        ("abcd", "acbd", True),
        ("abcd", "bcda", False),
        ("abcd", "ab", False),
        ("", "ab", False),
    ],
)
def test_one_edit_is_a_letter_more_less_other_or_swapped(one: str, other: str, alike: bool) -> None:
    assert within_one_edit(one, other) is alike
    assert within_one_edit(other, one) is alike
