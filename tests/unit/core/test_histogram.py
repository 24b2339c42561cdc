"""A histogram counts each value once, below the first bound that it does not exceed."""

from seriatim.core.histogram import Histogram


def test_each_value_counts_below_the_first_bound_that_it_does_not_exceed() -> None:
    histogram = Histogram((1, 10, 100))
    for value in (0, 1, 1.5, 10, 100, 101, 1_000):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 1, 2]
    assert histogram.total == 1_213.5
