"""What a program that draws needs besides the entries: what is on screen, and what is unread; part of a Client."""

from collections.abc import Iterable

from seriatim.client.driver import Driver
from seriatim.client.store import Store
from seriatim.core.clock import Clock
from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.answers import PresenceRow


class View:
    """One device as its screen shows it."""

    def __init__(self, driver: Driver, store: Store, clock: Clock) -> None:
        self._driver = driver
        self._store = store
        self._clock = clock

    def focus(
        self,
        conversation_ids: Iterable[ConversationId],
        user_ids: Iterable[UserId] = (),
        *,
        inactive: bool = False,
    ) -> None:
        """Say which conversations and people are on screen, 100 together at most, and whether nobody looks.

        These conversations are served first; typing and presence are told of what is on screen only, by calling the
        client's `observers` with `ScreenChanged`.
        """
        link = self._driver.link
        self._driver.do(link.focus(self._clock.monotonic(), conversation_ids, user_ids, inactive=inactive))

    def type(self, conversation_id: ConversationId, thread_seq: int | None = None, *, on: bool = True) -> None:
        """Say that the user types there, or no more; call it with every key: others hear of it once in 3 s."""
        link = self._driver.link
        self._driver.do(link.type(self._clock.monotonic(), (conversation_id, thread_seq), on=on))

    def typists(self, conversation_id: ConversationId, thread_seq: int | None = None) -> list[UserId]:
        """Return who types in a conversation on screen: nobody for longer than 6 s after the last news of it."""
        return self._driver.link.screen.typists(conversation_id, thread_seq)

    def presence(self, user_id: UserId) -> PresenceRow | None:
        """Return the presence of somebody on screen; None: it is not known, which is not the same as offline."""
        return self._driver.link.screen.presence(user_id)

    def online(self, conversation_id: ConversationId) -> int | None:
        """Return how many are online in a conversation on screen of more than 250 members; None: it is not known."""
        return self._driver.link.screen.online(conversation_id)

    def flags(self, conversation_id: ConversationId) -> int:
        """Return how a conversation is for this user: 1 muted, 2 pinned, 4 marked unread, 8 hidden, 16 left."""
        position = self._store.position(conversation_id)
        return 0 if position is None else position.flags

    def unread(self, conversation_id: ConversationId) -> int:
        """Return how many messages of others this user has not read there, as far as this device knows."""
        position = self._store.position(conversation_id)
        return 0 if position is None else position.unread

    def mentions(self, conversation_id: ConversationId) -> int:
        """Return in how many of these the user, or everybody, is mentioned."""
        position = self._store.position(conversation_id)
        return 0 if position is None else position.mentions
