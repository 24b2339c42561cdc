"""Whom the rate of a conversation spares: its owners and admins. Nobody's role is looked up before he is over it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from seriatim.core.clock import Clock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, UserId

log = structlog.get_logger()

GOOD_FOR_S = 60.0
"""A role is looked up again after this: who is no admin any more is spared so long."""
KNOWN = 10_000
"""Most roles remembered, and most that wait; beyond it the oldest are forgotten, and nobody new waits."""
LOOK_UP = 500
"""Most roles one statement reads."""
RETRY_S = 1.0

Place = tuple[ConversationId, UserId]
LookUp = Callable[[list[Place]], Awaitable[set[Place]]]
"""Returns those of these who are owners or admins there."""


class Spared:
    """Remembers for a minute who is spared where; the first send over the rate is refused, and its retry is let in.

    So sends need no look-up of their own, and a flood of refusals costs one a minute and sender.
    Bounds: 10,000 roles, 500 a statement.
    """

    def __init__(self, look_up: LookUp, clock: Clock) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: dict[Place, tuple[bool, float]] = {}
        """Whether he is spared, and until when that is good; the oldest first."""
        self._asked: dict[Place, None] = {}
        self._wake = asyncio.Event()

    def spares(self, place: Place) -> bool:
        """Say whether this user is known to be an owner or admin of this conversation."""
        is_spared, good_until = self._known.get(place, (False, 0.0))
        return is_spared and self._clock.monotonic() < good_until

    def ask(self, place: Place) -> None:
        """Let this user's role be looked up, unless it is known."""
        known = self._known.get(place)
        if (known is None or self._clock.monotonic() >= known[1]) and len(self._asked) < KNOWN:
            self._asked[place] = None
            self._wake.set()

    async def run(self) -> None:
        """Look up who was asked for, many a statement, until cancelled."""
        while True:
            await self._wake.wait()
            places = list(self._asked)[:LOOK_UP]
            try:
                spared = await self._look_up(places)
            except Unavailable as error:
                log.warning("roles_look_up_failed", reason=error.message, waiting=len(self._asked))
                await asyncio.sleep(RETRY_S)
                continue
            good_until = self._clock.monotonic() + GOOD_FOR_S
            for place in places:
                del self._asked[place]
                self._known.pop(place, None)
                self._known[place] = (place in spared, good_until)
            while len(self._known) > KNOWN:
                del self._known[next(iter(self._known))]
            if not self._asked:
                self._wake.clear()
