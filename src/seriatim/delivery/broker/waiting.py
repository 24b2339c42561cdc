"""What waits to leave this gateway, bounded: when too much waits, what matters least goes first."""

from collections import deque
from collections.abc import Collection, Iterable
from typing import NamedTuple

from seriatim.core.ids import ConversationId
from seriatim.delivery.broker.port import Hint, Told
from seriatim.delivery.broker.shared import Shared

WAITING = 10_000
"""Most news that wait; beyond it the oldest of what is shared go, then the oldest of the others."""
AT_ONCE = 500
"""Most news, and most of what is shared, in one message."""

News = Hint | Told | Shared


class Going(NamedTuple):
    """News, and the gateways it goes to; None: all of them."""

    news: News
    to: Collection[str] | None = None


class Waiting:
    """News on its way out, each sort in its order."""

    def __init__(self) -> None:
        self._news: deque[Going] = deque()
        self._shared: deque[Going] = deque()
        self.dropped_count = 0
        """News that never left."""

    def __bool__(self) -> bool:
        """Say whether anything waits."""
        return bool(self._news or self._shared)

    def put(self, going: Iterable[Going]) -> None:
        """Let hints and told frames wait."""
        self._news.extend(going)
        self._bound()

    def put_shared(self, shared: Shared) -> None:
        """Let something for all gateways wait that may be dropped sooner than the others."""
        self._shared.append(Going(shared))
        self._bound()

    def take(self) -> list[Going]:
        """Return what goes next, at once; it waits no more."""
        going = [self._news.popleft() for _ in range(min(AT_ONCE, len(self._news)))]
        going += [self._shared.popleft() for _ in range(min(AT_ONCE, len(self._shared)))]
        return going

    def _bound(self) -> None:
        for waiting in (self._shared, self._news):
            while waiting and len(self._news) + len(self._shared) > WAITING:
                waiting.popleft()
                self.dropped_count += 1


def bundled(going: Iterable[Going]) -> list[tuple[str | None, list[News]]]:
    """Return what is sent to whom, in this order: one bundle for each gateway, and one for all (None).

    Two bundles for the same receiver are made only where one would put the news of a conversation out of order.
    """
    bundles: list[tuple[str | None, list[News]]] = []
    open_: dict[str | None, list[News]] = {}
    is_for_all: dict[ConversationId, bool] = {}
    for news, to in going:
        if isinstance(news, Hint):
            conversation_id = news.entry.conversation_id
            if is_for_all.setdefault(conversation_id, to is None) is not (to is None):
                open_, is_for_all = {}, {conversation_id: to is None}
        for name in (None,) if to is None else to:
            bundle = open_.get(name)
            if bundle is None:
                bundle = open_[name] = []
                bundles.append((name, bundle))
            bundle.append(news)
    return bundles
