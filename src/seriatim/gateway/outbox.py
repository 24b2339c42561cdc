"""Outboxes: what each connection still has to be told, flushed once per loop tick with one write per connection.

uvloop sends at once on every write, and frames per system call is the lever of fan-out (measured: 4 times the rate at
8 frames a call), so frames are joined here. The transport's write never blocks, so the bound is kept here as well.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import structlog

from seriatim.core.ids import ConversationId
from seriatim.core.trace import Hop, Trace, passed
from seriatim.delivery.fanout import Receiver
from seriatim.gateway.transport.contract import Connection, Sink
from seriatim.protocol.answers import Gap
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.encoded import EncodedEvents, Wire
from seriatim.protocol.limits import ALL_OUTBOXES_BYTES, OUTBOX_BYTES, OUTBOX_FRAMES, STALLED_WRITE_S
from seriatim.protocol.session import Mark, Signal

log = structlog.get_logger()


_WRITE = Hop.WRITE


class Focused(Protocol):
    """A session, as its outbox sees it."""

    focus: frozenset[ConversationId]

    def untold(self) -> None:
        """Hear that presence was dropped."""
        ...


class _Queued(NamedTuple):
    framed: bytes
    mark: Mark


class Outboxes:
    """All outboxes of one gateway: who has something to say this tick, and one budget for those that cannot.

    Bounds: `ALL_OUTBOXES_BYTES` over all; beyond it the largest is closed with 4001.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, all_bytes: int = ALL_OUTBOXES_BYTES) -> None:
        self._loop = loop
        self._dirty: list[Outbox] = []
        self._broadcast_count = 0
        """Writes of this tick that no outbox made."""
        self._traces: list[tuple[Trace, Callable[[Trace], None]]] = []
        self._stalled: set[Outbox] = set()
        self._all_bytes = all_bytes
        self.queued_bytes = 0
        """Over all stalled connections."""
        self.closed_slow_count = 0
        self.shed_count = 0
        """Frames that were dropped or folded into a `gap`, because their peer did not read."""

    @property
    def stalled_count(self) -> int:
        """Connections whose peer takes nothing at present."""
        return len(self._stalled)

    def mark(self, outbox: "Outbox") -> None:
        """Flush this outbox at the end of the tick."""
        self._tick()
        self._dirty.append(outbox)

    def finish(self, trace: Trace, finished: Callable[[Trace], None]) -> None:
        """Note WRITE on a sampled command after this tick's flush, then hand it to `finished`."""
        self._tick()
        self._traces.append((trace, finished))

    def broadcast(self, sessions: Sequence[Receiver], events: EncodedEvents) -> None:
        """Write events to many sessions now; those that have something else to be told first get them in turn.

        A large group's event seldom shares its tick with another frame of the same member, so waiting for the tick
        gains nothing there, and six Python calls a member are a third of what a delivery costs (measured).
        """
        self._tick()
        wire = sessions[0].wire
        framed = events.framed(wire)
        later_count = 0
        for session in sessions:
            transport = session.outlet.ready
            if transport is None:
                session.deliver(events)
                later_count += 1
            elif session.wire is wire:
                transport.write(framed)
            else:
                wire = session.wire
                framed = events.framed(wire)
                transport.write(framed)
        self._broadcast_count += len(sessions) - later_count
        passed(None, _WRITE)

    def _tick(self) -> None:
        if not self._dirty and not self._traces and not self._broadcast_count:
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write every marked outbox, one call each."""
        dirty, self._dirty = self._dirty, []
        broadcast_count, self._broadcast_count = self._broadcast_count, 0
        for outbox in dirty:
            outbox.flush()
        if dirty:
            passed(None, _WRITE)
        if self._traces:
            traces, self._traces = self._traces, []
            for trace, finished in traces:
                trace.note(_WRITE, network=len(dirty) + broadcast_count)
                finished(trace)

    def stalled(self, outbox: "Outbox", *, grown_bytes: int) -> None:
        """Account for frames that wait in memory, and keep all of them within the budget."""
        self._stalled.add(outbox)
        self.queued_bytes += grown_bytes
        while self.queued_bytes > self._all_bytes and self._stalled:
            max(self._stalled, key=lambda one: one.queued_bytes).too_slow("all outboxes are full")

    def check(self, now: float) -> None:
        """Close connections whose peer has taken nothing for 10 s; called once a second."""
        for outbox in [one for one in self._stalled if one.stalled_too_long(now)]:
            outbox.too_slow("the peer took nothing for 10 s")

    def moving(self, outbox: "Outbox", *, freed_bytes: int) -> None:
        """Take a connection's frames out of the account again."""
        self._stalled.discard(outbox)
        self.queued_bytes -= freed_bytes


class Outbox:
    """The frames of one connection that are not with the transport yet.

    Bounds while the peer does not read: 1 MiB or 1,000 frames; then typing is dropped, then presence, then queued
    events of conversations that are not on screen become one `gap` each, and if that is not enough the connection is
    closed with 4001. Gaps recover from the log and presence is told again, so nothing is lost (promise D9).
    """

    __slots__ = (
        "_all",
        "_closing",
        "_connection",
        "_direct",
        "_frames",
        "_queue",
        "_wire",
        "focused",
        "paused_at",
        "queued_bytes",
        "ready",
    )

    def __init__(self, all_: Outboxes, connection: Connection, wire: Wire) -> None:
        self._all = all_
        self._connection = connection
        self._wire = wire
        self.ready: Sink | None = None
        """Where a broadcast may write now; None: something is queued, held back, or nothing may be written any more."""
        self._direct: Sink | None = None
        """What `ready` is whenever nothing is queued."""
        self.focused: Focused | None = None
        """Whose conversations on screen are shed last."""
        self._frames: list[bytes] | None = None
        """Of this tick; None: nothing, which most connections have to say most of the time."""
        self._queue: list[_Queued] | None = None
        """What waits for a stalled peer; None: it reads, or nothing is kept for it any more."""
        self._closing: tuple[int, str] | None = None
        self.queued_bytes = 0
        self.paused_at: float | None = None
        """Since when the peer takes nothing, monotonic."""

    @property
    def stalled(self) -> bool:
        """Whether the peer takes nothing at present."""
        return self.paused_at is not None

    def push(self, framed: bytes, mark: Mark = None) -> None:
        """Queue frames for this tick's flush, or behind those that wait for the peer."""
        frames = self._frames
        if frames is not None:
            frames.append(framed)
        elif self.paused_at is None:
            self._frames = [framed]
            self.ready = None
            self._all.mark(self)
        else:
            self._keep(framed, mark)

    def flush(self) -> None:
        """Give this tick's frames to the transport in one write; then close if that was asked for."""
        frames = self._frames
        if frames is not None:
            self._frames = None
            self.ready = self._direct
            self._connection.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if self._closing is not None and not self._queue:
            code, reason = self._closing
            self._connection.close(code, reason)

    def close(self, code: int, reason: str) -> None:
        """Flush at the end of the tick, then close; a stalled connection closes without what it did not take."""
        if self._closing is None:
            self._closing = (code, reason)
            self.ending()
            if self.paused_at is not None:
                self._drop()
                self._connection.close(code, reason)
            else:
                self._all.mark(self)

    def paused(self, now: float) -> None:
        """Note that the transport's buffer is above its mark: keep frames here."""
        if self.paused_at is None:
            self.paused_at = now
            self.ready = None
            frames, self._frames = self._frames or [], None
            if self._closing is not None:
                return  # a close under way waits for no peer
            self._queue = [_Queued(framed, None) for framed in frames]
            self.queued_bytes = sum(map(len, frames))
            self._all.stalled(self, grown_bytes=self.queued_bytes)

    def resumed(self) -> None:
        """Note that the peer reads again: what waited goes out at once, before it can stall once more."""
        queue, self._queue = self._queue or [], None
        self.paused_at = None
        self._all.moving(self, freed_bytes=self.queued_bytes)
        self.queued_bytes = 0
        self.ready = self._direct
        if queue:  # not with the tick: frames of a tick are not marked, and could never become a `gap`
            self._connection.write(b"".join(one.framed for one in queue))

    def live(self) -> None:
        """Let broadcasts write past this outbox, whenever nothing is queued in it."""
        if self._closing is None:
            self._direct = self._connection.transport()
            if self._frames is None and self.paused_at is None:
                self.ready = self._direct

    def ending(self) -> None:
        """Let nobody write past this outbox any more."""
        self.ready = self._direct = None

    def gone(self) -> None:
        """Forget everything: the connection is closed."""
        self.ending()
        self._drop()
        self._frames = None

    def stalled_too_long(self, now: float) -> bool:
        """Say whether the peer has taken nothing for 10 s."""
        return self.paused_at is not None and now - self.paused_at >= STALLED_WRITE_S

    def too_slow(self, why: str) -> None:
        """Close with 4001 and drop what the peer did not take."""
        self._all.closed_slow_count += 1
        log.info("session_too_slow", reason=why, queued_bytes=self.queued_bytes)
        self.close(CloseCode.TOO_SLOW, why)

    def _keep(self, framed: bytes, mark: Mark) -> None:
        queue = self._queue
        if queue is None:
            return  # closed or gone while it was stalled: nobody takes this
        queue.append(_Queued(framed, mark))
        self.queued_bytes += len(framed)
        self._all.stalled(self, grown_bytes=len(framed))
        if self._queue is not None and (len(queue) > OUTBOX_FRAMES or self.queued_bytes > OUTBOX_BYTES):
            self._shed(queue)

    def _shed(self, queue: list[_Queued]) -> None:
        """Drop typing, then presence, then fold the queued events of unfocused conversations into one `gap` each."""
        for signal in Signal:
            left = [one for one in queue if one.mark is not signal]
            if len(left) < len(queue):
                if signal is Signal.PRESENCE and self.focused is not None:
                    self.focused.untold()
                self._kept(left)
            if self._is_roomy():
                return
            queue = left
        self._fold(queue)
        # The budget of all may have closed this one just now; then there is nothing left to close.
        if self._closing is None and not self._is_roomy():
            self.too_slow("the peer does not read")

    def _fold(self, queue: list[_Queued]) -> None:
        focus = self.focused.focus if self.focused is not None else frozenset[ConversationId]()
        heads: dict[ConversationId, int] = {}
        kept: list[_Queued] = []
        for one in queue:
            events = one.mark
            if not isinstance(events, EncodedEvents) or events.conversation_id in focus:
                kept.append(one)
            else:
                heads[events.conversation_id] = max(events.seq, heads.get(events.conversation_id, 0))
        gaps = (Gap(conversation_id=conversation_id, head=head) for conversation_id, head in heads.items())
        kept.extend(_Queued(self._wire.encode(gap), None) for gap in gaps)
        self._kept(kept)

    def _kept(self, kept: list[_Queued]) -> None:
        before = self.queued_bytes
        self._all.shed_count += len(self._queue or ()) - len(kept)
        self._queue = kept
        self.queued_bytes = sum(len(one.framed) for one in kept)
        self._all.stalled(self, grown_bytes=self.queued_bytes - before)

    def _is_roomy(self) -> bool:
        return len(self._queue or ()) <= OUTBOX_FRAMES // 2 and self.queued_bytes <= OUTBOX_BYTES // 2

    def _drop(self) -> None:
        self._queue = None
        self._all.moving(self, freed_bytes=self.queued_bytes)
        self.queued_bytes = 0
