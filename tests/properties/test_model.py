"""The rules of the protocol in a pure model: with all of them nothing breaks, without any one its witness appears."""

import os

import pytest

from properties.model import Model

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


def _appears(witness: str, without: frozenset[str]) -> bool:
    return any(witness in Model(seed, without).run() for seed in range(MOST_SEEDS))


def _p99_s(without: frozenset[str]) -> float:
    repair_s: list[float] = []
    for seed in range(TIMED_SEEDS):
        model = Model(seed, without)
        assert model.run() == set()
        repair_s += model.repair_s
    return sorted(repair_s)[int(len(repair_s) * 0.99)]
