"""Token buckets by key: who may knock how often, in bounded memory."""

import math
from collections.abc import Hashable
from ipaddress import IPv6Address, ip_address
from typing import Protocol

from seriatim.core.errors import RateLimited

ROUNDING_S = 1e-6
"""A sum of floats may miss the last token by this much."""


TAKES_A_SWEEP = 64
"""Looking for what may be forgotten costs as much as a take; it is done once for so many."""


class Refill(Protocol):
    """How a bucket fills: `per_s` tokens a second, at most `burst` saved (protocol/limits.Rate)."""

    @property
    def per_s(self) -> float: ...
    @property
    def burst(self) -> int: ...


def draw(full_at: float, rate: Refill, now: float) -> tuple[float, int]:
    """Take a token from the bucket that will be full at `full_at`: when it will be full then, and 0.

    Without a token: `full_at` unchanged, and the milliseconds until there is one. A bucket is just this one number.
    """
    if full_at <= now:  # the usual case: full, and every rate lets one through
        return now + 1 / rate.per_s, 0
    after = full_at + 1 / rate.per_s
    too_early_s = after - now - rate.burst / rate.per_s
    if too_early_s > ROUNDING_S:
        return full_at, math.ceil((too_early_s - ROUNDING_S) * 1000)
    return after, 0


class Buckets:
    """Many buckets of one meaning; a key that was never seen has a full one.

    Bounds: `capacity` keys, and 64 more between two sweeps. Full buckets are forgotten as others are taken from;
    beyond `capacity` the bucket that was taken from least recently is forgotten too, in favour of its owner.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._full_at: dict[Hashable, float] = {}
        """When each bucket will be full again, least recently taken from first."""
        self._taken = 0

    def __len__(self) -> int:
        """Count the keys remembered."""
        return len(self._full_at)

    def take(self, key: Hashable, rate: Refill, now: float) -> int:
        """Take a token and return 0, or take nothing and return the milliseconds until there is one.

        `now` is monotonic, in seconds.
        """
        full_at, retry_after_ms = draw(self._full_at.get(key, now), rate, now)
        if retry_after_ms:
            return retry_after_ms
        self._full_at.pop(key, None)
        self._full_at[key] = full_at
        self._taken += 1
        if self._taken >= TAKES_A_SWEEP:
            self._taken = 0
            self._forget(now)
        return 0

    def give_back(self, key: Hashable, rate: Refill) -> None:
        """Put a token back that should not have been taken."""
        if key in self._full_at:
            self._full_at[key] -= 1 / rate.per_s

    def require(self, key: Hashable, rate: Refill, now: float) -> None:
        """Take a token.

        Raises:
            RateLimited: there is none; `retry_after_ms` says when there will be.
        """
        _refuse(self.take(key, rate, now))

    def check(self, key: Hashable, rate: Refill, now: float) -> None:
        """Take nothing, but refuse as `require` does when there is no token.

        For what only the failures are to pay for: check first, take when it has failed.

        Raises:
            RateLimited.
        """
        _, retry_after_ms = draw(self._full_at.get(key, now), rate, now)
        _refuse(retry_after_ms)

    def _forget(self, now: float) -> None:
        for _ in range(2 * TAKES_A_SWEEP):  # more than was added, so that full buckets never pile up
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= self._capacity:
                return
            del self._full_at[oldest]


def _refuse(retry_after_ms: int) -> None:
    if retry_after_ms:
        raise RateLimited("too many of these; wait a little", retry_after_ms=retry_after_ms)


def network(address: str) -> str:
    """Return the key under which an address is counted: IPv6 by its /64, for whoever has one address has them all."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
