"""The way to PostgreSQL: pools of connections that answer within bounds or say `Unavailable`."""

import asyncio
import os
import select
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from seriatim.core.errors import Unavailable
from seriatim.storage.postgres.statements import CountedCursor
from seriatim.storage.turns import Turns

Value = TypeVar("Value")
Connection: TypeAlias = AsyncConnection[TupleRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]

CONNECT_WITHIN_S = 2
"""Longest wait for a connection: for a free one, and for the server to accept a new one."""
READ_WITHIN_S = 2
"""A reading statement that takes longer is a bug or an overload: it is cut."""
WRITE_WITHIN_S = 5
LOCK_WITHIN_S = 2
IDLE_IN_TRANSACTION_S = 10
SESSION = {
    "statement_timeout": f"{WRITE_WITHIN_S}s",
    "lock_timeout": f"{LOCK_WITHIN_S}s",
    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
    "timezone": "UTC",
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    "client_min_messages": "notice",  # the warning of a commit that was not replicated has to reach us
}
"""How each session begins, whatever the defaults of the server and the role are."""
LINE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
"""A server that vanishes without a word is noticed within 20 s, also on a connection that only waits (libpq; TCP)."""
BEYOND_S = 1.0
"""So much longer than the server is given do we wait for it to end a statement. It ends no wait of a COMMIT for a
standby, and a pooler that waits for a server ends nothing."""

AHEAD = 2
"""Reading connections for what goes ahead: nobody hears anything while rosters and heads are not read."""
WAITING = 1_000
"""Most reads that wait for their turn: about half a second of work."""

CUT = "cut"
"""The `reason` of Unavailable when a statement was ended for taking too long: a smaller one may succeed."""

TEMPORARY = (
    psycopg.OperationalError,  # server lost or starting, time-outs, locks, disk full; pool exhausted or closed
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,  # a standby: a fail-over is under way
)
"""What PostgreSQL says when the same command may succeed later, with the outcome unknown until then."""


class Database:
    """The pools of one process: few writing, some reading connections; opened and closed by their owner.

    `pooled`: the URL leads to a pooler that lends a server for a transaction (PgBouncer): nothing of a session is used,
    no statement is prepared, and the server's own bounds are those of the role (storage/postgres/pooler).

    Bounds: waits at most 2 s for a connection (1,000 readers at most), 2 s for a lock, 2 s for a read, 5 s for a
    writing statement, each a second longer where the server does not end it by itself; a transaction that idles for
    10 s is ended by the server.
    Raises: Unavailable, from all ways in, whenever the server is lost, starting, full or too slow. Other errors of
    psycopg (a unique violation, bad SQL) pass through.
    """

    def __init__(self, dsn: str, *, writing: int = 4, reading: int = 8, pooled: bool = False) -> None:
        self.dsn = dsn
        self._writing = _pool(dsn, "writing", size=writing, statement_within_s=WRITE_WITHIN_S, pooled=pooled)
        self._reading = _pool(dsn, "reading", size=reading, statement_within_s=READ_WITHIN_S, pooled=pooled)
        self._turns = Turns(max(1, reading - AHEAD), waiting=WAITING, within_s=CONNECT_WITHIN_S)
        self._reachable = False

    async def open(self) -> None:
        """Start the pools; returns at once, whether or not the server answers."""
        await self._writing.open()
        await self._reading.open()

    async def close(self) -> None:
        """Close every connection; those in use are given 2 s."""
        await self._reading.close(timeout=CONNECT_WITHIN_S)
        await self._writing.close(timeout=CONNECT_WITHIN_S)

    @property
    def reachable(self) -> bool:
        """Whether the last attempt to use the server reached it."""
        return self._reachable

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Connection]:
        """Lend a connection in autocommit mode: each statement is a transaction of its own."""
        async with self._turns.turn() as left_s, self._lent(left_s) as connection:
            yield connection

    @asynccontextmanager
    async def read_ahead(self) -> AsyncGenerator[Connection]:
        """Lend one as `read` does, past all who wait there: for what everybody's deliveries and greetings wait for."""
        async with self._lent(CONNECT_WITHIN_S) as connection:
            yield connection

    @asynccontextmanager
    async def _lent(self, within_s: float) -> AsyncGenerator[Connection]:
        with self._answering() as cancellations:
            async with self._reading.connection(timeout=within_s) as connection:
                cancellations.check()
                self._reachable = True
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """Lend a connection within a transaction, which is committed on leaving and rolled back on an exception.

        When leaving raises Unavailable the outcome is unknown: the COMMIT may have been lost, or only its answer.
        """
        with self._answering() as cancellations:
            async with self._writing.connection() as connection:
                cancellations.check()
                self._reachable = True
                doubts: list[str] = []

                def noticed(notice: psycopg.errors.Diagnostic) -> None:
                    if notice.severity_nonlocalized == "WARNING":
                        doubts.append(notice.message_primary or "the server warned of this commit")

                connection.add_notice_handler(noticed)
                try:
                    async with connection.transaction():
                        yield connection
                finally:
                    connection.remove_notice_handler(noticed)
                if doubts:
                    # A COMMIT that no standby has confirmed returns normally, with a warning (promise L1).
                    raise Unavailable(f"{doubts[0]}; send it again with the same client_id")

    @contextmanager
    def _answering(self) -> "Generator[_Cancellations]":
        cancellations = _Cancellations()
        try:
            yield cancellations
        except TEMPORARY as error:
            # The cancellation may have ended a statement of the rollback too, and this error taken its place.
            cancellations.check()
            if not isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
                self._reachable = False
            reason = CUT if isinstance(error, psycopg.errors.QueryCanceled) else None
            raise Unavailable("the database did not answer in time; try again", reason=reason) from error


class _Cancellations:
    """Those that a task gets from now on: none is to get lost, or a loop that waits for better times would never end.

    The pool waits with asyncio.wait_for, which before Python 3.12 drops one that comes together with the connection.
    """

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._before = 0 if self._task is None else self._task.cancelling()

    def check(self) -> None:
        """Raise CancelledError if the task has been cancelled meanwhile."""
        if self._task is not None and self._task.cancelling() > self._before:
            raise asyncio.CancelledError


class _Bounded(AsyncConnection[TupleRow]):
    """A connection on which nothing waits for ever: what takes too long is cancelled, and its outcome unknown.

    A pooler or server that does not end it then is given up, with the connection, after 1 s more (5 s where even the
    cancellation finds nobody).
    """

    within_s: float = CONNECT_WITHIN_S

    async def wait(self, gen: PQGen[Value], *more: Any, **named: Any) -> Value:
        """Wait for the server's answer.

        Raises: QueryCanceled when it took too long.
        """
        giving_up = asyncio.get_running_loop().call_later(self.within_s + BEYOND_S, self._hang_up)
        try:
            async with asyncio.timeout(self.within_s):
                return await super().wait(gen, *more, **named)
        except TimeoutError:
            raise psycopg.errors.QueryCanceled("no answer in time") from None
        finally:
            giving_up.cancel()

    def _hang_up(self) -> None:
        """End the connection under whoever waits on it: psycopg itself would wait longer."""
        if not self.closed:
            with socket.socket(fileno=os.dup(self.pgconn.socket)) as line, suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


def _pool(dsn: str, name: str, *, size: int, statement_within_s: int, pooled: bool) -> Pool:
    async def bounded(connection: Connection) -> None:
        assert isinstance(connection, _Bounded)
        connection.within_s = statement_within_s + BEYOND_S

    of_a_session: dict[str, Any] = {"prepare_threshold": None}
    if not pooled:
        settings = {**SESSION, "statement_timeout": f"{statement_within_s}s"}
        ours = " ".join(f"-c {name}=" + value.replace(" ", r"\ ") for name, value in settings.items())
        of_a_session = {"options": f"{conninfo_to_dict(dsn).get('options') or ''} {ours}"}
    return AsyncConnectionPool(
        dsn,
        connection_class=_Bounded,
        name=f"seriatim-{name}",
        min_size=1,
        max_size=size,
        open=False,
        timeout=CONNECT_WITHIN_S,
        reconnect_timeout=CONNECT_WITHIN_S,  # then the next caller tries again: no back-off outlasts the outage
        configure=bounded,
        check=_still_there,
        kwargs={
            "autocommit": True,
            "connect_timeout": CONNECT_WITHIN_S,
            "cursor_factory": CountedCursor,
            "application_name": f"seriatim-{name}",
            **LINE,
            **of_a_session,
        },
    )


async def _still_there(connection: Connection) -> None:
    """Find a dead connection before it is lent, without a round trip for the living.

    An idle socket has nothing to read. One that has brings a notice or its end: only then is the server asked.
    """
    ready = select.poll()
    ready.register(connection.pgconn.socket, select.POLLIN)
    if ready.poll(0):
        await Pool.check_connection(connection)
