"""Whether this process is behind with its work: how late its event loop is, over seconds."""

import asyncio

import structlog

log = structlog.get_logger()

EVERY_S = 0.1
"""Between two looks at the loop."""
LATE_S, STANDING_S = 0.5, 2.0
"""Looks that come later than the first, for the second without one in time: what waits grows faster than it is done.

As in CoDel (RFC 8289) the least delay of an interval counts: a burst of any height passes, a standing queue does not.
"""


class Pressure:
    """Looks at the event loop ten times a second; while it is `overloaded`, whoever comes new is to be sent away.

    Otherwise all slow down together, until clients give up and come again, and no work is done that anybody waits for.
    """

    def __init__(self) -> None:
        self.lag_s = 0.0
        """How late the last look was."""
        self.overloaded = False
        self.refused_count = 0
        """All who were sent away."""
        self._refused_before = 0
        """How many of them when the present overload began."""
        self._late_since: float | None = None
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Look at the running loop from now on, until `end`."""
        self._expect(asyncio.get_running_loop())

    def end(self) -> None:
        """Look no more."""
        if self._next is not None:
            self._next.cancel()

    def sends_away(self) -> bool:
        """Say whether one who comes new is to be refused, and count him."""
        self.refused_count += self.overloaded
        return self.overloaded

    def looked(self, due: float, now: float) -> None:
        """Take a look that was due at one time and came at another, both in seconds."""
        self.lag_s = max(0.0, now - due)
        if self.lag_s < LATE_S:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        overloaded = self._late_since is not None and now - self._late_since >= STANDING_S
        if overloaded and not self.overloaded:
            self._refused_before = self.refused_count
            log.warning("overloaded", lag_ms=round(self.lag_s * 1000))
        elif self.overloaded and not overloaded:
            log.warning("overload_over", refused=self.refused_count - self._refused_before)
        self.overloaded = overloaded

    def _expect(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + EVERY_S
        self._next = loop.call_at(due, self._look, loop, due)

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self.looked(due, loop.time())
        self._expect(loop)
