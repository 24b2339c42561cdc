"""Client rules 1 and 8: commands wait here from before their first transmission until they are answered for good."""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from uuid import UUID

from seriatim.core.ids import ConversationId
from seriatim.protocol.answers import Sent
from seriatim.protocol.commands import conversation_of
from seriatim.protocol.entries import Entry
from seriatim.protocol.link.actions import Acked, Kept, OutboxCommand

WINDOW = 32
"""Most unanswered commands; the server refuses more than `limits.commands_in_flight` (100)."""
ANSWER_WITHIN_S = 10.0
"""Without an answer for this long a command is transmitted again, with the same key."""
FIRST_RETRY_S, MOST_RETRY_S = 0.25, 15.0


class Item:
    """One command that is not answered for good."""

    __slots__ = ("attempts", "command", "frame_id", "ordered", "sent_at", "settled")

    def __init__(self, command: OutboxCommand, *, ordered: bool) -> None:
        self.command = command
        self.ordered = ordered
        self.attempts = 0
        self.frame_id: int | None = None
        self.sent_at = 0.0
        self.settled = False

    @property
    def lane(self) -> ConversationId | None:
        """The conversation within which it keeps its place; `create` has none, and its own lane."""
        return conversation_of(self.command)


class Outbox:
    """Ordered commands leave one by one per conversation, the others as the window allows.

    Bounds: at most 32 in flight; what waits is bounded by who calls `keep` (the store holds it all anyway).
    """

    def __init__(self, kept: Iterable[Kept]) -> None:
        self._awaited: dict[UUID, Kept] = {}
        self._items: dict[UUID, Item] = {}
        self._lanes: dict[ConversationId | None, deque[Item]] = {}
        self._ready: deque[Item] = deque()
        self._later: list[tuple[float, int, Item]] = []
        self._in_flight: dict[int, Item] = {}
        self._serial = 0
        for row in kept:
            if row.seq is None:
                self.keep(row.command, ordered=row.ordered)
            else:
                self._awaited[row.command.client_id] = row

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, client_id: object) -> bool:
        return client_id in self._items

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def keep(self, command: OutboxCommand, *, ordered: bool) -> None:
        """Add a command at the end of its lane; one with a known `client_id` changes nothing."""
        if command.client_id in self._items:
            return
        item = self._items[command.client_id] = Item(command, ordered=ordered)
        if not ordered:
            self._ready.append(item)
            return
        lane = self._lanes.setdefault(item.lane, deque())
        lane.append(item)
        if self.may_leave(item):
            self._ready.append(item)

    def may_leave(self, item: Item) -> bool:
        """Rule 8: an ordered command leaves only as the first of its lane."""
        return not item.ordered or self._lanes[item.lane][0] is item

    def due(self, now: float) -> Iterator[Item]:
        """Yield what may be transmitted now; the caller notes each with `transmitted` before it asks on."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        while self._ready and len(self._in_flight) < WINDOW:
            item = self._ready.popleft()
            if not item.settled and item.frame_id is None:
                yield item

    def transmitted(self, item: Item, frame_id: int, now: float) -> None:
        """Note that the item is on its way under this frame id."""
        item.frame_id, item.sent_at = frame_id, now
        item.attempts += 1
        self._in_flight[frame_id] = item

    def of_frame(self, frame_id: int | None) -> Item | None:
        """Return the item that this frame id answers."""
        return None if frame_id is None else self._in_flight.get(frame_id)

    def settle(self, client_id: UUID) -> Item | None:
        """Take the command out: it is stored or refused for good. None: it is not here (any more)."""
        item = self._items.pop(client_id, None)
        if item is None:
            return None
        item.settled = True
        self._land(item)
        if item.ordered:
            lane = self._lanes[item.lane]
            was_first = lane[0] is item
            lane.remove(item)
            if not lane:
                del self._lanes[item.lane]
            elif was_first:
                self._ready.append(lane[0])
        return item

    def acked(self, stored: Sent | Entry, *, is_held: bool) -> Acked | None:
        """Settle the command that is stored so; until its entry is held it is remembered. None: it is not here."""
        item = self.settle(stored.client_id)
        if item is None:
            return None
        awaits_entry = item.lane is not None and not is_held
        if awaits_entry:
            self._awaited[stored.client_id] = Kept(item.command, item.ordered, stored.seq)
        return Acked(
            client_id=stored.client_id,
            conversation_id=stored.conversation_id,
            seq=stored.seq,
            created_at=stored.created_at,
            duplicate=isinstance(stored, Sent) and stored.duplicate,
            awaits_entry=awaits_entry,
            trace=stored.trace if isinstance(stored, Sent) else None,
        )

    def passed(self, conversation_id: ConversationId, cursor: int) -> list[UUID]:
        """Forget the acked commands of a conversation whose entries are held, and return their keys."""
        held = [
            client_id
            for client_id, row in self._awaited.items()
            if conversation_of(row.command) == conversation_id and row.seq is not None and row.seq <= cursor
        ]
        for client_id in held:
            del self._awaited[client_id]
        return held

    def doubt(self) -> list[Kept]:
        """Return, and take back as unanswered, the acked commands whose entries were never held."""
        doubted = list(self._awaited.values())
        self._awaited.clear()
        for row in doubted:
            self.keep(row.command, ordered=row.ordered)
        return doubted

    def postpone(self, item: Item, now: float, retry_after_ms: int | None) -> None:
        """Try the same key again later: when the server said, else with a doubling wait."""
        self._land(item)
        own_s = min(MOST_RETRY_S, FIRST_RETRY_S * 2 ** min(item.attempts - 1, 10))
        wait_s = own_s if retry_after_ms is None else retry_after_ms / 1_000
        self._serial += 1
        heapq.heappush(self._later, (now + wait_s, self._serial, item))

    def overdue(self, now: float) -> None:
        """Make ready again what was not answered in time; the key makes a second transmission harmless."""
        while self._in_flight:
            item = next(iter(self._in_flight.values()))
            if now < item.sent_at + ANSWER_WITHIN_S:
                return
            self._land(item)
            self._ready.append(item)

    def disconnected(self) -> None:
        """Forget what was on its way: all of it is transmitted again, in order, on the next connection."""
        self._in_flight.clear()
        self._later.clear()
        for item in self._items.values():
            item.frame_id = None
        self._ready = deque(item for item in self._items.values() if self.may_leave(item))

    def next_at(self) -> float | None:
        """Return when `due` or `overdue` has something new; None: only after an answer."""
        times = [next(iter(self._in_flight.values())).sent_at + ANSWER_WITHIN_S] if self._in_flight else []
        if self._later:
            times.append(self._later[0][0])
        return min(times, default=None)

    def _land(self, item: Item) -> None:
        if item.frame_id is not None:
            del self._in_flight[item.frame_id]
            item.frame_id = None
