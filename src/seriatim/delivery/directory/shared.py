"""The directory of several servers: each gateway tells the others of its own users, and knows what they told it.

Nothing of it is stored anywhere. A gateway shares the changes of its users, numbered, and a beat with the number of the
last one; who misses one of them, or meets a gateway for the first time, asks that gateway to say everything.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from random import Random
from typing import Final

from seriatim.core.activity import Activity
from seriatim.core.clock import Clock
from seriatim.core.ids import UserId
from seriatim.delivery.broker.shared import USERS, All, Ask, Beat, Changed, Goodbye, Said, Shared
from seriatim.delivery.directory.port import Changed as Tell
from seriatim.protocol.limits import LEASE_S, OFFLINE_AFTER_S

BEATS: Final = 3
"""A gateway beats so often within its lease."""
HELLO_BEATS: Final = 2
"""So many beats after a start or a cut ask the others for theirs; the second, a moment later, in case one is lost."""
SETTLE_S: Final = (0.6, 1.0)
"""Shortest and longest time between these two: not all gateways speak in the same moment when their broker is back."""
AGAIN_S: Final = 1.0
"""Shortest time between two times that a gateway asks another one, or says everything."""


_ACTIVITY: Final = {said: Activity(said % Said.HELD) for said in Said}
_SAID: Final = {activity: Said(activity) for activity in Activity}


class _Other:
    """What another gateway said, as far as it was heard."""

    __slots__ = ("asked_at", "has_left", "held", "part", "seen", "until", "users", "version")

    def __init__(self) -> None:
        self.users: dict[UserId, Activity] = {}
        self.held: set[UserId] = set()
        """Who has sessions there, and looks gone."""
        self.version: int | None = None
        """Of its last change that was heard; None: not all before it was."""
        self.until = 0.0
        """When its lease runs out."""
        self.asked_at: float | None = None
        self.has_left = False
        self.seen: set[UserId] | None = None
        """While it says everything: of whom it has spoken since it began."""
        self.part = 0
        """Which part comes next."""


class SharedDirectory:
    """See port.Directory.

    Bounds: at most ten changes of up to 2,500 users a second go out, and a beat every 5 s; everything is said at most
    once a second. Held are all users of all gateways: about 90 bytes each (decision 0016).
    """

    def __init__(
        self, clock: Clock, gateway: str, share: Callable[[Shared], None], tell: Tell, *, lease_s: float = LEASE_S
    ) -> None:
        self._clock = clock
        self._gateway = gateway
        self._share = share
        self._tell_all = tell
        self._lease_s = lease_s
        self._mine: dict[UserId, Activity] = {}
        """What this gateway says; who is gone does not stand here."""
        self._held: set[UserId] = set()
        """Who has sessions here."""
        self._others: dict[str, _Other] = {}
        self._unsaid: dict[UserId, None] = {}
        """Whose change was not shared yet."""
        self._version = 0
        self._hellos = HELLO_BEATS
        self._ticked_at = self._beat_at = self._all_at = clock.monotonic()
        self._all_wanted = False
        self._saying: Iterator[UserId] | None = None
        """Who is left to speak of, while everything is said."""
        self._part = 0
        self._has_left = False
        self._random = Random(gateway)  # noqa: S311 - jitter, no secret

    # -- what this gateway says

    def put(self, user_id: UserId, activity: Activity) -> None:
        """See port.Directory."""
        before = self.mine(user_id)
        if activity is before:
            return
        if activity is Activity.GONE:
            del self._mine[user_id]
        else:
            self._mine[user_id] = activity
        self._unsaid[user_id] = None
        self._tell(user_id, before, activity, self._elsewhere(user_id))

    def hold(self, user_id: UserId, holds: bool) -> None:
        """See port.Directory."""
        if holds:
            self._held.add(user_id)
        else:
            self._held.discard(user_id)
        if user_id not in self._mine:
            self._unsaid[user_id] = None

    def holding(self, user_ids: Collection[UserId]) -> Collection[str]:
        """See port.Directory; of whom not all was heard may have anybody."""
        return [
            name
            for name, other in self._others.items()
            if other.version is None
            or other.seen is not None
            or not other.users.keys().isdisjoint(user_ids)
            or not other.held.isdisjoint(user_ids)
        ]

    def mine(self, user_id: UserId) -> Activity:
        """See port.Directory."""
        return self._mine.get(user_id, Activity.GONE)

    def all_mine(self) -> Collection[UserId]:
        """See port.Directory."""
        return self._mine.keys()

    async def look_up(self, user_ids: Collection[UserId]) -> dict[UserId, Activity]:
        """See port.Directory."""
        return {user_id: max(self.mine(user_id), self._elsewhere(user_id)) for user_id in user_ids}

    def count(self, user_ids: Collection[UserId]) -> int:
        """See port.Directory."""
        wanted = set(user_ids)
        here = wanted & self._mine.keys()
        for other in self._others.values():
            here |= wanted & other.users.keys()
        return len(here)

    def others(self) -> Collection[str]:
        """See port.Directory."""
        return self._others.keys()

    def tick(self) -> None:
        """See port.Directory."""
        now = self._clock.monotonic()
        slept = now - self._ticked_at
        self._ticked_at = now
        if slept > self._lease_s / BEATS:  # it was not they that were silent
            for other in self._others.values():
                other.until += slept
        self._expire(now)
        if self._has_left:
            return
        self._say_all(now)
        if self._unsaid:
            said = list(islice(self._unsaid, USERS))
            for user_id in said:
                del self._unsaid[user_id]
            self._version += 1
            self._share(Changed(self._version, {user_id: self._said(user_id) for user_id in said}))
        if now >= self._beat_at and self._saying is None:  # a beat amid it would be one after a last part that was lost
            is_hello = self._hellos > 0
            self._hellos -= is_hello
            self._beat_at = now + (self._random.uniform(*SETTLE_S) if self._hellos else self._lease_s / BEATS)
            self._share(Beat(self._version, is_hello))

    def missed(self) -> None:
        """See port.Directory."""
        self._hellos = HELLO_BEATS
        self._beat_at = self._clock.monotonic()

    def leave(self) -> None:
        """See port.Directory."""
        if not self._has_left:
            self._has_left = True
            self._share(Goodbye())

    def _say_all(self, now: float) -> None:
        """Say one more part of everything, if somebody asked; a part a tick, so that nobody is held up by it."""
        if self._saying is None:
            if not self._all_wanted or now < self._all_at:
                return
            self._all_wanted = False
            self._all_at = now + AGAIN_S
            self._saying, self._part = iter([*self._mine, *(self._held - self._mine.keys())]), 0
        ids = list(islice(self._saying, USERS))
        users = {user_id: said for user_id in ids if (said := self._said(user_id)) is not Said.GONE}
        is_last = len(ids) < USERS
        self._share(All(self._version, self._part, is_last, users))
        self._part += 1
        if is_last:
            self._saying = None

    def _said(self, user_id: UserId) -> Said:
        activity = self._mine.get(user_id)
        if activity is not None:
            return _SAID[activity]
        return Said.HELD if user_id in self._held else Said.GONE

    # -- what the others say

    def heard(self, gateway: str, shared: Shared) -> None:
        """Take what another gateway shares, if it is about the directory."""
        match shared:
            case Ask():
                self._all_wanted |= shared.gateway == self._gateway
            case Goodbye() if gateway in self._others:
                other = self._others[gateway]
                # As long as somebody who comes back elsewhere has time for it: nobody is told that he was gone.
                other.until = min(other.until, self._clock.monotonic() + OFFLINE_AFTER_S)
                other.has_left = True
            case Beat() | Changed() | All():
                other = self._others.setdefault(gateway, _Other())
                if other.has_left:
                    return
                now = self._clock.monotonic()
                other.until = now + self._lease_s
                self._take(other, shared)
                if shared.version != other.version and (other.asked_at is None or now >= other.asked_at + AGAIN_S):
                    other.asked_at = now
                    self._share(Ask(gateway))
            case _:
                pass

    def _take(self, other: _Other, shared: Beat | Changed | All) -> None:
        match shared:
            case Beat():
                if other.seen is not None or shared.version != other.version:
                    other.version = other.seen = None
                if shared.answer:
                    self._beat_at = self._clock.monotonic()
            case Changed():
                if other.version is not None:
                    other.version = shared.version if shared.version == other.version + 1 else None
                self._set(other, shared.users)
            case All():
                if shared.part == 0:
                    other.version, other.seen, other.part = shared.version, set(), 0
                if shared.part != other.part or shared.version != other.version or other.seen is None:
                    other.version = other.seen = None
                    return
                other.part += 1
                self._set(other, shared.users)
                if shared.last:
                    seen, other.seen = other.seen, None
                    self._set(other, dict.fromkeys((other.users.keys() | other.held) - seen, Said.GONE))

    def _set(self, other: _Other, users: dict[UserId, Said]) -> None:
        for user_id, said in users.items():
            if said is Said.HELD:
                other.held.add(user_id)
            else:
                other.held.discard(user_id)
            activity = _ACTIVITY[said]
            before = other.users.get(user_id, Activity.GONE)
            if activity is Activity.GONE:
                other.users.pop(user_id, None)
            else:
                other.users[user_id] = activity
            if activity is not before:
                rest = max(self.mine(user_id), self._elsewhere(user_id, other))
                self._tell(user_id, before, activity, rest)
        if other.seen is not None:
            other.seen.update(users)

    def _elsewhere(self, user_id: UserId, but: _Other | None = None) -> Activity:
        found = Activity.GONE
        for other in self._others.values():
            if other is not but:
                activity = other.users.get(user_id)
                if activity is not None and activity > found:
                    found = activity
        return found

    def _tell(self, user_id: UserId, before: Activity, now: Activity, rest: Activity) -> None:
        """Tell how active somebody is over all gateways, if one of them changed that; `rest`: what the others say."""
        if max(before, rest) is not max(now, rest):
            self._tell_all(user_id, max(now, rest))

    def _expire(self, now: float) -> None:
        """Take out the gateways whose lease has run out: their users are as active as the others say."""
        for gateway in [name for name, other in self._others.items() if other.until < now]:
            other = self._others.pop(gateway)
            self._set(other, dict.fromkeys(other.users, Said.GONE))
