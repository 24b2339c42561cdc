"""Chaos of real processes: a short run with every change, the long one by `make chaos`."""

import pytest

from seriatim.bench.chaos.plan import Faults, Plan
from seriatim.bench.chaos.run import run

SMOKE = Plan(
    messages=1_500,
    seed=11,
    processes=2,
    devices_per_process=8,
    pairs=8,
    groups=(3, 3, 4, 6, 12),
    think_s=0.8,
    settle_s=60.0,
    faults=Faults(gateway_every_s=(2.0, 4.0), client_every_s=(3.0, 6.0)),
)


@pytest.mark.promise("L1")
@pytest.mark.promise("L2")
@pytest.mark.promise("L3")
@pytest.mark.promise("L4")
@pytest.mark.promise("L5")
@pytest.mark.promise("L6")
@pytest.mark.promise("D4")
@pytest.mark.promise("D5")
@pytest.mark.promise("F1")
@pytest.mark.promise("F4")
@pytest.mark.promise("F7")
@pytest.mark.promise("I1")
async def test_nothing_is_lost_doubled_or_out_of_order_whatever_is_killed() -> None:
    outcome = await run(SMOKE)
    assert outcome.is_clean, (outcome.folder, outcome.report, outcome.violations[:5])
    assert outcome.report["acked"] >= SMOKE.messages * 0.9
    assert outcome.report["kills"] >= 2
    assert outcome.report["postmaster_kills"] >= 1
    assert outcome.report["client_kills"] >= 1


@pytest.mark.long
@pytest.mark.promise("L2")
async def test_a_hundred_thousand_messages_survive_as_well() -> None:
    outcome = await run(Plan(messages=100_000, seed=1))
    assert outcome.is_clean, (outcome.folder, outcome.report, outcome.violations[:5])
