"""What a picture is, by its bytes alone: its type and its size, read from its head; nothing is decoded or changed.

Who sends it says nothing that counts: neither a file name nor a media type.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from seriatim.core.errors import BadRequest, TooLarge
from seriatim.protocol.http.emoji import PICTURE_BYTES, PICTURE_PIXELS


class Picture(NamedTuple):
    """A picture's media type and its size in pixels."""

    media_type: str
    width: int
    height: int


def look(content: bytes) -> Picture:
    """Return what this picture is.

    Raises:
        TooLarge: `picture_bytes`: over 128 KiB; `picture_pixels`: wider or higher than 512.
        BadRequest: at `$.picture`, reason `picture`: no PNG, GIF, WebP or JPEG, or not a whole one and nothing else.
    """
    if len(content) > PICTURE_BYTES:
        raise TooLarge(f"at most {PICTURE_BYTES} bytes", path="$.picture", reason="picture_bytes")
    picture = None
    for begins, ends, size_of, media_type in KINDS:
        if content.startswith(begins) and content.endswith(ends):
            size = size_of(content)
            picture = None if size is None else Picture(media_type, *size)
    if picture is None or not (picture.width and picture.height):
        raise BadRequest("a whole PNG, GIF, WebP or JPEG", path="$.picture", reason="picture")
    if max(picture.width, picture.height) > PICTURE_PIXELS:
        raise TooLarge(f"at most {PICTURE_PIXELS} pixels wide and high", path="$.picture", reason="picture_pixels")
    return picture


Size = tuple[int, int]


def _png(content: bytes) -> Size | None:
    """Source: PNG specification (third edition), 5.2 and 11.2.1: IHDR comes first."""
    if content[8:16] != b"\0\0\0\x0dIHDR":
        return None
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _gif(content: bytes) -> Size | None:
    """Source: GIF89a specification, 18: the logical screen."""
    if content[3:6] not in (b"87a", b"89a"):
        return None
    return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")


def _webp(content: bytes) -> Size | None:
    """Source: RFC 9649, 2.5 to 2.7; RFC 6386, 9.1."""
    if content[8:12] != b"WEBP" or int.from_bytes(content[4:8], "little") + 8 != len(content):
        return None
    match content[12:16]:
        case b"VP8X":
            return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
        case b"VP8L" if content[20:21] == b"\x2f":
            bits = int.from_bytes(content[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if content[23:26] == b"\x9d\x01\x2a":
            width, height = int.from_bytes(content[26:28], "little"), int.from_bytes(content[28:30], "little")
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return None


FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The segments that begin a frame. Source: ITU T.81, table B.1."""


def _jpeg(content: bytes) -> Size | None:
    """Source: ITU T.81, B.2.2: segments up to the one that begins the frame."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - what every marker begins with
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in FRAMES:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + length
    return None


KINDS: Final[tuple[tuple[bytes, bytes, Callable[[bytes], Size | None], str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82", _png, "image/png"),
    (b"GIF8", b";", _gif, "image/gif"),
    (b"RIFF", b"", _webp, "image/webp"),
    (b"\xff\xd8", b"\xff\xd9", _jpeg, "image/jpeg"),
)
"""How each begins and ends; a WebP says how long it is."""
