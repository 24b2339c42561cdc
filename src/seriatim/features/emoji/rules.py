"""The rules of a server's own emoji, pure: who adds them, and what their names may be."""

import re
from collections.abc import Container
from enum import StrEnum
from typing import Final

from seriatim.core.errors import BadRequest, Conflict
from seriatim.protocol.http.emoji import NAME_CHARACTERS

NAME: Final = re.compile(rf"[a-z0-9_+-]{{{NAME_CHARACTERS[0]},{NAME_CHARACTERS[1]}}}")


class EmojiPolicy(StrEnum):
    """Who may add emoji."""

    ADMINS = "admins"
    EVERYBODY = "everybody"
    """But guests; who added one may remove it."""


def check_name(name: str, standard: Container[str]) -> None:
    """Refuse what cannot be written between colons, or is one of the `standard` names, which everybody has.

    Raises:
        BadRequest: at `$.name`, reason `emoji_name`.
        Conflict: `standard`.
    """
    if NAME.fullmatch(name) is None:
        raise BadRequest(
            "2 to 32 small letters, digits, `_`, `+` and `-`, without colons", path="$.name", reason="emoji_name"
        )
    if name in standard:
        raise Conflict("a standard emoji has this name", path="$.name", reason="standard")
