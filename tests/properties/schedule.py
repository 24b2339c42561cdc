"""Discrete events in virtual time: the scheduler that the model and the simulation share."""

import heapq
from collections.abc import Callable
from random import Random


class Schedule:
    """Runs what was put off, in the order of its time; one seed gives one run."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    def after(self, delay_s: float, happening: Callable[[], object]) -> None:
        """Let something happen `delay_s` from now."""
        self._count += 1
        heapq.heappush(self._events, (self.now + delay_s, self._count, happening))

    def soon(self, low_s: float, high_s: float, happening: Callable[[], object]) -> None:
        """Let something happen after a random delay between the two."""
        self.after(self.random.uniform(low_s, high_s), happening)

    def run(self, until: float) -> None:
        """Let time pass until nothing is left or `until` is reached."""
        while self._events and self._events[0][0] < until:
            self.now, _, happening = heapq.heappop(self._events)
            happening()
