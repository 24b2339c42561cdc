"""Fan-out: the roster of an event's conversation, crossed with the sessions that are live on this gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

import structlog
from msgspec.structs import replace

from seriatim.core.errors import Unavailable
from seriatim.core.ids import MAX_ID, ConversationId, DeviceId, UserId
from seriatim.core.trace import Hop, passed
from seriatim.delivery.broker.port import Hint
from seriatim.delivery.rosters import RosterCache
from seriatim.log.audience import Audience
from seriatim.protocol.encoded import EncodedEvents, Wire
from seriatim.protocol.entries import MemberLeft, MessageEdited, MessageSent
from seriatim.protocol.session import Outlet
from seriatim.storage.postgres.database import CUT

log = structlog.get_logger()

WAITING_HINTS = 50_000
"""Most hints that wait for a roster; beyond it new ones are dropped, and the heads check repairs."""
LARGE = 32
"""From this many live sessions on, an event is written to all of them at once instead of with each one's tick."""
CROSSINGS = 256
"""Most large conversations whose live sessions are remembered between two events."""
LOOK_UP = 500
"""Most conversations whose rosters one statement reads."""
RETRY_S = 1.0


class Receiver(Protocol):
    """A live session, as delivery sees it."""

    @property
    def device_id(self) -> DeviceId:
        """The device it belongs to."""
        ...

    @property
    def outlet(self) -> Outlet:
        """The way to its socket."""
        ...

    @property
    def wire(self) -> Wire:
        """How its frames are encoded."""
        ...

    def deliver(self, events: EncodedEvents) -> None:
        """Pass events on."""
        ...

    def tell(self, frame: Any) -> None:
        """Pass on news of the user's own."""
        ...


Broadcast = Callable[[Sequence[Receiver], EncodedEvents], None]
"""Writes events to many live sessions (gateway/outbox)."""


Held = Callable[[UserId, bool], None]
"""Takes the news that a user has sessions on this gateway from now on, or has none any more."""


class _Crossing(NamedTuple):
    """The live sessions of an audience, as long as neither changes."""

    audience: Iterable[UserId]
    changes: int
    sessions: list[Receiver]


class _Burst(NamedTuple):
    """Hints of one conversation with one audience, in order."""

    roster_version: int
    hints: list[Hint]


_FAN_OUT = Hop.FAN_OUT
LookUp = Callable[[list[ConversationId]], Awaitable[dict[ConversationId, Audience]]]


class FanOut:
    """Brings events to the local sessions of those who may see them; keeps the order of each conversation.

    Bounds: 50,000 hints waiting for a roster.
    """

    def __init__(self, look_up: LookUp, broadcast: Broadcast, rosters: RosterCache | None = None) -> None:
        self._sessions: dict[UserId, tuple[Receiver, ...]] = {}
        self._changes = 0
        """How often anybody came or went: what was crossed before is out of date."""
        self._crossings: dict[ConversationId, _Crossing] = {}
        self._broadcast = broadcast
        self._rosters = rosters or RosterCache()
        self._look_up = look_up
        self._held: Held = lambda _user_id, _holds: None
        self._waiting: dict[ConversationId, list[Hint]] = {}
        self._waiting_count = 0
        self._wake = asyncio.Event()
        self.dropped_count = 0
        """Hints dropped because too many waited."""
        self.delivered_count = 0
        """Events handed to sessions, counted once for each."""

    # -- who is here

    def register(self, user_id: UserId, session: Receiver) -> None:
        """Let a session get its user's events from now on."""
        before = self._sessions.get(user_id, ())
        self._sessions[user_id] = (*before, session)
        self._changes += 1
        if not before:
            self._held(user_id, True)

    def unregister(self, user_id: UserId, session: Receiver) -> None:
        """Forget a session; unknown ones are ignored."""
        self._changes += 1
        left = tuple(other for other in self._sessions.get(user_id, ()) if other is not session)
        if left:
            self._sessions[user_id] = left
        elif self._sessions.pop(user_id, None) is not None:
            self._held(user_id, False)

    def when_held(self, held: Held) -> None:
        """Have it told whose first session comes, and whose last one goes."""
        self._held = held

    def sessions_of(self, user_id: UserId) -> tuple[Receiver, ...]:
        """Return the user's live sessions on this gateway."""
        return self._sessions.get(user_id, ())

    @property
    def user_count(self) -> int:
        """How many users have live sessions on this gateway."""
        return len(self._sessions)

    def sessions(self) -> Iterator[Receiver]:
        """Return every live session on this gateway."""
        return chain.from_iterable(self._sessions.values())

    def roster_at(self, conversation_id: ConversationId, roster_version: int) -> frozenset[UserId] | None:
        """Return a conversation's roster of exactly this version; None: this gateway does not know it."""
        return self._rosters.at(conversation_id, roster_version)

    def members(self, conversation_id: ConversationId) -> frozenset[UserId] | None:
        """Return who is in a conversation, as far as this gateway knows; None: it does not."""
        return self._rosters.newest(conversation_id)

    async def rosters(self, ids: Collection[ConversationId]) -> dict[ConversationId, frozenset[UserId]]:
        """Return who is in each of these conversations; at most one statement, for those that are not known here.

        Raises:
            Unavailable.
        """
        unknown = [conversation_id for conversation_id in ids if self.members(conversation_id) is None]
        found = await self._look_up(unknown) if unknown else {}
        for conversation_id, roster in found.items():
            self._keep(conversation_id, roster)
        known = ((conversation_id, self.members(conversation_id)) for conversation_id in ids)
        return {conversation_id: members for conversation_id, members in known if members is not None}

    # -- what arrives

    def received(self, hints: list[Hint]) -> None:
        """Deliver hints to the outboxes of the sessions concerned, each conversation's in their order.

        What one call brings of one conversation and roster goes out as one burst.
        """
        bursts: list[_Burst] = []
        latest: dict[ConversationId, _Burst] = {}
        for hint in hints:
            entry = hint.entry
            conversation_id = entry.conversation_id
            burst = latest.get(conversation_id)
            if type(entry) is not MessageSent:
                # Its audience is its own: whoever left is told so, and nothing that follows.
                latest.pop(conversation_id, None)
                bursts.append(_Burst(hint.roster_version, [hint]))
            elif burst is not None and burst.roster_version == hint.roster_version:
                burst.hints.append(hint)
            else:
                burst = latest[conversation_id] = _Burst(hint.roster_version, [hint])
                bursts.append(burst)
        for burst in bursts:
            self._pass_on(burst.hints, burst.roster_version)
        passed(None, _FAN_OUT)

    def _pass_on(self, hints: list[Hint], roster_version: int) -> None:
        entry = hints[0].entry
        if entry.conversation_id in self._waiting:
            self._wait(hints)
            return
        audience = self._rosters.audience(entry, roster_version)
        if audience is None or (
            type(entry) is MessageEdited and not self._rosters.all_were_there(entry.conversation_id, entry.target_seq)
        ):
            self._wait(hints)  # an edit, for another roster than its message had: who may read that is looked up
        else:
            self._deliver(hints, audience)

    def tell(self, user_id: UserId, frame: Any, *, but: DeviceId | None = None) -> None:
        """Send a frame to the user's own sessions, except those of one device."""
        for session in self._sessions.get(user_id, ()):
            if session.device_id != but:
                session.tell(frame)

    def _deliver(self, hints: list[Hint], audience: Iterable[UserId]) -> None:
        first = hints[0]
        events = EncodedEvents(first.epoch, first.entry.conversation_id, [hint.entry for hint in hints])
        sessions = self._cross(events.conversation_id, audience)
        self.delivered_count += len(sessions) * len(hints)
        if len(sessions) < LARGE:
            for session in sessions:
                session.deliver(events)
        else:
            self._broadcast(sessions, events)
        for hint in hints:
            if hint.trace is not None:
                hint.trace.note(_FAN_OUT)

    def _cross(self, conversation_id: ConversationId, audience: Iterable[UserId]) -> Sequence[Receiver]:
        known = self._crossings.get(conversation_id)
        if known is not None and known.changes == self._changes and known.audience is audience:
            return known.sessions
        look = self._sessions.get
        sessions = [session for user_id in audience for session in look(user_id, ())]
        if len(sessions) >= LARGE:
            self._crossings.pop(conversation_id, None)
            if len(self._crossings) >= CROSSINGS:
                del self._crossings[next(iter(self._crossings))]
            self._crossings[conversation_id] = _Crossing(audience, self._changes, sessions)
        return sessions

    # -- rosters that are not known yet

    def _wait(self, hints: list[Hint]) -> None:
        if self._waiting_count + len(hints) > WAITING_HINTS:
            self.dropped_count += len(hints)
            return
        self._waiting.setdefault(hints[0].entry.conversation_id, []).extend(hints)
        self._waiting_count += len(hints)
        self._wake.set()

    async def run(self) -> None:
        """Look up missing rosters, many conversations a statement, and deliver what waited; until cancelled."""
        most = LOOK_UP
        while True:
            await self._wake.wait()
            ids = list(self._waiting)[:most]
            if not ids:
                self._wake.clear()
                continue
            try:
                found = await self._look_up(ids)
            except Unavailable as error:
                log.warning("roster_look_up_failed", reason=error.message, waiting=self._waiting_count)
                if error.reason == CUT and len(ids) > 1:  # large rosters: the same statement would be cut for ever
                    most = len(ids) // 2
                else:
                    await asyncio.sleep(RETRY_S)
                continue
            most = min(2 * most, LOOK_UP)
            for conversation_id in ids:
                self._release(self._waiting.pop(conversation_id), found.get(conversation_id))

    def _release(self, hints: list[Hint], roster: Audience | None) -> None:
        self._waiting_count -= len(hints)
        if roster is None:
            return
        self._keep(hints[0].entry.conversation_id, roster)
        for place, hint in enumerate(hints):
            entry = hint.entry
            audience: Iterable[UserId] | None = self._rosters.audience(entry, hint.roster_version)
            if audience is None and hint.roster_version > roster.version:
                # The roster was read before this one came: whoever left meanwhile is still in it (promise I1).
                self._wait(hints[place:])
                return
            if audience is None:
                # The roster has moved on since: whoever came later must not see this one.
                audience = [user for user, first_seq in roster.first_seqs.items() if first_seq <= entry.seq]
                if type(entry) is MemberLeft:
                    audience.append(entry.user_id)
            if type(entry) is MessageEdited:
                first_seqs = roster.first_seqs
                newcomers = [user for user in audience if first_seqs.get(user, MAX_ID) > entry.target_seq]
                # It takes its place in their log, but tells nothing of what was said before their time (promise I1).
                self._deliver([replace(hint, entry=replace(entry, body="", previous=""))], newcomers)
                audience = [user for user in audience if first_seqs.get(user, MAX_ID) <= entry.target_seq]
            self._deliver([hint], audience)

    def _keep(self, conversation_id: ConversationId, roster: Audience) -> None:
        self._rosters.keep(conversation_id, roster.version, frozenset(roster.first_seqs), roster.newest_seq)
