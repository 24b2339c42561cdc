"""When a process counts as overloaded: a queue that stands, not a burst that passes."""

import asyncio
import time

import pytest

from seriatim.gateway.pressure import EVERY_S, LATE_S, STANDING_S, Pressure


def looks(pressure: Pressure, lags: list[float], now: float = 100.0) -> list[bool]:
    """Look again and again, each time so late; return what each look says."""
    found: list[bool] = []
    for lag in lags:
        due = now + EVERY_S
        now = due + lag
        pressure.looked(due, now)
        found.append(pressure.overloaded)
    return found


def test_a_loop_that_is_late_for_seconds_is_overloaded_until_one_look_is_in_time() -> None:
    pressure = Pressure()
    assert looks(pressure, [0.7] * 4) == [False, False, False, True]
    assert pressure.lag_s == pytest.approx(0.7)
    assert looks(pressure, [LATE_S / 2], now=200.0) == [False]


def test_a_burst_is_no_overload_however_long_it_holds_the_loop() -> None:
    assert not any(looks(Pressure(), [10 * STANDING_S, 0.0, LATE_S + 0.1, LATE_S + 0.1, 0.0]))


def test_one_who_comes_new_is_sent_away_only_while_it_is_overloaded() -> None:
    pressure = Pressure()
    assert not pressure.sends_away()
    looks(pressure, [1.0] * 4)
    assert pressure.sends_away()
    assert pressure.sends_away()
    looks(pressure, [0.0], now=200.0)
    assert not pressure.sends_away()
    assert pressure.refused_count == 2


async def test_it_looks_at_the_loop_that_runs_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seriatim.gateway.pressure.LATE_S", 0.02)
    monkeypatch.setattr("seriatim.gateway.pressure.STANDING_S", 0.2)
    pressure = Pressure()
    pressure.begin()
    async with asyncio.timeout(5):
        while not pressure.overloaded:
            time.sleep(EVERY_S + 0.05)  # noqa: ASYNC251 - the loop is to be late
            await asyncio.sleep(0)
    pressure.end()
    lag_s = pressure.lag_s
    time.sleep(2 * EVERY_S)  # noqa: ASYNC251 - a look would find this
    await asyncio.sleep(EVERY_S)
    assert pressure.lag_s == lag_s
