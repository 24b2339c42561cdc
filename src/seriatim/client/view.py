"""What a program that draws needs besides the entries: what is on screen, and what is unread; part of a Client."""

from collections.abc import Iterable

from seriatim.client.driver import Driver
from seriatim.client.store import Store
from seriatim.core.clock import Clock
from seriatim.core.ids import ConversationId


class View:
    """One device as its screen shows it."""

    def __init__(self, driver: Driver, store: Store, clock: Clock) -> None:
        self._driver = driver
        self._store = store
        self._clock = clock

    def focus(self, conversation_ids: Iterable[ConversationId]) -> None:
        """Say which conversations are on screen: they are served first."""
        self._driver.do(self._driver.link.focus(self._clock.monotonic(), conversation_ids))

    def unread(self, conversation_id: ConversationId) -> int:
        """Return how many messages of others this user has not read there, as far as this device knows."""
        position = self._store.position(conversation_id)
        return 0 if position is None else position.unread
