"""Folding, pairs of characters, and where terms stand in a text."""

import pytest

from seriatim.protocol.search.words import TERM_CODE_POINTS, pattern, placed, terms


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Release plan, v2!", "release plan v2"),
        ("snake_case don't", "snake case don t"),
        ("Crème BRÛLÉE", "creme brulee"),
        ("Straße \uff26\uff35\uff2c\uff2c ﬁne", "strasse full fine"),
        ("ёлка Й", "елка и"),
        ("東京都 x", "東京 京都 都 x"),
        ("iPhone手机", "iphone 手机 机"),
        ("한국어", "한국 국어 어"),
        ("がぎ", "がぎ ぎ"),
        ("हिन्दी में", "हिन्दी में"),
        ("!!! …", ""),
        ("a" * 70 + " b", "a" * TERM_CODE_POINTS + " b"),
        ("é" * 70, "e" * TERM_CODE_POINTS),
    ],
)
def test_a_text_becomes_its_terms(text: str, said: str) -> None:
    assert terms(text).split() == said.split()


def test_any_part_of_a_run_without_blanks_is_a_phrase_of_pairs() -> None:
    found = pattern("京都a")
    assert found is not None
    assert (found.terms, found.offsets, found.prefix) == (("京都", "a"), (0, 2), False)
    single = pattern("京")
    assert single is not None
    assert single.prefix  # "京都" begins with it, and the last of a run stands alone


def test_what_has_no_letter_looks_for_nothing() -> None:
    assert pattern("!? …") is None


def test_terms_know_where_they_are_from() -> None:
    text = "Über 東京都, naïve"
    assert [(said.term, text[said.start : said.end]) for said in placed(text)] == [
        ("uber", "Über"),
        ("東京", "東京"),
        ("京都", "京都"),
        ("都", "都"),
        ("naive", "naïve"),
    ]
