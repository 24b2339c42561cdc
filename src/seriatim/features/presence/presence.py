"""Presence: the sessions here become what the directory is told, and what it tells becomes rows on screens.

Coming, going and turning away write nothing to PostgreSQL; when somebody was last here is written many at a time.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from seriatim.core.activity import Activity
from seriatim.core.clock import Clock
from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.directory.port import Directory
from seriatim.delivery.signals import Looking, Signals
from seriatim.features.presence import rules
from seriatim.features.presence.last_seen import LastSeenTimes
from seriatim.features.presence.rules import Chosen, LastSeen
from seriatim.features.presence.store import Stored
from seriatim.protocol.answers import PresenceRow
from seriatim.protocol.commands import Focus
from seriatim.protocol.fields import ChosenState
from seriatim.protocol.limits import FOCUS_EVERY_S, OFFLINE_AFTER_S, PRESENCE_EVERY_S
from seriatim.protocol.session import Phase

LOAD = 500
"""Most people one statement reads."""
STALE_S = 60.0
"""What was read of somebody is read again, after this time, when somebody else begins to look at him."""


class Present(Looking, Protocol):
    """A session, as presence sees it."""

    focus: frozenset[ConversationId]
    inactive: bool


Read = Callable[[Collection[UserId]], Awaitable[dict[UserId, Stored]]]
"""Returns what is stored of these people, without those who do not exist. Raises Unavailable."""
SessionsOf = Callable[[UserId], Iterable[Present]]
HiddenFrom = Callable[[Collection[UserId]], Awaitable[dict[UserId, frozenset[UserId]]]]
"""Returns from whom each of these people hides; who hides from nobody may be left out. Raises Unavailable."""


@dataclass(slots=True)
class _Person:
    """Somebody who is on a screen here, or is here and chose something."""

    chosen: Chosen
    last_seen: LastSeen
    hidden_from: frozenset[UserId]
    activity: Activity
    read_at: float

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be known of him unless somebody looks."""
        return self.chosen == Chosen() and not self.hidden_from


class _Leaving(NamedTuple):
    """Somebody without a session here, who may be back soon."""

    until: float
    left_at: datetime


class Presence:
    """The presence of one gateway's people and of those on its screens; app/ keeps its time (promise D6).

    Bounds: only going offline is delayed, by `offline_after_s`; other changes are told in the next frame of each
    screen. One statement reads 500 people. Known are those on a screen, and those here who chose something.
    """

    def __init__(
        self,
        *,
        read: Read,
        last_seen: LastSeenTimes,
        directory: Directory,
        signals: Signals,
        sessions_of: SessionsOf,
        clock: Clock,
        hidden_from: HiddenFrom,
        offline_after_s: float = OFFLINE_AFTER_S,
    ) -> None:
        self._read = read
        self._last_seen = last_seen
        self._directory = directory
        self._signals = signals
        self._sessions_of = sessions_of
        self.clock = clock
        self._hidden_from = hidden_from
        self._offline_after_s = offline_after_s
        self._people: dict[UserId, _Person] = {}
        self._leaving: dict[UserId, _Leaving] = {}
        """In the order in which they left."""
        self._wanted: dict[UserId, None] = {}
        self._focused_at: dict[Present, float] = {}
        self._postponed: dict[Present, Focus] = {}
        # Everybody comes back after a restart: nobody is told to be offline before they had the time to.
        self._settled_at: float | None = clock.monotonic() + offline_after_s

    # -- what the gateway says

    def live(self, session: Present) -> None:
        """Count a session that has just been welcomed, with what it said in `hello`."""
        self._signals.focus(session, session.focus, frozenset())
        self._place(session.user_id)

    def gone(self, session: Present) -> None:
        """Forget a session."""
        self._postponed.pop(session, None)
        self._focused_at.pop(session, None)
        self._forget(self._signals.forget(session))
        self._place(session.user_id)

    def focus(self, session: Present, focus: Focus) -> None:
        """Put this on the session's screen: at once, or, when it changes oftener than 2/s, the last one then."""
        now = self.clock.monotonic()
        if session in self._postponed or now - self._focused_at.get(session, -FOCUS_EVERY_S) < FOCUS_EVERY_S:
            self._postponed[session] = focus
        else:
            self._look(session, focus, now)

    def untold(self, session: Present) -> None:
        """Tell a session everything on its screen again: some of it was dropped."""
        self._signals.tell_all(session)

    def reload(self, user_id: UserId) -> None:
        """Read again what is stored of somebody: what he chose, whom he lets know, from whom he hides."""
        self._wanted[user_id] = None

    def reload_known(self, user_id: UserId) -> None:
        """Do so when another gateway says that it has changed, unless nobody here shows him and he is not here."""
        if self.knows(user_id) or self._signals.is_watched(user_id) or self._active(user_id) is not Activity.GONE:
            self.reload(user_id)

    def knows(self, user_id: UserId) -> bool:
        """Say whether somebody who is here was read already: until then he may be invisible."""
        return user_id in self._people or self._directory.mine(user_id) is not Activity.GONE

    def hides_from(self, user_id: UserId) -> frozenset[UserId] | None:
        """Return who may not notice what this user, who is known, does here; None: nobody may."""
        person = self._people.get(user_id)
        if person is None:
            return frozenset()
        return None if person.chosen.state is ChosenState.INVISIBLE else person.hidden_from

    # -- what the directory says

    def changed(self, user_id: UserId, activity: Activity) -> None:
        """Take the news that somebody is so active now, over all gateways."""
        person = self._people.get(user_id)
        if person is not None and person.activity is not activity:
            person.activity = activity
            if activity is Activity.GONE:
                self._was_here(person)
            self._signals.changed(user_id)

    # -- what time brings

    def turn(self, slot: int) -> None:
        """Let those go who stayed away, and tell one slot's sessions; ten times a second."""
        now = self.clock.monotonic()
        self._directory.tick()
        for session in [one for one in self._postponed if now - self._focused_at.get(one, 0.0) >= FOCUS_EVERY_S]:
            self._look(session, self._postponed.pop(session), now)
        while self._leaving:
            user_id, leaving = next(iter(self._leaving.items()))
            if leaving.until > now:
                break
            del self._leaving[user_id]
            self._put(user_id, Activity.GONE, leaving.left_at)
            self._forget((user_id,))
        if self._settled_at is not None and now >= self._settled_at:
            self._settled_at = None
            for user_id in self._people:
                self._signals.changed(user_id)
        self._signals.flush(slot, self.row)

    def row(self, viewer: UserId, user_id: UserId) -> PresenceRow | None:
        """Return what a viewer is told of somebody now; None: not known yet."""
        person = self._people.get(user_id)
        if person is None:
            return None
        if viewer in person.hidden_from:
            return rules.hidden(user_id)
        if person.activity is Activity.GONE and self._settled_at is not None:
            return None
        return rules.seen(user_id, person.activity, person.chosen, person.last_seen.told_to(viewer))

    def end_choices(self) -> None:
        """Let go of what people chose until now; once a second."""
        now = self.clock.now()
        for user_id, person in self._people.items():
            if person.chosen.expires_at is not None and person.chosen.expires_at <= now:
                self.reload(user_id)

    def note_present(self) -> None:
        """Keep that those who are here were last here now, and those who just left, when they did."""
        self._last_seen.note(self._directory.all_mine(), self.clock.now())
        for user_id, leaving in self._leaving.items():
            self._last_seen.note((user_id,), leaving.left_at)

    async def load(self) -> None:
        """Read what is stored of those who came, here or onto a screen, 500 a statement; ten times a second.

        Raises:
            Unavailable: they are read next time.
        """
        while self._wanted:
            ids = list(self._wanted)[:LOAD]
            for user_id in ids:
                del self._wanted[user_id]
            try:
                await self._load(ids)
            except BaseException:
                self._wanted |= dict.fromkeys(ids)
                raise

    # -- within

    def _look(self, session: Present, focus: Focus, now: float) -> None:
        self._focused_at[session] = now
        if session.phase is not Phase.LIVE:
            return
        moved = self._signals.focus(session, session.focus, frozenset(focus.user_ids))
        self._forget(moved.gone)
        for user_id in moved.new:
            person = self._people.get(user_id)
            if person is None or now - person.read_at > STALE_S:
                self.reload(user_id)
        self._signals.tell(session, moved.new)
        if session.inactive is not focus.inactive:
            session.inactive = focus.inactive
            self._place(session.user_id)

    def _place(self, user_id: UserId) -> None:
        """Tell the directory how active somebody's sessions here are; going is told when it has lasted."""
        active = self._active(user_id)
        if active is Activity.GONE:
            if self._directory.mine(user_id) is Activity.GONE:
                self._forget((user_id,))
            elif user_id not in self._leaving:
                until = self.clock.monotonic() + self._offline_after_s
                self._leaving[user_id] = _Leaving(until, self.clock.now())
            return
        self._leaving.pop(user_id, None)
        person = self._people.get(user_id)
        if person is not None:
            self._put(user_id, rules.shown(active, person.chosen.state), self.clock.now())
        elif self._directory.mine(user_id) is Activity.GONE:
            self.reload(user_id)  # he may want to be invisible
        else:
            self._directory.put(user_id, active)

    def _put(self, user_id: UserId, activity: Activity, at: datetime) -> None:
        """Tell the directory; who goes, or becomes invisible, was last here `at`."""
        if activity is Activity.GONE and self._directory.mine(user_id) is not Activity.GONE:
            self._last_seen.note((user_id,), at)
            person = self._people.get(user_id)
            if person is not None:
                person.last_seen = person.last_seen._replace(at=at)
        self._directory.put(user_id, activity)

    def _was_here(self, person: _Person) -> None:
        """Keep when somebody left another gateway: going is told when it has lasted, so he left so long ago."""
        left_at = self.clock.now() - timedelta(seconds=self._offline_after_s)
        known = person.last_seen.at
        if known is None or known < left_at - timedelta(seconds=PRESENCE_EVERY_S):  # this gateway's own are known well
            person.last_seen = person.last_seen._replace(at=left_at)

    def _active(self, user_id: UserId) -> Activity:
        return rules.most_active(one.inactive for one in self._sessions_of(user_id) if one.phase is Phase.LIVE)

    def _forget(self, user_ids: Iterable[UserId]) -> None:
        """Forget those whom nobody looks at, unless they are here and something has to be known of them."""
        for user_id in user_ids:
            person = self._people.get(user_id)
            if person is None or self._signals.is_watched(user_id):
                continue
            if person.is_plain or (self._active(user_id) is Activity.GONE and user_id not in self._leaving):
                del self._people[user_id]

    async def _load(self, ids: list[UserId]) -> None:
        stored = await self._read(ids)
        hidden = await self._hidden_from(ids)
        activities = await self._directory.look_up(ids)
        for user_id, one in stored.items():
            self._loaded(user_id, one, hidden.get(user_id, frozenset()), activities.get(user_id, Activity.GONE))

    def _loaded(self, user_id: UserId, stored: Stored, hidden_from: frozenset[UserId], activity: Activity) -> None:
        last_seen = stored.last_seen._replace(at=self._last_seen.newer(user_id, stored.last_seen.at))
        chosen = stored.chosen.at(self.clock.now())
        person = _Person(chosen, last_seen, hidden_from, activity, self.clock.monotonic())
        self._people[user_id] = person
        if self._active(user_id) is not Activity.GONE:
            self._place(user_id)
        self._signals.changed(user_id)
        self._forget((user_id,))
