"""Read marks: collect what all sessions read within a window, write it with one statement, then tell and answer."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from seriatim.core.errors import ChatError, NotFound, Unavailable
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.log.watermarks import move_read
from seriatim.protocol.answers import OwnRead
from seriatim.protocol.commands import Read
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

WINDOW_S = 0.5
"""A window closes this long after its first mark, so that badges on other devices move in less than a second."""
WAITING_READS = 20_000
"""Most reads that wait for one window."""

Place = tuple[ConversationId, UserId]
OnRead = Callable[[UserId, DeviceId, OwnRead], None]


class _Mark(NamedTuple):
    """The furthest seq read within the window, by which device, and everybody who waits for it to be written."""

    seq: int
    device_id: DeviceId
    waiting: list[asyncio.Future[None]]


class ReadMarks:
    """The read watermarks of one process's sessions on their way to the log; `run` is owned by the role.

    A watermark never falls and never passes the head or, of an ex-member, the seq at which he left (promise D5).
    Bounds: one statement per window of 0.5 s whatever the number of marks; at most 20,000 reads wait for it.
    """

    def __init__(self, database: Database, on_read: OnRead, *, window_s: float = WINDOW_S) -> None:
        self._database = database
        self._on_read = on_read
        self._window_s = window_s
        self._marks: dict[Place, _Mark] = {}
        self._waiting = 0
        self._something = asyncio.Event()
        self._ended = False

    async def read(self, command: Read, sender: Sender) -> None:
        """Move the sender's watermark up to `seq`; returns once it is committed and his other devices are told.

        Raises:
            NotFound: the sender is no member and has never been one.
            Unavailable: too many reads wait, or the outcome is unknown; the same command again does no harm.
        """
        if self._ended:
            raise _stops()
        if self._waiting >= WAITING_READS:
            raise Unavailable("too many reads wait; try again", retry_after_ms=int(self._window_s * 1000))
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (command.conversation_id, sender.user_id)
        mark = self._marks.get(place)
        if mark is None:
            self._marks[place] = _Mark(command.seq, sender.device_id, [written])
        else:
            mark.waiting.append(written)
            if command.seq > mark.seq:
                self._marks[place] = _Mark(command.seq, sender.device_id, mark.waiting)
        self._waiting += 1
        self._something.set()
        await written

    async def run(self) -> None:
        """Write one window after the other until cancelled; a failed write refuses its window and the next begins."""
        marks: dict[Place, _Mark] = {}
        try:
            while True:
                await self._something.wait()
                await asyncio.sleep(self._window_s)
                marks, self._marks, self._waiting = self._marks, {}, 0
                self._something.clear()
                try:
                    moved = await self._write(marks)
                except Unavailable as error:
                    _refuse_all(marks, error)
                else:
                    self._answer(marks, moved)
        finally:
            # Requests may outlive this loop while the server stops: nobody waits for what is never written.
            self._ended = True
            _refuse_all(marks, _stops())
            _refuse_all(self._marks, _stops())

    async def _write(self, marks: dict[Place, _Mark]) -> dict[Place, OwnRead]:
        async with self._database.transaction() as connection:
            rows = await move_read(
                connection, [(conversation_id, user_id, mark.seq) for (conversation_id, user_id), mark in marks.items()]
            )
        return {
            (row.conversation_id, row.user_id): OwnRead(
                conversation_id=row.conversation_id, seq=row.read_seq, unread=row.unread, mentions=0
            )
            for row in rows
        }

    def _answer(self, marks: dict[Place, _Mark], moved: dict[Place, OwnRead]) -> None:
        for place, mark in marks.items():
            own = moved.get(place)
            if own is None:
                _refuse(mark, NotFound("no such conversation", path="$.conversation_id"))
                continue
            self._on_read(place[1], mark.device_id, own)
            for written in mark.waiting:
                if not written.done():
                    written.set_result(None)


def _stops() -> Unavailable:
    return Unavailable("the server stops; send it again")


def _refuse_all(marks: dict[Place, _Mark], error: ChatError) -> None:
    for mark in marks.values():
        _refuse(mark, error)


def _refuse(mark: _Mark, error: ChatError) -> None:
    for written in mark.waiting:
        if not written.done():
            written.set_exception(error)
