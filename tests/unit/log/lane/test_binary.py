"""The binary arrays are the ones psycopg makes and reads."""

import struct
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import Transformer
from psycopg.pq import Format

from seriatim.log.lane.binary import int2s, int4s, int8_array, int8s, text_array, uuid_array

INT8, INT4, INT2 = 20, 23, 21


def loaded(data: bytes, oid: int) -> list[object]:
    """Read an array as psycopg does."""
    return Transformer().get_loader(oid, Format.BINARY).load(data)  # type: ignore[return-value]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_survive(values: list[int]) -> None:
    assert loaded(int8_array(values), 1016) == values
    assert list(int8s(int8_array(values))) == values


@given(st.lists(st.uuids(), min_size=1))
def test_uuids_survive(values: list[UUID]) -> None:
    assert loaded(uuid_array(values), 2951) == values


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_texts_survive(values: list[str]) -> None:
    assert loaded(text_array(values), 1009) == values


@given(st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1))
def test_small_answers_are_read(values: list[int]) -> None:
    for oid, code, size, read in ((INT4, "i", 4, int4s), (INT2, "h", 2, int2s)):
        header = struct.pack("!iiIii", 1, 0, oid, len(values), 1)
        assert list(read(header + b"".join(struct.pack("!i" + code, size, value) for value in values))) == values


def test_what_cannot_be_told_to_postgres_is_refused_here() -> None:
    with pytest.raises(UnicodeEncodeError):
        text_array(["fine", "\ud800"])
    with pytest.raises(struct.error):
        int8_array([2**63])
    assert len(uuid_array([uuid4()])) == 20 + 4 + 16
