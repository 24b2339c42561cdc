"""Signals: what tells of a moment (typing, presence) goes to the sessions that look at it and is never stored."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.answers import PresenceRow, PresenceTold
from seriatim.protocol.limits import PRESENCE_EVERY_S
from seriatim.protocol.session import Outlet, Phase, Signal

SLOTS = 10
"""Sessions take turns in so many parts of a second, so that their frames do not hold up everything else at once."""


class Looking(Protocol):
    """A live session, as signals see it."""

    phase: Phase

    @property
    def user_id(self) -> UserId:
        """Whose session it is."""
        ...

    @property
    def outlet(self) -> Outlet:
        """The way to its socket."""
        ...

    def signal(self, frame: Any, kind: Signal) -> None:
        """Send one frame that may be dropped."""
        ...


Row = Callable[[UserId, UserId], PresenceRow | None]
"""What a viewer is told of somebody: (viewer, shown); None: nothing yet."""


class Moved(NamedTuple):
    """Who came onto a screen, and who went off it."""

    new: frozenset[UserId]
    gone: frozenset[UserId]


_NOBODY: frozenset[UserId] = frozenset()


class _Screen:
    """What one session shows, and what of it has changed since it was told."""

    __slots__ = ("changed", "conversation_ids", "counts", "slot", "told", "user_ids")

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.conversation_ids: frozenset[ConversationId] = frozenset()
        self.user_ids: frozenset[UserId] = frozenset()
        self.changed: set[UserId] = set()
        self.counts: dict[ConversationId, int] = {}
        self.told: dict[ConversationId, int] = {}
        """The counts that it was told last."""


class Signals:
    """The screens of this gateway's sessions.

    Bounds: `focus_ids` conversations and people a session; one presence frame a session and second, in which the last
    change of each person and count stands. Nothing is queued for a session that does not read: it is told the latest
    when it does.
    """

    def __init__(self) -> None:
        self._screens: dict[Looking, _Screen] = {}
        self._on_conversation: dict[ConversationId, set[Looking]] = {}
        self._on_user: dict[UserId, set[Looking]] = {}
        self._due: list[dict[Looking, None]] = [{} for _ in range(SLOTS)]
        self._next_slot = 0

    # -- who looks at what

    def focus(
        self, session: Looking, conversation_ids: frozenset[ConversationId], user_ids: frozenset[UserId]
    ) -> Moved:
        """Put this on the session's screen in place of what was there; return what that changed of the people."""
        screen = self._screens.get(session)
        if screen is None:
            if not conversation_ids and not user_ids:
                return Moved(_NOBODY, _NOBODY)
            self._next_slot = (self._next_slot + 1) % SLOTS
            screen = self._screens[session] = _Screen(self._next_slot)
        _move(self._on_conversation, session, screen.conversation_ids, conversation_ids)
        _move(self._on_user, session, screen.user_ids, user_ids)
        moved = Moved(user_ids - screen.user_ids, screen.user_ids - user_ids)
        screen.conversation_ids, screen.user_ids = conversation_ids, user_ids
        screen.changed &= user_ids
        for counts in (screen.counts, screen.told):
            for conversation_id in counts.keys() - conversation_ids:
                del counts[conversation_id]
        if not conversation_ids and not user_ids:
            self._due[screen.slot].pop(session, None)
            del self._screens[session]
        return moved

    def forget(self, session: Looking) -> frozenset[UserId]:
        """Forget a session that is gone; return the people who were on its screen."""
        return self.focus(session, frozenset(), _NOBODY).gone

    def looking_at(self, conversation_id: ConversationId) -> Collection[Looking]:
        """Return the sessions with this conversation on their screen; whether their users may read it, others check."""
        return self._on_conversation.get(conversation_id, ())

    def conversations(self) -> Sequence[ConversationId]:
        """Return the conversations that are on some screen."""
        return list(self._on_conversation)

    def is_watched(self, user_id: UserId) -> bool:
        """Say whether somebody is on some screen."""
        return user_id in self._on_user

    # -- presence

    def changed(self, user_id: UserId) -> None:
        """Tell everybody who shows this user, in the next frame of each."""
        for session in self._on_user.get(user_id, ()):
            screen = self._screens[session]
            screen.changed.add(user_id)
            self._due[screen.slot][session] = None

    def tell(self, session: Looking, user_ids: Iterable[UserId]) -> None:
        """Tell one session of these people on its screen."""
        screen = self._screens.get(session)
        if screen is not None:
            screen.changed |= screen.user_ids.intersection(user_ids)
            self._due[screen.slot][session] = None

    def tell_all(self, session: Looking) -> None:
        """Tell one session of everything on its screen, since it may have missed something."""
        screen = self._screens.get(session)
        if screen is not None:
            screen.counts |= screen.told
            self.tell(session, screen.user_ids)

    def count(self, session: Looking, conversation_id: ConversationId, online: int) -> None:
        """Tell one session how many are online in a conversation on its screen, unless it was told so."""
        screen = self._screens.get(session)
        if screen is not None and screen.told.get(conversation_id) != online:
            screen.told[conversation_id] = screen.counts[conversation_id] = online
            self._due[screen.slot][session] = None

    def flush(self, slot: int, row: Row) -> None:
        """Tell the sessions of one slot what changed; each slot's turn comes once in `PRESENCE_EVERY_S`."""
        due, self._due[slot] = self._due[slot], {}
        for session in due:
            screen = self._screens[session]
            if session.outlet.stalled:  # it is told the latest when it reads again
                self._due[slot][session] = None
                continue
            viewer = session.user_id
            found = (row(viewer, user_id) for user_id in screen.changed)
            told = PresenceTold(rows=[one for one in found if one is not None], counts=screen.counts)
            screen.changed, screen.counts = set(), {}
            if (told.rows or told.counts) and session.phase is Phase.LIVE:
                session.signal(told, Signal.PRESENCE)


SLOT_S = PRESENCE_EVERY_S / SLOTS


def _move(index: dict[Any, set[Looking]], session: Looking, before: frozenset[Any], after: frozenset[Any]) -> None:
    for key in before - after:
        sessions = index[key]
        sessions.discard(session)
        if not sessions:
            del index[key]
    for key in after - before:
        index.setdefault(key, set()).add(session)
