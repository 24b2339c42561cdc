"""The part of a text that shows why it was found: plain text and ranges, never markup."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from seriatim.protocol.search.query import Clause, Words
from seriatim.protocol.search.words import Pattern, Placed, pattern, placed

SNIPPET_CODE_POINTS: Final = 200
LOOKED_AT: Final = 4_096
"""Of a longer text the beginning is looked at, and marked."""
_BEFORE: Final = 60
_CUT: Final = "…"


class Snippet(NamedTuple):
    """A part of a text; `ranges` are first and end code points of what was looked for, apart and in order."""

    text: str
    ranges: list[tuple[int, int]]


def snippet(text: str, clauses: Sequence[Clause], *, typos: bool = False) -> Snippet:
    """Return the part of a text around what a query found first, with all of it marked; line ends are blanks."""
    looked_at = text[:LOOKED_AT]
    said = list(placed(looked_at))
    ranges: list[tuple[int, int]] = []
    for clause in clauses:
        for words in () if clause.excluded else clause.alternatives:
            ranges += _found(said, words, typos=typos)
    marks = _joined(sorted(ranges))
    start, end = _window(text, marks)
    shown = text[start:end]
    before, after = _CUT if start else "", _CUT if end < len(text) else ""
    moved = len(before) - start
    return Snippet(
        before + "".join(" " if character in "\r\n\t" else character for character in shown) + after,
        [(low + moved, min(high, end) + moved) for low, high in marks if start <= low < end],
    )


def within_one_edit(one: str, other: str) -> bool:
    """Say whether one letter added, left out, changed, or swapped with the next makes these the same."""
    if abs(len(one) - len(other)) > 1:
        return False
    head = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if head is None:
        return True
    a, b = one[head:], other[head:]
    swapped = len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a == b[1:] or a[1:] == b


def _found(said: Sequence[Placed], words: Words, *, typos: bool) -> list[tuple[int, int]]:
    wanted = pattern(words.text, prefix=words.prefix)
    if wanted is None:
        return []
    loosely = typos and not words.quoted and not wanted.prefix and len(wanted.terms) == 1
    return [
        (said[index].start, said[index + wanted.offsets[-1]].end)
        for index in range(len(said) - wanted.offsets[-1])
        if _stands(said, index, wanted) or (loosely and within_one_edit(said[index].term, wanted.terms[0]))
    ]


def _stands(said: Sequence[Placed], index: int, wanted: Pattern) -> bool:
    last = len(wanted.terms) - 1
    for place, (term, offset) in enumerate(zip(wanted.terms, wanted.offsets, strict=True)):
        there = said[index + offset].term
        if there != term and not (wanted.prefix and place == last and there.startswith(term)):
            return False
    return True


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for low, high in ranges:
        if joined and low < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    assert all(one[1] <= other[0] for one, other in pairwise(joined))
    return joined


def _window(text: str, marks: Sequence[tuple[int, int]]) -> tuple[int, int]:
    if len(text) <= SNIPPET_CODE_POINTS:
        return 0, len(text)
    start = max(0, marks[0][0] - _BEFORE) if marks else 0
    if start:
        blank = text.find(" ", start, marks[0][0])
        start = start if blank < 0 else blank + 1
    end = min(len(text), start + SNIPPET_CODE_POINTS)
    if end < len(text):
        blank = text.rfind(" ", start + SNIPPET_CODE_POINTS // 2, end)
        end = end if blank < 0 else blank
    return start, end
