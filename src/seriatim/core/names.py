"""What the names of people and bots may be, and which two names are one: pure, the same for every way in."""

import unicodedata

from seriatim.core.errors import BadRequest

NAME_CODE_POINTS = 64
"""Longest name."""
REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, bidi and zero-width characters, surrogates, private use, unassigned, line and paragraph separators."""
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing: a name made of them, or differing by them, deceives."""
VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810))


def clean_name(name: str, path: str = "$.name") -> str:
    """Return the name in its one spelling (NFC), fit to be shown beside others.

    Raises:
        BadRequest: at `path`; too long, blank at an end, or with a character that is invisible or misleading.
    """
    name = unicodedata.normalize("NFC", name)
    if len(name) > NAME_CODE_POINTS:
        raise BadRequest(f"a name has at most {NAME_CODE_POINTS} characters", path=path, reason="length")
    if name != name.strip() or not name or "  " in name:
        raise BadRequest("a name neither begins nor ends with a blank", path=path, reason="blank")
    if any(_misleading(character) for character in name):
        raise BadRequest("a name has visible characters only", path=path, reason="characters")
    return name


def name_key(name: str) -> str:
    """Return what makes two names one: case and the ways to compose a character do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _misleading(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category in REFUSED_CATEGORIES
        or (category == "Zs" and character != " ")
        or character in INVISIBLE
        or any(ord(character) in selectors for selectors in VARIATION_SELECTORS)
    )
