"""One timing wheel for all sessions of a gateway: every second it looks only at those whose deadline may have come."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from seriatim.core.clock import Clock

SLOTS = 64
"""Seconds the wheel spans: longer than any deadline between two looks (heartbeat 25 s and 10 s more)."""


class Timed(Protocol):
    """Something with a deadline, monotonic seconds."""

    deadline: float

    def expired(self, now: float) -> bool:
        """Close if a deadline has passed and say so; else set `deadline` to the next one."""
        ...


class Wheel:
    """Deadlines without a timer each: a session is moved only when its slot comes up, however often it is heard."""

    def __init__(self, clock: Clock, each_second: Callable[[float], None]) -> None:
        self._clock = clock
        self._each_second = each_second
        self._slots: list[set[Timed]] = [set() for _ in range(SLOTS)]
        self._at = int(clock.monotonic())

    def add(self, timed: Timed) -> None:
        """Look at it when its deadline has come, or after `SLOTS` seconds at the latest."""
        ahead = int(timed.deadline) + 1 - self._at if timed.deadline != float("inf") else SLOTS - 1
        self._slots[(self._at + min(max(ahead, 1), SLOTS - 1)) % SLOTS].add(timed)

    def remove(self, timed: Timed) -> None:
        """Forget it; a no-op for one that is not there."""
        for slot in self._slots:
            slot.discard(timed)

    def turn(self) -> None:
        """Bring the wheel to the present second and look at every slot passed."""
        now = self._clock.monotonic()
        while self._at < int(now):
            self._at += 1
            slot = self._slots[self._at % SLOTS]
            due = list(slot)
            slot.clear()
            for timed in due:
                if not timed.expired(now):
                    self.add(timed)

    async def run(self) -> None:
        """Turn once a second until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self.turn()
            self._each_second(self._clock.monotonic())
