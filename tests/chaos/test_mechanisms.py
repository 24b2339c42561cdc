"""Each mechanism, removed alone, breaks a promise that chaos counts: so none of them is there for show.

They are removed by `entries/`, which patch one named function and run the same program; the product has no switch.
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from seriatim.bench.chaos.plan import Faults, Plan
from seriatim.bench.chaos.processes import UNLIMITED
from seriatim.bench.chaos.run import Outcome, run
from seriatim.protocol.limits import Rate

ENTRIES = Path(__file__).parent / "entries"
CALM = Faults(
    gateway_every_s=None,
    client_every_s=None,
    network_every_s=None,
    least_gateway_kills=0,
    least_postmaster_kills=0,
)
BAD_LINES = replace(CALM, network_every_s=(0.05, 0.15), ack_drop_share=0.6)
DYING_CLIENTS = replace(BAD_LINES, client_every_s=(1.0, 2.0), client_kill_share=1.0)
SLOW_SENDS = msgspec.json.encode(msgspec.structs.replace(UNLIMITED, send=Rate(10, 3))).decode()


class Removed(NamedTuple):
    """A mechanism, who is without it, and the counters one of which must go red."""

    name: str
    side: str
    red: tuple[str, ...]
    faults: Faults = CALM
    beside: str = ""
    """What the other side is like."""
    environment: tuple[tuple[str, str], ...] = ()
    messages: int = 400


QUICK = (
    Removed("no_key_look_up", "server", ("duplicated",), BAD_LINES),
    Removed("ack_before_commit", "server", ("lost",)),
    Removed("no_hold_back", "client", ("gaps", "lost"), beside="lossy_broker"),
    Removed("no_heads_in_pong", "client", ("lost",), beside="lossy_broker"),
    Removed("no_fold_of_reactions", "client", ("unlike",)),
)
LONG = (
    Removed("no_gapless_seq", "server", ("gaps",)),
    Removed("publish_before_commit", "server", ("phantoms",), messages=1_500),
    Removed("no_end_at_leaving", "server", ("leaks",)),
    # Somebody must leave and look back into what was said since, or a client die in one of few moments.
    Removed("no_visible_range", "server", ("leaks",), messages=1_500),
    # A mark that fell rises again within seconds, and is looked at once a second.
    Removed("no_greatest_watermark", "server", ("watermarks",), BAD_LINES, messages=2_000),
    Removed("no_drop_below_cursor", "client", ("inversions",), BAD_LINES),
    Removed("no_cursor_with_entry", "client", ("gaps", "lost"), DYING_CLIENTS),
    Removed("no_gap_fetch", "client", ("lost",), beside="lossy_broker"),
    Removed("no_outbox_before_sending", "client", ("lost",), DYING_CLIENTS, messages=1_500),
    Removed("no_same_key_on_retry", "client", ("duplicated",), BAD_LINES),
    Removed("no_one_at_a_time", "client", ("inversions",), environment=(("SERIATIM_RATES", SLOW_SENDS),)),
)


class Table:
    """What the run prints in the end."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def text(self) -> str:
        head = ("removed mechanism", "red", "all counters")
        return "\n".join(f"{name:28} {red:22} {counts}" for name, red, counts in (head, *self.rows))


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    table = Table()
    yield table
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n" + table.text())  # noqa: T201 - the table is asked for


def plan(removed: Removed) -> Plan:
    base = Plan(
        messages=removed.messages,
        seed=3,
        processes=2,
        devices_per_process=4,
        pairs=4,
        groups=(3, 4, 6),
        think_s=0.3,
        # After bad lines a client may wait half a minute for its next attempt: what it still has is not lost yet.
        settle_s=12.0 if removed.faults is CALM else 60.0,
        faults=removed.faults,
        environment=removed.environment,
    )
    sides = {removed.side: removed.name, "server" if removed.side == "client" else "client": removed.beside}
    server, client = base.server, base.client
    if sides["server"]:
        server = (sys.executable, str(ENTRIES / "server.py"), sides["server"])
    if sides["client"]:
        client = (sys.executable, str(ENTRIES / "client.py"), sides["client"])
    return replace(base, server=server, client=client)


async def shown(removed: Removed, table: Table) -> Outcome:
    outcome = await run(plan(removed))
    shutil.rmtree(outcome.folder, ignore_errors=True)  # it is meant to fail: nobody reads its history
    counts = {name: outcome.report[name] for name in ("lost", "duplicated", "inversions", "gaps", "phantoms")}
    counts |= {
        name: outcome.report[name] for name in ("leaks", "watermarks", "unread", "unlike") if outcome.report[name]
    }
    red = ", ".join(name for name in removed.red if outcome.report[name])
    table.rows.append((removed.name, red or "none", " ".join(f"{name}={count}" for name, count in counts.items())))
    return outcome


@pytest.mark.parametrize("removed", QUICK, ids=lambda removed: removed.name)
async def test_a_removed_mechanism_turns_its_counter_red(removed: Removed, table: Table) -> None:
    outcome = await shown(removed, table)
    assert any(outcome.report[name] for name in removed.red), outcome.report


@pytest.mark.long
@pytest.mark.parametrize("removed", LONG, ids=lambda removed: removed.name)
async def test_every_other_removed_mechanism_turns_its_counter_red(removed: Removed, table: Table) -> None:
    outcome = await shown(removed, table)
    assert any(outcome.report[name] for name in removed.red), outcome.report


@pytest.mark.long
@pytest.mark.parametrize(
    "faults",
    [
        Removed("nothing", "client", (), beside="lossy_broker"),
        Removed("nothing", "client", (), BAD_LINES),
        Removed("nothing", "client", (), DYING_CLIENTS),
    ],
    ids=["lossy_broker", "bad_lines", "dying_clients"],
)
async def test_the_faults_alone_break_nothing(faults: Removed, table: Table) -> None:
    outcome = await shown(faults, table)
    assert outcome.is_clean, outcome.violations[:5]
