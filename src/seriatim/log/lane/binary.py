"""PostgreSQL's binary arrays, packed and unpacked in a few C calls per batch: the append path's only codec.

Source: PostgreSQL's array_recv/array_send: dimensions, has-nulls flag, element oid, length, lower bound; then per
element its length and its bytes, all big-endian. The arrays here have one dimension and no nulls.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

_HEADER = struct.Struct("!iiIii")
_BOOL, _INT8, _UUID, _TEXT = 16, 20, 2950, 25
INT8_ARRAY, UUID_ARRAY, TEXT_ARRAY = 1016, 2951, 1009
"""Type oids of the arrays, for parameters."""


def int8_array(values: Sequence[int]) -> bytes:
    """Pack integers as `bigint[]`.

    Raises: struct.error when one of them does not fit.
    """
    count = len(values)
    flat = [8] * (2 * count)
    flat[1::2] = values
    return _HEADER.pack(1, 0, _INT8, count, 1) + _elements("iq", count).pack(*flat)


def bool_array(values: Sequence[bool]) -> bytes:
    """Pack truth values as `boolean[]`."""
    count = len(values)
    flat: list[int | bool] = [1] * (2 * count)
    flat[1::2] = values
    return _HEADER.pack(1, 0, _BOOL, count, 1) + _elements("i?", count).pack(*flat)


def uuid_array(values: Sequence[UUID]) -> bytes:
    """Pack UUIDs as `uuid[]`."""
    count = len(values)
    flat: list[int | bytes] = [16] * (2 * count)
    flat[1::2] = [value.bytes for value in values]
    return _HEADER.pack(1, 0, _UUID, count, 1) + _elements("i16s", count).pack(*flat)


def text_array(values: Sequence[str]) -> bytes:
    """Pack strings as `text[]`.

    Raises: UnicodeEncodeError when one of them holds a lone surrogate.
    """
    parts = [_HEADER.pack(1, 0, _TEXT, len(values), 1)]
    for value in values:
        text = value.encode()
        parts.append(len(text).to_bytes(4, "big"))
        parts.append(text)
    return b"".join(parts)


def int8s(data: bytes) -> tuple[int, ...]:
    """Unpack a `bigint[]` (or `timestamptz[]`: microseconds since 2000-01-01)."""
    return _unpacked("4xq", 12, data)


def int4s(data: bytes) -> tuple[int, ...]:
    """Unpack an `integer[]`."""
    return _unpacked("4xi", 8, data)


def int2s(data: bytes) -> tuple[int, ...]:
    """Unpack a `smallint[]`."""
    return _unpacked("4xh", 6, data)


def _unpacked(element: str, element_bytes: int, data: bytes) -> tuple[int, ...]:
    count = (len(data) - _HEADER.size) // element_bytes
    return _elements(element, count).unpack_from(data, _HEADER.size)


@lru_cache(maxsize=4096)
def _elements(element: str, count: int) -> struct.Struct:
    return struct.Struct("!" + element * count)
