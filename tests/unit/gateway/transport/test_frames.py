"""The three lengths of a server frame."""

import pytest

from seriatim.gateway.transport.frames import frame


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_has_the_shortest_length_that_holds_its_payload(size: int, head: bytes) -> None:
    assert frame(b"x" * size) == head + b"x" * size


def test_a_binary_frame_says_so() -> None:
    assert frame(b"x", binary=True) == b"\x82\x01x"
