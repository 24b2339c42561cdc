"""One gateway's presence against a clock that tests move: sessions in, the rows on their screens out."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from seriatim.core.activity import Activity
from seriatim.core.clock import ManualClock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.directory.local import LocalDirectory
from seriatim.delivery.signals import SLOT_S, SLOTS, Signals
from seriatim.features.presence.last_seen import LastSeenTimes
from seriatim.features.presence.presence import Presence
from seriatim.features.presence.rules import Chosen, LastSeen
from seriatim.features.presence.store import Stored
from seriatim.protocol.answers import PresenceTold
from seriatim.protocol.commands import Focus
from seriatim.protocol.limits import OFFLINE_AFTER_S
from seriatim.protocol.session import Phase, Signal

ADA, BOB, EVE = UserId(1), UserId(2), UserId(3)
START = datetime(2026, 1, 1, tzinfo=UTC)


class Device:
    """A session."""

    def __init__(self, user_id: UserId) -> None:
        self.user_id = user_id
        self.phase = Phase.LIVE
        self.outlet: Any = self
        self.stalled = False
        self.focus: frozenset[ConversationId] = frozenset()
        self.inactive = False
        self.told: list[tuple[float, Any]] = []
        self.now = lambda: 0.0

    def signal(self, frame: Any, kind: Signal) -> None:
        assert kind is Signal.PRESENCE
        assert isinstance(frame, PresenceTold)
        self.told += [(round(self.now(), 1), row) for row in frame.rows]

    def states(self, user_id: UserId = ADA) -> list[str]:
        return [row.state.value for _, row in self.told if row.user_id == user_id]


class World:
    """One gateway."""

    def __init__(self, directory: LocalDirectory | None = None, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock(START)
        self.stored: dict[UserId, Stored] = {id_: Stored(Chosen(), LastSeen()) for id_ in (ADA, BOB, EVE)}
        self.hidden: dict[UserId, frozenset[UserId]] = {}
        self.reads: list[list[UserId]] = []
        self.written: list[Mapping[UserId, datetime]] = []
        self.away = False
        self.sessions: list[Device] = []
        self.signals = Signals()
        self.last_seen = LastSeenTimes(self._write)
        self.directory = (directory or LocalDirectory(self.clock)).join(self._changed)
        self.presence = Presence(
            read=self._read,
            last_seen=self.last_seen,
            directory=self.directory,
            signals=self.signals,
            sessions_of=lambda user_id: [one for one in self.sessions if one.user_id == user_id],
            clock=self.clock,
            hidden_from=self._hidden_from,
        )
        self._slot = 0

    def _changed(self, user_id: UserId, activity: Activity) -> None:
        self.presence.changed(user_id, activity)

    async def _read(self, user_ids: Collection[UserId]) -> dict[UserId, Stored]:
        if self.away:
            raise Unavailable("away")
        self.reads.append(list(user_ids))
        return {id_: self.stored[id_] for id_ in user_ids if id_ in self.stored}

    async def _write(self, times: Mapping[UserId, datetime]) -> None:
        if self.away:
            raise Unavailable("away")
        self.written.append(times)
        for user_id, at in times.items():
            self.stored[user_id] = self.stored[user_id]._replace(last_seen=LastSeen(at))

    async def _hidden_from(self, user_ids: Collection[UserId]) -> dict[UserId, frozenset[UserId]]:
        return {id_: self.hidden[id_] for id_ in user_ids if id_ in self.hidden}

    async def passes(self, seconds: float) -> None:
        for _ in range(round(seconds / SLOT_S)):
            self.clock.advance(SLOT_S)
            self.presence.turn(self._slot)
            self._slot = (self._slot + 1) % SLOTS
            if self._slot == 0:
                self.presence.end_choices()
            if not self.away:
                await self.presence.load()

    async def settled(self) -> "World":
        await self.passes(OFFLINE_AFTER_S)
        return self

    def comes(self, user_id: UserId, *, inactive: bool = False) -> Device:
        device = Device(user_id)
        device.now = self.clock.monotonic
        device.inactive = inactive
        self.sessions.append(device)
        self.presence.live(device)
        return device

    def goes(self, device: Device) -> None:
        device.phase = Phase.CLOSED
        self.sessions.remove(device)
        self.presence.gone(device)

    def turns(self, device: Device, *, inactive: bool) -> None:
        self.presence.focus(device, Focus(inactive=inactive))

    def looks(self, device: Device, *user_ids: UserId) -> None:
        self.presence.focus(device, Focus(user_ids=list(user_ids)))
