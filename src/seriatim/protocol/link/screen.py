"""What is on this device's screen, what the server tells of it that is not in the log, and who types here."""

from collections.abc import Iterable

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.answers import PresenceRow, PresenceTold, TypingTold
from seriatim.protocol.commands import Focus, Typing
from seriatim.protocol.entries import Entry, MessageSent
from seriatim.protocol.limits import LIMITS, TYPING_EVERY_S, TYPING_SHOWN_S
from seriatim.protocol.link.actions import ScreenChanged, Transmit

Place = tuple[ConversationId, int | None]
"""A conversation, or a thread in it."""


class Screen:
    """Presence and typing of what is shown, as long as the connection lasts: nobody knows better meanwhile.

    Who types is shown for 6 s after the last news of it (promise D7), and until his message comes.
    """

    def __init__(self) -> None:
        self.conversation_ids: tuple[ConversationId, ...] = ()
        self._user_ids: tuple[UserId, ...] = ()
        self._inactive = False
        self._presence: dict[UserId, PresenceRow] = {}
        self._online: dict[ConversationId, int] = {}
        self._until: dict[tuple[Place, UserId], float] = {}
        """When each of those who type is taken off the screen."""
        self._typed: tuple[Place, float] | None = None
        """Where this device last said that its user types, and when."""
        self._is_changed = False
        self._greeted = Focus()

    # -- what the server is told

    def focus(self, conversation_ids: Iterable[ConversationId], user_ids: Iterable[UserId], *, inactive: bool) -> Focus:
        """Show these, 100 together at most, and return the frame that says so."""
        self.conversation_ids = tuple(conversation_ids)[: LIMITS.focus_ids]
        self._user_ids = tuple(user_ids)[: LIMITS.focus_ids - len(self.conversation_ids)]
        self._inactive = inactive
        self._presence = {id_: row for id_, row in self._presence.items() if id_ in self._user_ids}
        self._online = {id_: count for id_, count in self._online.items() if id_ in self.conversation_ids}
        return self.frame()

    def frame(self) -> Focus:
        """Return what the server has to know of this screen."""
        return Focus(
            conversation_ids=list(self.conversation_ids), user_ids=list(self._user_ids), inactive=self._inactive
        )

    def greeting(self) -> Focus:
        """Return what `hello` says of it: no people yet."""
        self._greeted = Focus(conversation_ids=list(self.conversation_ids), inactive=self._inactive)
        return self._greeted

    def connected(self) -> list[Transmit]:
        """Tell what `hello` did not say: people, and what changed until it was answered."""
        frame = self.frame()
        return [] if frame == self._greeted else [Transmit(frame)]

    def type(self, place: Place, now: float, *, on: bool) -> list[Transmit]:
        """Tell that the user types here, or no more, unless the server knows or was told within 3 s."""
        typed = self._typed
        if on:
            if typed is not None and now - typed[1] < TYPING_EVERY_S:
                return []
            self._typed = (place, now)
        elif typed is None or typed[0] != place:
            return []
        else:
            self._typed = None
        return [Transmit(Typing(conversation_id=place[0], thread_seq=place[1], on=on))]

    # -- what the server tells

    def changes(self) -> list[ScreenChanged]:
        """Return that there is something new to show, once."""
        is_changed, self._is_changed = self._is_changed, False
        return [ScreenChanged()] if is_changed else []

    def told(self, frame: PresenceTold | TypingTold, now: float) -> None:
        """Take the news."""
        self._is_changed = True
        if isinstance(frame, PresenceTold):
            self._presence |= {row.user_id: row for row in frame.rows if row.user_id in self._user_ids}
            self._online |= frame.counts
            return
        typist = ((frame.conversation_id, frame.thread_seq), frame.user_id)
        if frame.on:
            self._until[typist] = now + TYPING_SHOWN_S
        else:
            self._until.pop(typist, None)

    def entry(self, entry: Entry) -> None:
        """Take an entry: whoever sent a message has ended to type it."""
        if not isinstance(entry, MessageSent):
            return
        ended = [
            typist for typist in self._until if typist[0][0] == entry.conversation_id and typist[1] == entry.sender_id
        ]
        self._take_off(ended)

    def overdue(self, now: float) -> None:
        """Take those off who said nothing for 6 s."""
        self._take_off([typist for typist, until in self._until.items() if until <= now])

    def next_at(self) -> float | None:
        """Return when `overdue` has something to do."""
        return min(self._until.values(), default=None)

    def disconnected(self) -> None:
        """Forget what nobody tells any more."""
        self._is_changed = bool(self._presence or self._online or self._until)
        self._presence, self._online, self._typed = {}, {}, None
        self._until.clear()

    def _take_off(self, typists: list[tuple[Place, UserId]]) -> None:
        for typist in typists:
            del self._until[typist]
            self._is_changed = True

    # -- what there is to show

    def presence(self, user_id: UserId) -> PresenceRow | None:
        """Return the presence of somebody on screen; None: it is not known, which is not the same as offline."""
        return self._presence.get(user_id)

    def online(self, conversation_id: ConversationId) -> int | None:
        """Return how many are online in a large conversation; None: it is not known."""
        return self._online.get(conversation_id)

    def typists(self, conversation_id: ConversationId, thread_seq: int | None = None) -> list[UserId]:
        """Return who types there, in the order in which they began."""
        return [user_id for place, user_id in self._until if place == (conversation_id, thread_seq)]
