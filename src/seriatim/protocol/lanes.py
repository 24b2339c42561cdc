"""The order within one session: commands on one conversation are handled one after another, sends flow together."""

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from seriatim.core.ids import ConversationId

Item = TypeVar("Item")
Key = ConversationId | None
_NOTHING: tuple[()] = ()


class Lanes(Generic[Item]):
    """Decides which commands may start: sends of one conversation overlap (the log keeps their order), others wait.

    A command that is no send starts when nothing else of its conversation is in flight, and holds later ones back.
    """

    __slots__ = ("_sending", "_waiting")

    def __init__(self) -> None:
        self._sending: dict[Key, int] = {}
        self._waiting: dict[Key, deque[tuple[bool, Item]]] = {}

    def enter(self, key: Key, item: Item, *, send: bool) -> bool:
        """Say whether `item` starts now; else it is kept and given back by `leave`."""
        queue = self._waiting.get(key) if self._waiting else None
        if queue is not None:
            queue.append((send, item))
            return False
        if send:
            self._sending[key] = self._sending.get(key, 0) + 1
            return True
        if key in self._sending:
            self._waiting[key] = deque(((False, item),))
            return False
        self._waiting[key] = deque()
        return True

    def leave(self, key: Key, *, send: bool) -> Sequence[Item]:
        """Note that a command of this conversation is done and return those that start now, in order."""
        if send:
            left = self._sending[key] - 1
            if left:
                self._sending[key] = left
                return _NOTHING
            del self._sending[key]
            if key not in self._waiting:
                return _NOTHING
        return self._advance(key)

    def _advance(self, key: Key) -> list[Item]:
        queue = self._waiting[key]
        started: list[Item] = []
        while queue and queue[0][0]:
            started.append(queue.popleft()[1])
        if started:
            self._sending[key] = len(started)
            if not queue:
                del self._waiting[key]
        elif queue:
            started.append(queue.popleft()[1])
        else:
            del self._waiting[key]
        return started
