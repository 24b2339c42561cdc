"""The rules of groups, pure: what a name may be, and which names are one."""

import re
import unicodedata
from typing import Final

from seriatim.core.errors import BadRequest

NAME: Final = re.compile(r"[^\W_](?:[\w.-]*\w)?")
"""One word, for it is written after an @."""


def clean_name(name: str) -> str:
    """Return the name in NFC.

    Raises:
        BadRequest: it is no single word of letters, digits, dots, hyphens and underscores.
    """
    clean = unicodedata.normalize("NFC", name)
    if NAME.fullmatch(clean) is None:
        raise BadRequest("one word of letters, digits, dots and hyphens", path="$.name", reason="word")
    return clean


def name_key(name: str) -> str:
    """Return what two names have in common that are one."""
    return unicodedata.normalize("NFKC", name).casefold()
