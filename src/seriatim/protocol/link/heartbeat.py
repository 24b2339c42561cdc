"""The client's heartbeat: a ping with the heads held of the focused conversations, and the pong it waits for."""

from seriatim.protocol.limits import HEARTBEAT_S, PONG_WITHIN_S


class Heartbeat:
    """When to ping, and when to give the connection up."""

    def __init__(self) -> None:
        self._ping_at: float | None = None
        self._pong_by: float | None = None
        self._every_s = HEARTBEAT_S

    def begin(self, now: float, every_ms: int) -> None:
        """Start with a fresh connection."""
        self._every_s = every_ms / 1_000
        self._ping_at, self._pong_by = now + self._every_s, None

    def end(self) -> None:
        """Stop: there is no connection."""
        self._ping_at = self._pong_by = None

    def is_due(self, now: float) -> bool:
        """Say whether to ping now; if so, the pong is awaited from here on."""
        if self._ping_at is None or now < self._ping_at:
            return False
        self._ping_at = now + self._every_s
        if self._pong_by is None:
            self._pong_by = now + PONG_WITHIN_S
        return True

    def heard(self) -> None:
        """Stop waiting for the pong."""
        self._pong_by = None

    def is_lost(self, now: float) -> bool:
        """Say whether the pong is overdue."""
        return self._pong_by is not None and now >= self._pong_by

    def next_at(self) -> float | None:
        """Return when `is_due` or `is_lost` changes."""
        return min((at for at in (self._ping_at, self._pong_by) if at is not None), default=None)
