"""What is known of a picture by its bytes."""

import pytest

from pictures import gif, jpeg, png, webp
from seriatim.core.errors import BadRequest, TooLarge
from seriatim.features.emoji.pictures import look
from seriatim.protocol.http.emoji import PICTURE_BYTES

LOSSY = webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x40\x40\x30\x00")
LOSSLESS = webp(b"VP8L", b"\x2f" + (63 | 47 << 14).to_bytes(4, "little"))
EXTENDED = webp(b"VP8X", b"\x02\0\0\0" + (63).to_bytes(3, "little") + (47).to_bytes(3, "little"))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(64, 48), "image/png"),
        (gif(64, 48), "image/gif"),
        (jpeg(64, 48), "image/jpeg"),
        (LOSSY, "image/webp"),
        (LOSSLESS, "image/webp"),
        (EXTENDED, "image/webp"),
    ],
)
def test_type_and_size_are_read_from_the_head(content: bytes, media_type: str) -> None:
    assert look(content) == (media_type, 64, 48)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><script>alert(1)</script>",
        b"BM" + bytes(60),
        png()[:-1],
        png() + b"<script>",
        png(0, 1),
        gif()[:-1],
        gif(1, 0),
        jpeg()[:-2],
        b"\xff\xd8\xff\xe0\xff\xff\xff\xd9",
        b"\xff\xd8\xff\xd9",
        LOSSY[:-1],
        LOSSLESS + b"x",
        webp(b"JUNK", bytes(20)),
        b"\x89PNG\r\n\x1a\n" + bytes(40) + b"IEND\xaeB`\x82",
        b"GIF80a" + bytes(20) + b";",
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        look(content)
    assert (refused.value.path, refused.value.reason) == ("$.picture", "picture")


def test_512_pixels_and_128_kib_are_the_most() -> None:
    assert look(png(512, 512))
    assert look(png(more=bytes(PICTURE_BYTES - len(png()))))
    for content, reason in (
        (png(513, 1), "picture_pixels"),
        (gif(1, 513), "picture_pixels"),
        (png(more=bytes(PICTURE_BYTES - len(png()) + 1)), "picture_bytes"),
    ):
        with pytest.raises(TooLarge) as refused:
            look(content)
        assert (refused.value.path, refused.value.reason) == ("$.picture", reason)
