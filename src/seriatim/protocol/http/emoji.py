"""Emoji of the server's own."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

EMOJI: Final = 1_000
"""Most of them on one server."""
PICTURE_BYTES: Final = 128 * 1024
PICTURE_PIXELS: Final = 512
"""Largest width and height."""
NAME_CHARACTERS: Final = (2, 32)


class NewEmoji(msgspec.Struct, frozen=True, kw_only=True):
    """A name, as it is written between colons, and a PNG, GIF, WebP or JPEG in base64, at most 128 KiB and 512x512 px.

    The name is 2 to 32 small letters, digits, `_`, `+` and `-`, and that of no standard emoji.
    """

    name: Annotated[str, Meta(min_length=NAME_CHARACTERS[0], max_length=NAME_CHARACTERS[1])]
    picture: bytes


class CustomEmoji(msgspec.Struct, frozen=True, kw_only=True):
    """An emoji of this server, written `:name:`; its picture is at `path`, and there never changes."""

    name: str
    path: str
    width: int
    height: int


class CustomEmojis(msgspec.Struct, frozen=True, kw_only=True):
    """All emoji of this server, in the order of their names; `may_add`: the caller may add one."""

    emoji: list[CustomEmoji]
    may_add: bool
