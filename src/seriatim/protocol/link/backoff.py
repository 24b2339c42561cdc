"""Client rule 7: how long to wait before connecting again."""

from random import Random

FIRST_S, MOST_S = 0.5, 30.0
STABLE_S = 10.0
"""A connection that was live this long counts as a success: the next wait starts small again."""


class Backoff:
    """Full jitter: a uniform wait below 0.5 s x 2^n, at most 30 s, so that a crowd comes back spread out."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0

    def succeeded(self) -> None:
        """Begin with short waits again."""
        self._failures = 0

    def wait_s(self) -> float:
        """Return the next wait; each call doubles its bound."""
        bound = min(MOST_S, FIRST_S * 2 ** min(self._failures, 10))
        self._failures += 1
        return self._random.uniform(0, bound)

    def within_s(self, window_ms: tuple[int, int]) -> float:
        """Return a wait inside the window that a draining server gave."""
        low, high = window_ms
        return self._random.uniform(low, max(low, high)) / 1_000
