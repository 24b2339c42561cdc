"""The limit of `send`: the bare append function, called in a loop on one libpq connection of the same database."""

import struct
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from statistics import median
from typing import NamedTuple

import psycopg
from psycopg.pq import ExecStatus

from seriatim.bench.rig.product import Seeded
from seriatim.core.ids import uuid7

_PREPARE = (
    "prepare bare (bigint[], bigint[], bigint[], uuid[], text[], bigint[]) as"
    " select seq, created_at, ordinal, roster_version, status from append_2($1, $2, $3, $4, $5, $6)"
)
_BATCHES = "select count(*), count(distinct xid) from entries where xid >= %s::xid8"
_NOW = "select pg_current_xact_id()::text"
_INT8, _UUID, _TEXT = 20, 2950, 25
BODY = b"b" * 64
"""As long as the generator's."""


class Author(NamedTuple):
    """Who writes where: one conversation and its first member."""

    conversation_id: int
    user_id: int
    device_id: int


def author_of(seeded: Seeded, place: int) -> Author:
    """Return who writes in the conversation at this place: its first member."""
    conversation = seeded.conversations[place]
    person = seeded.people[conversation.members[0]]
    return Author(conversation.conversation_id, person.user_id, person.device_id)


class Bare(NamedTuple):
    """What calling the function alone came to."""

    per_s: float
    p50_ms: float


class BareAppend:
    """One connection that does nothing but append."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn

    def mark(self) -> str:
        """Return where the log stands."""
        row = self._connection.execute(_NOW).fetchone()
        assert row is not None
        return row[0]

    def batch_since(self, mark: str) -> float:
        """Return the mean number of entries per transaction since the mark: what the product's batches held."""
        row = self._connection.execute(_BATCHES, (mark,)).fetchone()
        assert row is not None
        return row[0] / max(row[1], 1)

    def run(self, authors: Sequence[Author], *, batch: float, seconds: float) -> Bare:
        """Append for so long in batches of this mean size, over the conversations in turn.

        A mean between two whole numbers is kept by mixing both. What is sent is packed before the clock starts for
        a call, since packing is not the function's work.
        """
        took: list[float] = []
        keys = _keys()
        place, owed = 0, 0.0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            owed += batch
            size = max(int(owed), 1)
            owed -= size
            turn = [authors[(place + number) % len(authors)] for number in range(size)]
            parameters = _packed(turn, keys)
            place += size
            began = time.perf_counter()
            result = self._pgconn.exec_prepared(b"bare", parameters, [1] * len(parameters), 1)
            took.append(time.perf_counter() - began)
            if result.status != ExecStatus.TUPLES_OK:
                raise psycopg.DatabaseError(self._pgconn.get_error_message())
            if any((result.get_value(0, 4) or b"\1")[25::6]):
                raise psycopg.DataError("the bare append function refused a message")
        return Bare(place / sum(took), median(took) * 1000)


@contextmanager
def bare_append(dsn: str) -> Generator[BareAppend]:
    """Connect to the product's own database, with the durability that the product asks for."""
    with psycopg.connect(dsn, autocommit=True, options="-c synchronous_commit=on") as connection:
        connection.execute(_PREPARE)
        yield BareAppend(connection)


def _packed(authors: Sequence[Author], keys: Iterator[bytes]) -> list[bytes]:
    return [
        _int8s([author.conversation_id for author in authors]),
        _int8s([author.user_id for author in authors]),
        _int8s([author.device_id for author in authors]),
        _array(_UUID, list(islice(keys, len(authors)))),
        _array(_TEXT, [BODY] * len(authors)),
        _int8s([0] * len(authors)),
    ]


def _keys() -> Iterator[bytes]:
    """Yield keys that rise, as those of clients do."""
    run = uuid7().bytes[:10]
    return (run + number.to_bytes(6, "big") for number in count(1))


def _int8s(values: Sequence[int]) -> bytes:
    return _array(_INT8, [value.to_bytes(8, "big") for value in values])


def _array(oid: int, elements: Sequence[bytes]) -> bytes:
    parts = [struct.pack("!iiIii", 1, 0, oid, len(elements), 1)]
    for element in elements:
        parts.append(struct.pack("!i", len(element)))
        parts.append(element)
    return b"".join(parts)
