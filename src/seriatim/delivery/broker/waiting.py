"""What waits to leave this gateway, bounded: when too much waits, what matters least goes first."""

from collections import deque
from collections.abc import Sequence

from seriatim.delivery.broker.port import Hint, Told
from seriatim.delivery.broker.shared import Shared

WAITING = 10_000
"""Most news that wait; beyond it the oldest of what is shared go, then the oldest of the others."""
AT_ONCE = 500
"""Most news, and most of what is shared, in one message."""

News = Hint | Told | Shared


class Waiting:
    """News on its way out, each sort in its order."""

    def __init__(self) -> None:
        self._news: deque[Hint | Told] = deque()
        self._shared: deque[Shared] = deque()
        self.dropped_count = 0
        """News that never left."""

    def __bool__(self) -> bool:
        """Say whether anything waits."""
        return bool(self._news or self._shared)

    def put(self, news: Sequence[Hint | Told]) -> None:
        """Let hints and told frames wait."""
        self._news.extend(news)
        self._bound()

    def put_shared(self, shared: Shared) -> None:
        """Let something wait that may be dropped sooner than the others."""
        self._shared.append(shared)
        self._bound()

    def take(self) -> list[News]:
        """Return what goes with the next message; it waits no more."""
        news: list[News] = [self._news.popleft() for _ in range(min(AT_ONCE, len(self._news)))]
        news += [self._shared.popleft() for _ in range(min(AT_ONCE, len(self._shared)))]
        return news

    def _bound(self) -> None:
        for waiting in (self._shared, self._news):
            while waiting and len(self._news) + len(self._shared) > WAITING:
                waiting.popleft()
                self.dropped_count += 1
