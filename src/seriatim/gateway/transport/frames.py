"""Payload to server frame: encoded once, then the same bytes for every recipient."""

_TEXT, _BINARY = 0x81, 0x82
_LENGTH_16, _LENGTH_64 = 126, 127


def frame(payload: bytes, *, binary: bool = False) -> bytes:
    """Return one final, unmasked frame that holds `payload`.

    Source: RFC 6455 section 5.2.
    """
    first, size = _BINARY if binary else _TEXT, len(payload)
    if size < _LENGTH_16:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, _LENGTH_16)) + size.to_bytes(2, "big") + payload
    return bytes((first, _LENGTH_64)) + size.to_bytes(8, "big") + payload


_KNOWN_SIZES = 2_048
_TEXT_HEADS = [frame(bytes(size))[: -size or None] for size in range(_KNOWN_SIZES)]
"""Heads of the sizes that occur: a look-up costs a quarter of making one."""


def text_frame(payload: bytes) -> bytes:
    """Return one final, unmasked text frame that holds `payload`."""
    size = len(payload)
    return _TEXT_HEADS[size] + payload if size < _KNOWN_SIZES else frame(payload)


def binary_frame(payload: bytes) -> bytes:
    """Return one final, unmasked binary frame that holds `payload`."""
    return frame(payload, binary=True)
