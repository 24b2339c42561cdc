"""One connection that calls the append function: libpq with a permanent reader, no task and no await per batch."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.rows import TupleRow

from seriatim.log.draft import Draft, Extras
from seriatim.log.entry_rows import meta_of
from seriatim.log.epoch import require_epoch
from seriatim.log.lane.binary import bool_array, int2s, int4s, int8_array, int8s, text_array, uuid_array
from seriatim.storage.postgres.database import LINE

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

ANSWER_WITHIN_S = 5.0
"""A batch that takes longer has an unknown outcome; the server gives up on its statement before that."""
CONNECT_WITHIN_S = 5
CANCEL_WITHIN_S = 2

_OPTIONS = (
    # The function's later statements must see what the lock waited for; an ack means a synced commit; and the warning
    # of a commit that was not replicated must reach us, whatever the role's or the server's defaults are.
    r" -c default_transaction_isolation=read\ committed -c synchronous_commit=on -c client_min_messages=warning"
    " -c statement_timeout=4s -c lock_timeout=2s"
)
_STATEMENT, _STATEMENT_WITH = b"append_lane", b"append_lane_with"
_COLUMNS = "select seq, created_at, ordinal, roster_version, status from"
_PREPARE = (
    "prepare append_lane (bigint[], bigint[], bigint[], uuid[], text[], bigint[]) as"
    f" {_COLUMNS} append_2($1, $2, $3, $4, $5, $6)"
)
_PREPARE_WITH = (
    "prepare append_lane_with ("
    "bigint[], bigint[], bigint[], uuid[], text[], bigint[], bigint[], boolean[], text[], bigint[], bigint[]) as"
    f" {_COLUMNS} append_with_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
)
_BARE = 6
"""Parameters of a batch in which no message has extras."""
_BINARY = 1


class Answer(NamedTuple):
    """What became of a batch, in its order (see the SQL function); times are microseconds since 2000-01-01.

    `ordinal` of what was refused: the milliseconds after which it may be tried again, 0 for never.
    """

    seq: Sequence[int]
    created_at: Sequence[int]
    ordinal: Sequence[int]
    roster_version: Sequence[int]
    status: Sequence[int]


class Caller(Protocol):
    """Who hears what became of the call in flight: one of these, once, on the loop."""

    def answered(self, answer: Answer) -> None:
        """Take the result: the transaction is committed and, where there is a standby, replicated."""
        ...

    def failed(self, sqlstate: str, message: str) -> None:
        """Take an error: the whole batch was rolled back, and the lane can be used again."""
        ...

    def lost(self, reason: str) -> None:
        """Learn that the connection is gone; what became of a call in flight is unknown."""
        ...


def packed(drafts: Sequence[Draft]) -> list[bytes]:
    """Return the parameters of the call that stores these drafts.

    Raises: struct.error, UnicodeEncodeError when one of them cannot be told to PostgreSQL.
    """
    conversations, senders, devices, clients, bodies, targets, _, extras = zip(*drafts, strict=True)
    return [
        int8_array(conversations),
        int8_array(senders),
        int8_array(devices),
        uuid_array(clients),
        text_array(bodies),
        int8_array([target or 0 for target in targets]),
        *(_packed_extras(extras) if any(extras) else ()),
    ]


def _packed_extras(extras: Sequence[Extras | None]) -> list[bytes]:
    """Return the parameters of threads, mentions and forwards."""
    every = [one or _NONE for one in extras]
    mentioned = [(item, user_id) for item, one in enumerate(every, 1) for user_id in one.mentions]
    return [
        int8_array([one.thread_seq or 0 for one in every]),
        bool_array([one.broadcast for one in every]),
        text_array([_meta(one) for one in every]),
        int8_array([item for item, _ in mentioned]),
        int8_array([user_id for _, user_id in mentioned]),
    ]


def _meta(one: Extras) -> str:
    held: dict[str, Any] = {}
    if one.mentions:
        held["mentions"] = one.mentions
    if one.forwarded:
        held["forwarded"] = one.forwarded
    if one.via:
        held["via"] = one.via
    if one.sent_at:
        held["sent_at"] = one.sent_at
    return meta_of(held) if held else ""


_NONE = Extras()


class Lane:
    """One call in flight at a time; the owner closes it."""

    def __init__(self, connection: AsyncConnection[TupleRow], caller: Caller) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._caller = caller
        self._loop = asyncio.get_running_loop()
        self._socket = self._pgconn.socket
        self._result: PGresult | None = None
        self._doubt: str | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._open = True
        self._overdue = False
        connection.add_notice_handler(self._noticed)
        self._pgconn.nonblocking = 1
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def connect(cls, dsn: str, caller: Caller, epoch: str | None = None) -> "Lane":
        """Open a connection to the log of this epoch (None: whichever is there).

        Raises: psycopg.Error, TimeoutError, LogReplaced. Bounds: 5 s.
        """
        options = str(conninfo_to_dict(dsn).get("options") or "") + _OPTIONS
        async with asyncio.timeout(CONNECT_WITHIN_S):
            connection = await AsyncConnection.connect(
                dsn, autocommit=True, options=options, application_name="seriatim-append", **LINE
            )
            try:
                await connection.execute(_PREPARE)
                await connection.execute(_PREPARE_WITH)
                if epoch is not None:
                    await require_epoch(connection, epoch)
            except BaseException:
                await connection.close()
                raise
        return cls(connection, caller)

    @property
    def backend_pid(self) -> int:
        """The server process of this connection."""
        return self._pgconn.backend_pid

    def call(self, parameters: Sequence[bytes]) -> None:
        """Send the call; the caller hears of it later, or at once that the lane is lost."""
        self._result = None
        self._doubt = None
        self._deadline = self._loop.call_later(ANSWER_WITHIN_S, self._late)
        statement = _STATEMENT if len(parameters) == _BARE else _STATEMENT_WITH
        try:
            self._pgconn.send_query_prepared(statement, parameters, [_BINARY] * len(parameters), _BINARY)
            if self._pgconn.flush():
                self._loop.add_writer(self._socket, self._writable)
        except psycopg.Error as error:
            self._lose(str(error))

    async def close(self) -> None:
        """Close the connection; a call in flight is abandoned and nobody hears of it. Bounds: 2 s.

        A COMMIT that waits for a standby is told to end: it would hold its locks and its place among the server's
        connections for as long as the standby is away, whether or not we are there.
        """
        self._detach()
        if self._overdue:
            with suppress(psycopg.Error):
                await self._connection.cancel_safe(timeout=CANCEL_WITHIN_S)
        await self._connection.close()

    def _late(self) -> None:
        self._overdue = True
        self._lose("no answer in time")

    def _writable(self) -> None:
        try:
            if not self._pgconn.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self._lose(str(error))

    def _readable(self) -> None:
        try:
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    # Only now is the transaction over: the rows of a large batch arrive before its COMMIT.
                    self._over()
                    return
                self._result = result
        except psycopg.Error as error:
            self._lose(str(error))

    def _over(self) -> None:
        if self._deadline is None or self._result is None:
            return
        result = self._result
        if result.status != ExecStatus.TUPLES_OK:
            sqlstate = result.error_field(DiagnosticField.SQLSTATE)
            message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"no message").decode(errors="replace")
            if sqlstate is None:
                self._lose(message)
                return
            self._rest()
            self._caller.failed(sqlstate.decode(), message)
        elif self._doubt is not None:
            # A COMMIT that was not replicated returns normally, with a warning (promise L1).
            self._lose(self._doubt)
        else:
            value = result.get_value
            seq, created_at, ordinal, roster_version, status = (value(0, column) or b"" for column in range(5))
            answer = Answer(int8s(seq), int8s(created_at), int8s(ordinal), int4s(roster_version), int2s(status))
            self._rest()  # after it was understood: else the deadline still answers the batch
            self._caller.answered(answer)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._result = None

    def _noticed(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._doubt = notice.message_primary or "the server warned of this commit"

    def _lose(self, reason: str) -> None:
        if self._open:
            self._detach()
            self._caller.lost(reason)

    def _detach(self) -> None:
        self._rest()
        if self._open:
            self._open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
