"""A server killed at every hop that a command passes: whatever was done up to there, nothing is lost or doubled.

Hops are taken from `core/trace`, so a new one is covered as soon as it is noted anywhere.
"""

import sys
from pathlib import Path
from random import Random

import pytest

from seriatim.bench.chaos.checker import KINDS
from seriatim.bench.chaos.plan import Faults, Plan
from seriatim.bench.chaos.run import Outcome, run
from seriatim.core.trace import Hop

ENTRIES = Path(__file__).parent / "entries"
MOST_PASSES = 30
"""A life ends at a pass between the first and this one."""
MOST_MESSAGES = 50_000
SHORT, LONG = 2, 20
"""Kills per hop."""


def planned(hops: list[Hop], kills: int, seed: int) -> list[str]:
    """Return where each life ends, in an order and after numbers of passes that follow from the seed."""
    random = Random(seed)
    lines = [f"{hop} {passes}" for hop in hops for passes in random.sample(range(1, MOST_PASSES + 1), kills)]
    random.shuffle(lines)
    return lines


async def killed(folder: Path, hops: list[Hop], kills: int, seed: int) -> Outcome:
    """Run a steady load while the server kills itself so many times at each hop; return what the checker found."""
    lines = planned(hops, kills, seed)
    folder.joinpath("planned").write_text("\n".join(lines))
    outcome = await run(
        Plan(
            messages=MOST_MESSAGES,
            seed=seed,
            processes=2,
            devices_per_process=3,
            pairs=3,
            groups=(3, 4),
            think_s=0.3,
            settle_s=30.0,
            faults=Faults(
                gateway_every_s=None,
                client_every_s=None,
                network_every_s=None,
                least_gateway_kills=0,
                least_postmaster_kills=0,
                least_crash_points=len(lines),
            ),
            server=(sys.executable, str(ENTRIES / "server.py"), "crash_points"),
            client=(sys.executable, str(ENTRIES / "client.py"), "hurried"),
            environment=(("CRASH_POINTS", str(folder)),),
        )
    )
    assert folder.joinpath("killed").read_text().splitlines() == lines, "each life ended where it should"
    assert outcome.report["crash_points"] == len(lines), "and no life ended otherwise"
    return outcome


@pytest.mark.promise("F1")
async def test_nothing_is_lost_or_doubled_whichever_hop_kills_the_server(tmp_path: Path) -> None:
    outcome = await killed(tmp_path, list(Hop), SHORT, seed=5)
    assert outcome.is_clean, (outcome.folder, outcome.report, outcome.violations[:5])


@pytest.mark.long
@pytest.mark.promise("F1")
@pytest.mark.parametrize("hop", Hop)
async def test_twenty_kills_at_each_hop(hop: Hop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = await killed(tmp_path, [hop], LONG, seed=list(Hop).index(hop))
    counts = {name: outcome.report[name] for name in ("crash_points", "acked", *KINDS)}
    with capsys.disabled():
        print(f"\n{hop:10}", *(f"{name}={count}" for name, count in counts.items()))  # noqa: T201 - they are asked for
    assert outcome.is_clean, (outcome.folder, outcome.report, outcome.violations[:5])
