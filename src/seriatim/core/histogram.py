"""How values are spread, in bounded memory: the distribution that a metric shows."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """Counts values by size; to observe one costs a bisection.

    `bounds` rise; a value counts below the first bound that it does not exceed, or beyond the last.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """One for each bound, and one for what is beyond the last."""
        self.total = 0.0
        """Sum of all values."""

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
"""Bounds for how long something takes that should take milliseconds."""
