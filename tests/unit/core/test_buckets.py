"""Token buckets: the burst, the refill, and memory that stays bounded."""

import pytest

from seriatim.core.buckets import TAKES_A_SWEEP, Buckets, network
from seriatim.core.errors import RateLimited
from seriatim.protocol.limits import Rate

TWO_A_SECOND = Rate(2, 4)


def test_a_burst_is_granted_and_the_next_one_is_told_when_to_come() -> None:
    buckets = Buckets()
    assert [buckets.take("ada", TWO_A_SECOND, 100.0) for _ in range(4)] == [0, 0, 0, 0]
    assert 500 <= buckets.take("ada", TWO_A_SECOND, 100.0) <= 502


def test_who_waits_as_told_is_let_in() -> None:
    buckets = Buckets()
    for _ in range(4):
        buckets.take("ada", TWO_A_SECOND, 0.0)
    wait_s = buckets.take("ada", TWO_A_SECOND, 0.0) / 1000
    assert buckets.take("ada", TWO_A_SECOND, wait_s) == 0


def test_a_refused_try_costs_nothing() -> None:
    buckets = Buckets()
    for _ in range(4):
        buckets.take("ada", TWO_A_SECOND, 0.0)
    refusals = {buckets.take("ada", TWO_A_SECOND, 0.0) for _ in range(50)}
    assert len(refusals) == 1


def test_tokens_come_back_at_the_rate_and_never_beyond_the_burst() -> None:
    buckets = Buckets()
    for _ in range(4):
        buckets.take("ada", TWO_A_SECOND, 0.0)
    granted = sum(buckets.take("ada", TWO_A_SECOND, 1.0) == 0 for _ in range(10))
    assert granted == 2
    granted = sum(buckets.take("ada", TWO_A_SECOND, 1_000.0) == 0 for _ in range(10))
    assert granted == 4


def test_one_key_does_not_slow_another() -> None:
    buckets = Buckets()
    for _ in range(5):
        buckets.take("ada", TWO_A_SECOND, 0.0)
    assert buckets.take("bob", TWO_A_SECOND, 0.0) == 0


def test_full_buckets_are_forgotten() -> None:
    buckets = Buckets()
    for number in range(1_000):
        buckets.take(number, TWO_A_SECOND, float(number))
    assert len(buckets) <= TAKES_A_SWEEP + 2


def test_memory_is_bounded_and_the_latest_keys_are_kept() -> None:
    buckets = Buckets(capacity=100)
    for number in range(1_000):
        for _ in range(4):
            buckets.take(number, TWO_A_SECOND, 0.0)
    assert 100 <= len(buckets) <= 100 + TAKES_A_SWEEP
    assert buckets.take(999, TWO_A_SECOND, 0.0) > 0


def test_a_required_token_that_is_not_there_is_a_refusal_with_its_time() -> None:
    buckets = Buckets()
    for _ in range(4):
        buckets.require("ada", TWO_A_SECOND, 0.0)
    with pytest.raises(RateLimited) as refused:
        buckets.require("ada", TWO_A_SECOND, 0.0)
    assert refused.value.retry_after_ms is not None
    assert 500 <= refused.value.retry_after_ms <= 502


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("a unix socket", "a unix socket"),
    ],
)
def test_an_address_is_counted_by_the_network_its_owner_commands(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


def test_a_check_takes_nothing_and_refuses_as_a_take_does() -> None:
    buckets = Buckets()
    for _ in range(10):
        buckets.check("ada", TWO_A_SECOND, 0.0)
    assert len(buckets) == 0
    for _ in range(4):
        buckets.take("ada", TWO_A_SECOND, 0.0)
    with pytest.raises(RateLimited) as refusal:
        buckets.check("ada", TWO_A_SECOND, 0.0)
    assert refusal.value.retry_after_ms == buckets.take("ada", TWO_A_SECOND, 0.0)
