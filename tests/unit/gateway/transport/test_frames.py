"""The three lengths of a server frame."""

import pytest

from seriatim.gateway.transport.frames import binary_frame, frame, text_frame


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


@pytest.mark.parametrize("size", [0, 1, 125, 126, 2_047, 2_048, 65_535, 65_536])
def test_the_prepared_heads_are_those_that_would_be_made(size: int) -> None:
    payload = b"x" * size
    assert text_frame(payload) == frame(payload)
    assert binary_frame(payload) == frame(payload, binary=True)
