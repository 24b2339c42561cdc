"""Which conversations are fetched next: one fetch per conversation at a time, a few together, focused ones first."""

from collections.abc import Callable, Iterator

from seriatim.core.ids import ConversationId
from seriatim.protocol.commands import Fetch
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.link.conversation import Conversation, Direction

TOGETHER = 4
"""Most unanswered fetches of one session."""
ANSWER_WITHIN_S = 10.0


class Fetches:
    """The fetches that are due and those on their way."""

    def __init__(self, conversation: Callable[[ConversationId], Conversation]) -> None:
        self._conversation = conversation
        self._wanting: dict[ConversationId, None] = {}
        self._in_flight: dict[int, tuple[ConversationId, Direction, float]] = {}
        self._fetching: set[ConversationId] = set()
        self._not_before = 0.0
        self.focus: tuple[ConversationId, ...] = ()

    def consider(self, conversation: Conversation) -> None:
        """Look at a conversation again after something changed in it."""
        if conversation.fetch_at is None and conversation.fill_before is None:
            self._wanting.pop(conversation.id, None)
        else:
            self._wanting.setdefault(conversation.id)

    def due(self, now: float) -> Iterator[tuple[Conversation, Direction]]:
        """Yield what may be fetched now; the caller notes each with `transmitted` before it asks on."""
        if not self._wanting or now < self._not_before:
            return
        first = [conversation_id for conversation_id in self.focus if conversation_id in self._wanting]
        for conversation_id in [*first, *self._wanting]:
            if len(self._in_flight) >= TOGETHER:
                return
            if conversation_id in self._fetching:
                continue
            conversation = self._conversation(conversation_id)
            direction = conversation.wants(now)
            if direction is not None:
                yield conversation, direction

    def transmitted(self, frame_id: int, conversation: Conversation, direction: Direction, now: float) -> Fetch:
        """Note that this fetch is on its way, and return it."""
        self._in_flight[frame_id] = conversation.id, direction, now
        self._fetching.add(conversation.id)
        return Fetch(
            id=frame_id,
            conversation_id=conversation.id,
            after=conversation.cursor or 0 if direction is Direction.AFTER else None,
            before=conversation.fill_before if direction is Direction.BEFORE else None,
            limit=LIMITS.page_entries,
        )

    def answered(self, frame_id: int | None) -> tuple[Conversation, Direction] | None:
        """Return what this frame id had asked; None: it was no fetch, or one given up."""
        found = None if frame_id is None else self._in_flight.pop(frame_id, None)
        if found is None:
            return None
        self._fetching.discard(found[0])
        return self._conversation(found[0]), found[1]

    def pause(self, until: float) -> None:
        """Ask nothing before `until`: the server is over its rate."""
        self._not_before = max(self._not_before, until)

    def overdue(self, now: float) -> None:
        """Give up what was not answered in time; it is asked again."""
        late = [frame_id for frame_id, (_, _, at) in self._in_flight.items() if now >= at + ANSWER_WITHIN_S]
        for frame_id in late:
            self.answered(frame_id)

    def disconnected(self) -> None:
        """Forget what was on its way."""
        self._in_flight.clear()
        self._fetching.clear()
        self._not_before = 0.0

    def next_at(self) -> float | None:
        """Return when `due` or `overdue` has something new; None: only after an answer or an event."""
        times = [at + ANSWER_WITHIN_S for _, _, at in self._in_flight.values()]
        if len(self._in_flight) < TOGETHER:
            for conversation_id in self._wanting:
                conversation = self._conversation(conversation_id)
                if conversation_id not in self._fetching and not conversation.comparing:
                    at = 0.0 if conversation.fill_before is not None else conversation.fetch_at or 0.0
                    times.append(max(self._not_before, at))
        return min(times, default=None)
