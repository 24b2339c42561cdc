"""Time as something that is handed in: the system's clock in the product, one that tests move by hand."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Two readings of time; nothing that is ordered or deduplicated ever depends on either."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC; it may jump."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary origin; never falls."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary origin."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is advanced: for tests and simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds it was advanced by."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both readings forward by `seconds`."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
