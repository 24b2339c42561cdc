"""The timing wheel: every deadline is met within a second, and nothing is looked at without need."""

from datetime import UTC, datetime

from seriatim.core.clock import ManualClock
from seriatim.gateway.wheel import Wheel


class Timed:
    def __init__(self, *deadlines: float) -> None:
        self._deadlines = list(deadlines)
        self.deadline = self._deadlines[0]
        self.looks: list[float] = []

    def expired(self, now: float) -> bool:
        self.looks.append(now)
        if now >= self.deadline:
            self._deadlines.pop(0)
            if not self._deadlines:
                return True
            self.deadline = self._deadlines[0]
        return False


def turned(wheel: Wheel, clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds):
        clock.advance(1.0)
        wheel.turn()


def test_a_deadline_is_met_within_two_seconds_and_not_before() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    wheel, timed = Wheel(clock, lambda _now: None), Timed(10.0)
    wheel.add(timed)
    turned(wheel, clock, 60)
    assert len(timed.looks) == 1
    assert 10.0 <= timed.looks[0] <= 12.0


def test_a_moved_deadline_is_met_at_its_new_time() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    wheel, timed = Wheel(clock, lambda _now: None), Timed(10.0, 35.0, 300.0)
    wheel.add(timed)
    turned(wheel, clock, 310)
    assert 300.0 <= timed.looks[-1] <= 302.0
    assert len(timed.looks) < 10


def test_a_removed_one_is_never_looked_at() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    wheel, timed = Wheel(clock, lambda _now: None), Timed(10.0)
    wheel.add(timed)
    wheel.remove(timed)
    turned(wheel, clock, 60)
    assert timed.looks == []


def test_a_late_turn_catches_up() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    wheel, timed = Wheel(clock, lambda _now: None), Timed(10.0)
    wheel.add(timed)
    clock.advance(30.0)
    wheel.turn()
    assert timed.looks == [30.0]
