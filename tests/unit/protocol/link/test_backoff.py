from random import Random

import pytest

from seriatim.protocol.link.backoff import Backoff


def test_waits_are_spread_below_a_doubling_bound_of_at_most_thirty_seconds() -> None:
    for bound, failures in [(0.5, 0), (1.0, 1), (4.0, 3), (30.0, 8)]:
        waits = []
        for seed in range(200):
            backoff = Backoff(Random(seed))
            for _ in range(failures):
                backoff.wait_s()
            waits.append(backoff.wait_s())
        assert max(waits) <= bound
        assert max(waits) > bound * 0.9
        assert min(waits) < bound * 0.1


def test_a_success_begins_with_short_waits_again() -> None:
    backoff = Backoff(Random(1))
    for _ in range(9):
        backoff.wait_s()
    backoff.succeeded()
    assert backoff.wait_s() <= 0.5


@pytest.mark.parametrize("window", [(1_000, 4_000), (2_000, 2_000)])
def test_a_drained_client_comes_back_inside_the_window(window: tuple[int, int]) -> None:
    waits = [Backoff(Random(seed)).within_s(window) for seed in range(100)]
    assert all(window[0] <= wait * 1_000 <= window[1] for wait in waits)
