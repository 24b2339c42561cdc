"""The limit of `resume`: the bare query for all of a user's conversations; and who is connected to the database."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import psycopg

_HEADS = """
select c.id, c.last_seq, m.read_seq, m.delivered_seq, c.last_ordinal - m.read_ordinal, c.last_message_at
from members m join conversations c on c.id = m.conversation_id
where m.user_id = %s order by c.last_message_at desc, c.id desc"""
_CONNECTIONS = """
select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"""
_EVERY_S = 0.1


class BareHeads:
    """One connection that asks for heads."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def run(self, user_id: int) -> float:
        """Read all rows of one user and return the milliseconds it took."""
        began = time.perf_counter()
        self._connection.execute(_HEADS, (user_id,), prepare=True).fetchall()
        return (time.perf_counter() - began) * 1000


@contextmanager
def bare_heads(dsn: str) -> Generator[BareHeads]:
    """Connect to the product's own database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield BareHeads(connection)


class Most:
    """The most connections to the database seen at one moment, but our own."""

    def __init__(self) -> None:
        self.count = 0


@contextmanager
def connections_watched(dsn: str) -> Generator[Most]:
    """Count the database's connections ten times a second."""
    most, over = Most(), threading.Event()

    def watch() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            while True:
                row = connection.execute(_CONNECTIONS).fetchone()
                most.count = max(most.count, row[0] if row else 0)
                if over.wait(_EVERY_S):
                    return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join(10.0)
