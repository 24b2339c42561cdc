"""The rules of the protocol in a pure model: with all of them nothing breaks, without any one its witness appears."""

import os
from collections.abc import Callable
from functools import partial
from typing import Protocol

import pytest

from properties.model import Model
from properties.model_heads import Heads
from properties.model_members import Members

SEEDS = int(os.environ.get("SERIATIM_SEEDS", "60"))
"""300 in a long run."""
MOST_SEEDS = 100
TIMED_SEEDS = 20

WITNESSES = {
    "idempotency key": "duplicate",
    "outbox before send": "wish lost",
    "same key on retry": "duplicate",
    "hold-back": "lost",
    "drop at or below cursor": "duplicate",
    "tail check": "lost",
    "publish after commit": "phantom",
    "ack after commit": "acked, not stored",
    "cursor with the entry": "lost",
    "gapless seq": "lost",
    "one unanswered send": "sender order",
}
MEMBER_WITNESSES = {
    "roster version at fan-out": "leak",
    "dedupe before membership": "never acked",
    "greatest on watermarks": "decrease",
}


@pytest.mark.promise("D1")
@pytest.mark.promise("D2")
def test_with_all_rules_no_run_breaks_a_promise() -> None:
    for seed in range(SEEDS):
        assert Model(seed).run() == set(), f"seed {seed}"


@pytest.mark.parametrize("rule", WITNESSES)
def test_each_rule_is_needed(rule: str) -> None:
    assert _appears(WITNESSES[rule], frozenset({rule}))


def test_subscribing_after_the_snapshot_is_repaired_by_the_tail_check_alone() -> None:
    late = "subscribe before snapshot"
    assert all(Model(seed, frozenset({late})).run() == set() for seed in range(TIMED_SEEDS))
    assert _appears("lost", frozenset({late, "tail check"}))


def test_without_the_gap_fetch_repair_is_safe_but_slow() -> None:
    assert _p99_s(frozenset()) < 2.5
    assert _p99_s(frozenset({"gap fetch"})) > 3.0


def test_without_publishing_again_what_a_dead_gateway_stored_waits_for_the_tail_check() -> None:
    assert _p99_s(frozenset({"publish again on retry"})) > _p99_s(frozenset()) * 1.1


# --- members who come and go, readers that stall, read marks


@pytest.mark.promise("L2")
@pytest.mark.promise("D1")
@pytest.mark.promise("D5")
@pytest.mark.promise("I1")
def test_with_all_rules_no_run_with_changing_members_breaks_a_promise() -> None:
    for seed in range(SEEDS):
        assert Members(seed).run() == set(), f"seed {seed}"


@pytest.mark.parametrize("rule", MEMBER_WITNESSES)
def test_each_rule_about_members_is_needed(rule: str) -> None:
    assert _appears(MEMBER_WITNESSES[rule], frozenset({rule}), of=Members)


@pytest.mark.promise("D9")
def test_what_is_shed_is_lost_without_a_gap_unless_the_tail_check_finds_it() -> None:
    # No hint is lost here, so that nothing but shedding can lose an entry when the tail is not checked.
    quiet = partial(Members, calm=True)
    unchecked = frozenset({"tail check"})
    assert not any(quiet(seed, unchecked).run() for seed in range(SEEDS))
    assert _appears("lost", unchecked | {"gap after shedding"}, of=quiet)
    assert not any(Members(seed, frozenset({"gap after shedding"})).run() for seed in range(TIMED_SEEDS))


# --- heads


@pytest.mark.promise("D3")
def test_a_token_of_the_oldest_running_transaction_misses_no_slow_commit() -> None:
    for seed in range(SEEDS):
        assert Heads(seed).run() == set(), f"seed {seed}"


def test_a_token_of_the_newest_transaction_misses_slow_commits() -> None:
    assert _appears("stale head", frozenset({"xmin token"}), of=Heads)


class Run(Protocol):
    """A model that is ready to be run; `run` returns the words for what is wrong."""

    def run(self) -> set[str]: ...


def _appears(witness: str, without: frozenset[str], *, of: Callable[[int, frozenset[str]], Run] = Model) -> bool:
    return any(witness in of(seed, without).run() for seed in range(MOST_SEEDS))


def _p99_s(without: frozenset[str]) -> float:
    repair_s: list[float] = []
    for seed in range(TIMED_SEEDS):
        model = Model(seed, without)
        assert model.run() == set()
        repair_s += model.repair_s
    return sorted(repair_s)[int(len(repair_s) * 0.99)]
