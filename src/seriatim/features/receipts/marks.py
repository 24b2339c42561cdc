"""Marks: collect what all sessions read and received within a window, write it with one statement, then tell."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seriatim.core.errors import ChatError, NotFound, Unavailable
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.log.threads import reads as threads_read
from seriatim.log.threads.reads import ThreadMark
from seriatim.log.watermarks import Mark, move_marks
from seriatim.protocol.answers import OwnRead
from seriatim.protocol.commands import Read
from seriatim.protocol.own.commands import Received
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

WINDOW_S = 1.0
"""A window closes this long after its first mark ..."""
READ_WINDOW_S = 0.5
"""... or this long after its first read, so that badges on other devices move in less than a second."""
WAITING = 20_000
"""Most reads, and most delivered marks, that wait for one window."""

Place = tuple[ConversationId, UserId]
ReadPlace = tuple[ConversationId, int, UserId]
"""A conversation, a thread of it (0: its main timeline), and who has read it."""
OnRead = Callable[[UserId, DeviceId, OwnRead], None]
OnMoved = Callable[[Sequence[Mark]], Awaitable[None]]


@dataclass(slots=True)
class _Read:
    """The furthest seq read within the window, by which device, and everybody who waits for it to be written."""

    seq: int
    device_id: DeviceId
    waiting: list[asyncio.Future[None]] = field(default_factory=list["asyncio.Future[None]"])


class _Written(NamedTuple):
    """Where the marks of a window stand now."""

    marks: list[Mark]
    threads: list[ThreadMark]


class Marks:
    """The watermarks of one process's sessions on their way to the log; `run` is owned by the role.

    A watermark never falls and never passes the head or, of an ex-member, the seq at which he left (promise D5).
    Bounds: one statement per window of 1 s, or 0.5 s from its first read on, with one row per member, and one more if
    a thread was read; at most 20,000 reads wait for it, and so many delivered marks. Those beyond are dropped, for a
    later one says the same.
    """

    def __init__(
        self,
        database: Database,
        on_read: OnRead,
        on_moved: OnMoved,
        *,
        window_s: float = WINDOW_S,
        read_window_s: float = READ_WINDOW_S,
    ) -> None:
        self._database = database
        self._on_read = on_read
        self._on_moved = on_moved
        self._window_s = window_s
        self._read_window_s = read_window_s
        self._reads: dict[ReadPlace, _Read] = {}
        self._delivered: dict[Place, int] = {}
        self._waiting = 0
        self._closes_at = 0.0
        self._sooner = asyncio.Event()
        """The window has begun, or closes sooner than it did."""
        self._ended = False

    async def read(self, command: Read, sender: Sender) -> None:
        """Move the sender's watermark up to `seq`; returns once it is committed and his other devices are told.

        Raises:
            NotFound: the sender is no member and has never been one.
            Unavailable: too many reads wait, or the outcome is unknown; the same command again does no harm.
        """
        if self._ended:
            raise _stops()
        if self._waiting >= WAITING:
            raise Unavailable("too many reads wait; try again", retry_after_ms=int(self._read_window_s * 1000))
        place = (command.conversation_id, command.thread_seq or 0, sender.user_id)
        read = self._reads.get(place)
        if read is None:
            read = self._reads[place] = _Read(command.seq, sender.device_id)
        elif command.seq > read.seq:
            read.seq, read.device_id = command.seq, sender.device_id
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        read.waiting.append(written)
        self._waiting += 1
        self._close_within(self._read_window_s)
        await written

    def received(self, received: Received, user_id: UserId) -> None:
        """Move the delivered watermarks of a user's device; nobody is told what became of it."""
        for conversation_id, seq in received.seqs.items():
            place = (conversation_id, user_id)
            if place in self._delivered or len(self._delivered) < WAITING:
                self._delivered[place] = max(seq, self._delivered.get(place, 0))
        if self._delivered:
            self._close_within(self._window_s)

    async def run(self) -> None:
        """Write one window after the other until cancelled; a failed write refuses its reads and the next begins."""
        reads: dict[ReadPlace, _Read] = {}
        try:
            while True:
                await self._window()
                reads, self._reads, self._waiting = self._reads, {}, 0
                delivered, self._delivered = self._delivered, {}
                try:
                    written = await self._write(reads, delivered)
                except Unavailable as error:
                    _refuse_all(reads, error)
                    for (conversation_id, user_id), seq in delivered.items():  # nobody waits, so nobody asks again
                        self.received(Received(seqs={conversation_id: seq}), user_id)
                    continue
                self._answer(reads, written)
                reads = {}
                moved = [mark for mark in written.marks if mark.read_moved or mark.delivered_moved]
                if moved:
                    await self._on_moved(moved)
        finally:
            # Requests may outlive this loop while the server stops: nobody waits for what is never written.
            self._ended = True
            _refuse_all(reads, _stops())
            _refuse_all(self._reads, _stops())

    def _close_within(self, seconds: float) -> None:
        at = asyncio.get_running_loop().time() + seconds
        if not self._closes_at or at < self._closes_at:
            self._closes_at = at
            self._sooner.set()

    async def _window(self) -> None:
        """Wait until the window closes; without a mark there is none."""
        while True:
            self._sooner.clear()
            left_s = self._closes_at - asyncio.get_running_loop().time() if self._closes_at else None
            if left_s is not None and left_s <= 0:
                self._closes_at = 0.0
                return
            try:
                async with asyncio.timeout(left_s):
                    await self._sooner.wait()
            except TimeoutError:
                pass

    async def _write(self, reads: dict[ReadPlace, _Read], delivered: dict[Place, int]) -> _Written:
        timelines = [(here, user_id, read.seq) for (here, thread_seq, user_id), read in reads.items() if not thread_seq]
        threads = [(*place, read.seq) for place, read in reads.items() if place[1]]
        async with self._database.transaction() as connection:
            return _Written(
                await move_marks(connection, timelines, [(*place, seq) for place, seq in delivered.items()]),
                await threads_read.move_read(connection, threads),
            )

    def _answer(self, reads: dict[ReadPlace, _Read], written: _Written) -> None:
        found: dict[ReadPlace, Mark | ThreadMark] = {
            **{(mark.conversation_id, 0, mark.user_id): mark for mark in written.marks},
            **{(mark.conversation_id, mark.thread_seq, mark.user_id): mark for mark in written.threads},
        }
        for place, read in reads.items():
            mark = found.get(place)
            if mark is None:
                _refuse(read, NotFound("no such conversation", path="$.conversation_id"))
                continue
            conversation_id, thread_seq, user_id = place
            own = OwnRead(
                conversation_id=conversation_id,
                thread_seq=thread_seq or None,
                seq=mark.read_seq,
                unread=mark.unread,
                mentions=mark.mentions,
            )
            self._on_read(user_id, read.device_id, own)
            for waiting in read.waiting:
                if not waiting.done():
                    waiting.set_result(None)


def _stops() -> Unavailable:
    return Unavailable("the server stops; send it again")


def _refuse_all(reads: dict[ReadPlace, _Read], error: ChatError) -> None:
    for read in reads.values():
        _refuse(read, error)


def _refuse(read: _Read, error: ChatError) -> None:
    for written in read.waiting:
        if not written.done():
            written.set_exception(error)
