"""How text becomes the terms that are searched: folded words, and pairs of characters where no blanks divide words.

Upper and lower case, accents and compatibility forms (full width, ligatures) do not matter. What is neither letter nor
digit divides terms, an underscore too. Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese are cut into pairs that
overlap, and the last character of a run by itself, so that any part of a run is found: as a phrase of pairs.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

TERM_CODE_POINTS: Final = 64
"""A longer term is cut: what begins alike is found alike."""

_ASCII: Final = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
# Accents, Hebrew points and Arabic vowel signs are left out; other marks are letters in their scripts.
_LEFT_OUT: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670]+"
)
_MARKS: Final = "".join(
    f"\\U{code:08x}"
    for code in (*range(0x0300, 0x1D00), *range(0xA8E0, 0xAC00))
    if unicodedata.category(chr(code)).startswith("M")
)
_UNDIVIDED: Final = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u1100-\u11ff\uac00-\ud7a3"  # Hangul
)
_LETTER: Final = f"(?:[^\\W_]|[{_MARKS}])"
_RUN: Final = re.compile(f"(?P<undivided>(?:(?=[{_UNDIVIDED}]){_LETTER})+)|(?:(?![{_UNDIVIDED}]){_LETTER})+")
_CHUNK: Final = re.compile(f"{_LETTER}+")


class Pattern(NamedTuple):
    """Terms that stand one after the other: what a typed word or phrase looks for.

    `offsets` are their places among the terms of a text, from 0. The last one may only begin a term, if `prefix`.
    """

    terms: tuple[str, ...]
    offsets: tuple[int, ...]
    prefix: bool


class Placed(NamedTuple):
    """A term of a text, and the code points of the text that it is from."""

    term: str
    start: int
    end: int


def terms(text: str) -> str:
    """Return the terms of a text in their order, with blanks between them."""
    if text.isascii():
        said = text.translate(_ASCII)
        return said if len(said) <= TERM_CODE_POINTS else " ".join(map(_cut, said.split()))
    return " ".join(term for run, undivided in _runs(text) for term in _terms_of(run, undivided))


def pattern(text: str, *, prefix: bool = False) -> Pattern | None:
    """Return what finds this word or phrase as part of a text's terms; None: it holds no letter and no digit.

    A single character of a script without blanks between words is found wherever it stands.
    """
    found: list[str] = []
    offsets: list[int] = []
    place = 0
    open_end = prefix
    for run, undivided in _runs(text):
        said = _terms_of(run, undivided)
        kept = said[:-1] if undivided and len(said) > 1 else said
        found += kept
        offsets += range(place, place + len(kept))
        place += len(said)
        open_end = len(said) == 1 if undivided else prefix
    if not found:
        return None
    first = offsets[0]
    return Pattern(tuple(found), tuple(offset - first for offset in offsets), open_end)


def placed(text: str) -> Iterator[Placed]:
    """Yield the terms of a text with their places in it; of terms that folding moved, the word that they are from."""
    for chunk in _CHUNK.finditer(text):
        start = chunk.start()
        for run, undivided in _runs(chunk[0]):
            told = _terms_of(run, undivided)
            at = chunk[0].find(run) if undivided else -1
            for index, term in enumerate(told):
                if at >= 0:
                    yield Placed(term, start + at + index, start + at + index + len(term))
                else:
                    yield Placed(term, start, chunk.end())


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = unicodedata.normalize("NFC", _LEFT_OUT.sub("", folded))
    for run in _RUN.finditer(folded):
        yield run[0], run.lastgroup == "undivided"


def _terms_of(run: str, undivided: bool) -> list[str]:
    if undivided:
        return [run[index : index + 2] for index in range(len(run))]
    return [_cut(run)]


def _cut(term: str) -> str:
    return term[:TERM_CODE_POINTS]
