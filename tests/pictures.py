"""Small pictures of every type, made by hand, and emoji of the server's own for tests that use some."""

import hashlib
import struct
import zlib

from seriatim.storage.postgres.database import Database

ADD = """
insert into custom_emoji (name, picture, digest, media_type, width, height, added_by, created_at)
values (%s, %s, %s, 'image/png', 1, 1, 1, now()) on conflict do nothing"""


def png(width: int = 1, height: int = 1, *, red: int = 255, more: bytes = b"") -> bytes:
    """Return a whole PNG of one colour; `more`: of a text inside it."""
    rows = (b"\0" + bytes((red, 80, 40)) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"tEXt", b"more\0" + more), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def gif(width: int = 1, height: int = 1) -> bytes:
    """Return a GIF of one pixel on a screen of this size."""
    head = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\xff\0\0\0\0\0"
    return head + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def jpeg(width: int = 1, height: int = 1) -> bytes:
    """Return the segments of a JPEG up to its frame, and its end."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + frame + b"\xff\xd9"


def webp(chunk: bytes, data: bytes) -> bytes:
    """Return a WebP of one chunk."""
    body = b"WEBP" + chunk + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


async def custom_emoji(database: Database, *names: str) -> None:
    """Let the server have emoji of these names."""
    picture = png()
    digest = hashlib.sha256(picture).hexdigest()
    async with database.transaction() as connection, connection.cursor() as cursor:
        await cursor.executemany(ADD, [(name, picture, digest) for name in names])
