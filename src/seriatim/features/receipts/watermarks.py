"""Who is told of others' marks: whoever looks at a small conversation; in large ones the authors, by a count."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import structlog

from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.broker.shared import MARKS, Marked
from seriatim.features.receipts import store
from seriatim.log.watermarks import Mark
from seriatim.protocol.answers import MemberMarks, Watermarks
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

COUNTED = 20
"""Most large conversations counted after one window; the others wait for their next mark."""


HEARD = 20_000
"""Most marks of other gateways that wait to be told; those beyond are told by the next of the same member."""


class Looking(Protocol):
    """A live session that has a conversation on its screen."""

    @property
    def user_id(self) -> UserId:
        """Whose session it is."""
        ...

    def tell(self, frame: Any) -> None:
        """Send one frame."""
        ...


LookingAt = Callable[[ConversationId], Collection[Looking]]
"""Returns the sessions with this conversation on their screen, whether or not their users are members."""


class ReceiptNews:
    """Tells the sessions that look at it what moved; once a window, so about once a second a conversation.

    Each gateway tells its own: what moved on another one is heard, and told with all that was heard meanwhile. Who
    gives no read receipts sees none either. Bounds: one statement, and two more when large conversations moved.
    """

    def __init__(self, database: Database, looking_at: LookingAt, share: Callable[[Marked], None]) -> None:
        self._database = database
        self._looking_at = looking_at
        self._share = share
        self._heard: dict[tuple[ConversationId, UserId], Mark] = {}

    async def tell(self, moved: Sequence[Mark]) -> None:
        """Tell of these marks, on every gateway."""
        for start in range(0, len(moved), MARKS):
            self._share(Marked(list(moved[start : start + MARKS])))
        await self._tell(moved)

    def heard(self, _gateway: str, marked: Marked) -> None:
        """Keep what moved on another gateway of what is looked at here, until it is told."""
        for mark in marked.marks:
            place = (mark.conversation_id, mark.user_id)
            if self._looking_at(mark.conversation_id) and (place in self._heard or len(self._heard) < HEARD):
                self._heard[place] = mark if place not in self._heard else _later(self._heard[place], mark)

    async def tell_heard(self) -> None:
        """Tell of what was heard since the last time."""
        heard, self._heard = self._heard, {}
        if heard:
            await self._tell(list(heard.values()))

    async def _tell(self, moved: Sequence[Mark]) -> None:
        """Tell those who look here; what the database refuses is not told, and stands in the list that clients read."""
        small: dict[ConversationId, list[Mark]] = defaultdict(list)
        large: dict[ConversationId, None] = {}
        for mark in moved:
            if not self._looking_at(mark.conversation_id):
                continue
            if mark.kept:
                small[mark.conversation_id].append(mark)
            elif len(large) < COUNTED:
                large[mark.conversation_id] = None
        try:
            if small:
                await self._tell_marks(small)
            if large:
                await self._tell_counts(list(large))
        except Unavailable as error:
            log.warning("receipts_not_told", reason=error.message, conversations=len(small) + len(large))

    async def _tell_marks(self, moved: dict[ConversationId, list[Mark]]) -> None:
        looking = [(id_, session) for id_ in moved for session in self._looking_at(id_)]
        places = {(conversation_id, session.user_id) for conversation_id, session in looking}
        async with self._database.read() as connection:
            viewers = await store.viewers(connection, list(places))
        frames = {
            (conversation_id, sees): Watermarks(conversation_id=conversation_id, rows=_rows(marks, sees=sees))
            for conversation_id, marks in moved.items()
            for sees in (True, False)
        }
        for conversation_id, session in looking:
            sees = viewers.get((conversation_id, session.user_id))
            if sees is not None and (frame := frames[conversation_id, sees]).rows:
                session.tell(frame)

    async def _tell_counts(self, conversation_ids: list[ConversationId]) -> None:
        looking = [(id_, session) for id_ in conversation_ids for session in self._looking_at(id_)]
        places = {(conversation_id, session.user_id) for conversation_id, session in looking}
        async with self._database.read() as connection:
            authors = await store.authors(connection, conversation_ids)
            latest = {place: seq for place, seq in authors.items() if place in places}
            counts = await store.read_counts(connection, latest) if latest else {}
        for conversation_id, session in looking:
            place = (conversation_id, session.user_id)
            if place in counts:
                session.tell(Watermarks(conversation_id=conversation_id, seq=latest[place], read_count=counts[place]))


def _later(before: Mark, mark: Mark) -> Mark:
    """Return what is told once instead of both."""
    return mark._replace(
        read_seq=max(before.read_seq, mark.read_seq),
        delivered_seq=max(before.delivered_seq, mark.delivered_seq),
        read_moved=before.read_moved or mark.read_moved,
        delivered_moved=before.delivered_moved or mark.delivered_moved,
    )


def _rows(marks: Sequence[Mark], *, sees: bool) -> list[MemberMarks]:
    """Return what is told of these marks: not who has read what, unless both let it be known."""
    told = [(mark, sees and mark.gives) for mark in marks]
    return [
        MemberMarks(mark.user_id, mark.delivered_seq, mark.read_seq if shows else 0)
        for mark, shows in told
        if mark.delivered_moved or shows
    ]
