"""Group commit: every message that arrived while the previous batch was in flight is the next batch, one transaction.

Order of one send: COMMIT, then publish, then ack. A crash before the ack makes the sender retry with the same key; the
retry finds the stored entry, publishes it again and is acked: so delivery needs no outbox table.
"""

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import psycopg
import structlog

from seriatim.core.errors import BadRequest, ChatError, Unavailable
from seriatim.core.histogram import SECONDS, Histogram
from seriatim.core.trace import Hop, passed
from seriatim.log.draft import Draft, Stored, Waiter
from seriatim.log.lane.lane import Answer, Lane, packed
from seriatim.log.lane.refusals import refusal
from seriatim.protocol.entries import MessageSent

log = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0
"""Back-off between attempts to connect; it begins anew after a batch that was answered."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DUPLICATE = 1
_BATCHES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_QUEUE, _COMMIT = Hop.QUEUE, Hop.COMMIT
_POISON = frozenset({"22", "54"})
"""SQLSTATE classes of errors that a row can cause: its batch is split until it stands alone (promise L7)."""
_LANE_SURVIVES = frozenset({"40", "53", "55"})
"""Classes after which the same connection can serve the next batch: deadlock, no resources, lock time-out."""


class _Batch(NamedTuple):
    drafts: list[Draft]
    waiters: list[Waiter]


class Appender:
    """Stores messages in batches, in the order they were submitted, on one connection.

    A waiter hears `stored` only after COMMIT and after `committed` was told (promises L1, L5); after an unknown outcome
    it hears Unavailable, and the same draft again finds what was stored (promise L2). One bad draft harms no other
    (promise L7).
    Bounds: `batch` drafts a transaction, `queue` drafts waiting (beyond it: Unavailable), 5 s a batch.
    """

    def __init__(
        self,
        dsn: str,
        committed: Callable[[list[Stored]], None],
        *,
        epoch: str | None = None,
        batch: int = 1_000,
        queue: int = 20_000,
    ) -> None:
        self._dsn = dsn
        self._epoch = epoch
        self._committed = committed
        self._batch = batch
        self._queue = queue
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lane: Lane | None = None
        self._lost = asyncio.Event()
        self._connected = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._pause_s = FIRST_PAUSE_S
        self._departing = False
        self._departed_at = 0.0
        self._flying: _Batch | None = None
        self._parts: deque[_Batch] = deque()
        """Parts of a batch that failed as a whole, before everything queued later."""
        self._drafts: list[Draft] = []
        self._waiters: list[Waiter] = []
        self.batches = Histogram(_BATCHES)
        """Messages in each batch that was answered."""
        self.durations_s = Histogram(SECONDS)
        """Seconds from the departure of each to its answer."""

    @property
    def waiting_count(self) -> int:
        """Messages that wait for the next batch."""
        return len(self._drafts)

    @property
    def healthy(self) -> bool:
        """Whether there is a connection to the log."""
        return self._lane is not None

    def submit(self, draft: Draft, waiter: Waiter) -> None:
        """Queue a draft for the next batch; never blocks. The waiter hears of it exactly once, here when it is full."""
        if self._ended:
            waiter.refused(Unavailable("the server stops; send it again with the same client_id"))
            return
        if len(self._drafts) >= self._queue:
            waiter.refused(Unavailable("too many messages wait to be stored"))
            return
        self._drafts.append(draft)
        self._waiters.append(waiter)
        if not self._departing and self._flying is None and self._lane is not None and self._loop is not None:
            self._departing = True
            self._loop.call_soon(self._depart)  # what else arrives in this tick comes along

    async def append(self, draft: Draft) -> Stored:
        """Store the draft as the next entry of its conversation and return it; only after COMMIT and publish.

        A draft whose (conversation_id, device_id, client_id) is stored changes nothing: the stored entry is returned,
        also when the sender has left since.

        Raises:
            KeyReused: the stored entry has another body, target, thread or other mentions.
            NotFound, Forbidden, BadRequest, RateLimited (everybody is mentioned too often): for a new key only.
            Unavailable: the outcome is unknown; again with the same client_id.
        """
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        self.submit(draft, _FutureWaiter(future))
        return await future

    async def connected(self) -> None:
        """Wait until there is a connection to the log."""
        await self._connected.wait()

    async def drain(self) -> None:
        """Wait until nothing is queued or in flight."""
        while self._flying is not None or self._parts or self._drafts:
            self._idle.clear()
            await self._idle.wait()

    async def run(self) -> None:
        """Own the connection: open it, and again with back-off when it is lost; until cancelled.

        An attempt that fails refuses what is queued: nobody waits for longer than one attempt.

        Raises:
            LogReplaced: the log is not that of `epoch` any more. What this process knows of it is void: it ends.
        """
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                await self._serve()
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        finally:
            self._loop, self._ended = None, True
            self._refuse_flying("the server stops")
            self._refuse_queued("the server stops")

    async def _serve(self) -> None:
        """Serve on one connection until it is lost."""
        try:
            lane = await Lane.connect(self._dsn, self, self._epoch)
        except (psycopg.Error, TimeoutError) as error:
            log.warning("append_cannot_connect", reason=str(error).strip())
            self._refuse_queued("the database cannot be reached")
            return
        self._lost.clear()
        self._lane = lane
        self._connected.set()
        try:
            self._depart()
            await self._lost.wait()
        finally:
            self._lane = None
            self._connected.clear()
            await lane.close()

    def _depart(self) -> None:
        """Send the next batch to PostgreSQL, unless one is in flight."""
        self._departing = False
        while self._lane is not None and self._flying is None:
            batch = self._next()
            if batch is None:
                self._idle.set()
                return
            try:
                parameters = packed(batch.drafts)
            except (UnicodeEncodeError, struct.error):
                self._split(batch)
                continue
            self._flying = batch
            self._departed_at = time.monotonic()
            passed(None, _QUEUE)
            for draft in batch.drafts:
                if draft.trace is not None:
                    draft.trace.note(_QUEUE, network=1)
            self._lane.call(parameters)

    def _next(self) -> _Batch | None:
        if self._parts:
            return self._parts.popleft()
        if not self._drafts:
            return None
        size = self._batch
        batch = _Batch(self._drafts[:size], self._waiters[:size])
        self._drafts, self._waiters = self._drafts[size:], self._waiters[size:]
        return batch

    def answered(self, answer: Answer) -> None:
        """Tell of a committed batch, after the next one is on its way: PostgreSQL works while we deliver."""
        batch = self._flying
        assert batch is not None
        self._flying = None
        self._pause_s = FIRST_PAUSE_S
        self.batches.observe(len(batch.drafts))
        self.durations_s.observe(time.monotonic() - self._departed_at)
        self._depart()
        stored: list[Stored] = []
        outcomes: list[Stored | ChatError] = []
        last_us, created_at = -1, _EPOCH
        passed(None, _COMMIT)
        for draft, seq, us, ordinal, version, status in zip(batch.drafts, *answer, strict=True):
            conversation_id, sender_id, device_id, client_id, body, target_seq, trace, extras = draft
            if trace is not None:
                trace.note(_COMMIT, network=1, statements=1, rows=0 if status else 3, commits=1)
            if status > _DUPLICATE:
                outcomes.append(refusal(status, ordinal))
                continue
            if us != last_us:
                last_us, created_at = us, _EPOCH + timedelta(microseconds=us)
            entry = MessageSent(
                conversation_id=conversation_id,
                seq=seq,
                sender_id=sender_id,
                device_id=device_id,
                client_id=client_id,
                created_at=created_at,
                ordinal=ordinal,
                body=body,
                target_seq=target_seq,
            )
            if extras is not None:
                entry = msgspec.structs.replace(entry, **extras._asdict())
            one = Stored(entry, version, status == _DUPLICATE, trace)
            stored.append(one)
            outcomes.append(one)
        if stored:
            self._committed(stored)
        for waiter, outcome in zip(batch.waiters, outcomes, strict=True):
            if type(outcome) is Stored:
                waiter.stored(outcome)
            else:
                waiter.refused(outcome)  # pyright: ignore[reportArgumentType] - the other half of the union

    def failed(self, sqlstate: str, message: str) -> None:
        """Take back a batch that was rolled back: alone its rows stand or fall by themselves."""
        batch = self._flying
        assert batch is not None
        if sqlstate[:2] in _POISON:
            self._flying = None
            self._split(batch)
        else:
            log.error("append_failed", sqlstate=sqlstate, reason=message, drafts=len(batch.drafts))
            self._refuse_flying("the log is busy or full")
            if sqlstate[:2] not in _LANE_SURVIVES:
                self._lost.set()
                self._lane = None
        self._depart()

    def lost(self, reason: str) -> None:
        """Refuse the batch in flight, whose outcome is unknown, and connect again."""
        log.warning("append_lost_its_connection", reason=reason.strip())
        self._lane = None
        self._lost.set()
        self._refuse_flying("the outcome is unknown")

    def _split(self, batch: _Batch) -> None:
        count = len(batch.drafts)
        if count == 1:
            batch.waiters[0].refused(BadRequest("this text cannot be stored", path="$.body", reason="unstorable"))
            return
        half = count // 2
        self._parts.appendleft(_Batch(batch.drafts[half:], batch.waiters[half:]))
        self._parts.appendleft(_Batch(batch.drafts[:half], batch.waiters[:half]))

    def _refuse_flying(self, reason: str) -> None:
        batch, self._flying = self._flying, None
        if batch is not None:
            _refuse(batch.waiters, reason)

    def _refuse_queued(self, reason: str) -> None:
        parts, waiters = self._parts, self._waiters
        self._parts, self._drafts, self._waiters = deque(), [], []
        for part in parts:
            _refuse(part.waiters, reason)
        _refuse(waiters, reason)
        self._idle.set()


class _FutureWaiter:
    """Tells a coroutine."""

    __slots__ = ("_future",)

    def __init__(self, future: asyncio.Future[Stored]) -> None:
        self._future = future

    def stored(self, stored: Stored) -> None:
        if not self._future.done():
            self._future.set_result(stored)

    def refused(self, error: ChatError) -> None:
        if not self._future.done():
            self._future.set_exception(error)


def _refuse(waiters: Sequence[Waiter], reason: str) -> None:
    for waiter in waiters:
        waiter.refused(Unavailable(f"{reason}; send it again with the same client_id"))
