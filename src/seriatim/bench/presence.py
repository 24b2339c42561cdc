"""`bench presence`: thousands of people who come, go and turn away, each shown by a hundred others."""

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from seriatim.bench.rig.compiler import program
from seriatim.bench.rig.generator import Connected, WrongRun
from seriatim.bench.rig.lines import Child
from seriatim.bench.rig.product import RAISED, product
from seriatim.bench.rig.report import Case, Report, Samples
from seriatim.bench.yardsticks.writes import rows_written

ONLINE_WITHIN_S, OFFLINE_WITHIN_S = 3.0, 12.0
"""Promise D6; a change that is not told so to everybody who shows the person makes the run a wrong one."""
ASIDE = ("presence", "server_keys")
"""When people were last here, which is written many at a time; and what a start writes, which may be counted late."""
ANSWER_WITHIN_S = 60.0

FRAMES = Case("presence frames of the client that gets most", "frames/s", 1.0, judged="value", better="less")
TOLD = Case("online, away: told to everybody, p99", "s", ONLINE_WITHIN_S, 1.5, judged="value", better="less")
GONE = Case("offline: told to everybody, p99", "s", OFFLINE_WITHIN_S, 11.5, judged="value", better="less")
CPU = Case("gateway CPU", "us/row", judged="value", better="less")
CORE = Case("gateway CPU, of a core", "%", judged="value", better="less")
WRITES = Case("rows written for changes", "rows", 0.0, judged="value", better="less")
CASES = (FRAMES, TOLD, GONE, CPU, CORE, WRITES)


@dataclass(frozen=True)
class Size:
    """How many people, by how many each is shown, and how often each changes; one in `leavers` by leaving."""

    people: int = 10_000
    each: int = 100
    seconds: float = 90.0
    low_s: float = 15.0
    high_s: float = 60.0
    leavers: int = 10


SMALL = Size(40, 10, 3.0, 1.0, 2.0, 0)
"""Nobody leaves: going takes its 10 s, and a flap is not told."""


class Shown(msgspec.Struct):
    """Everybody shows his people, and knows them but for so many."""

    unknown: int
    rows: int
    seconds: float


class Flapped(msgspec.Struct):
    """What a run came to; missed: a change that somebody was not told in time, early: an absence told too soon."""

    changes: int
    rows: int
    frames: int
    missed: int
    early: int
    errors: int
    lost: int
    seconds: float
    frames_per_s: float
    most_frames_per_s: float
    told_p50_ms: float
    told_p99_ms: float
    told_most_ms: float
    gone: int
    gone_p99_ms: float
    gone_most_ms: float
    generator_cpu_s: float


Answer = TypeVar("Answer")


def run(size: Size) -> Report:
    """Measure.

    Raises:
        NoCompiler, ChildFailed.
        WrongRun: a change was not told in time or an absence too soon, a connection was lost, or rows were written.
    """
    samples = {case: Samples(case) for case in CASES}
    with product("--people", str(size.people), "--pairs", "0") as server:
        child = Child([str(program("presence")), str(server.port), str(server.people_file)])
        try:
            child.line(30.0)
            _show_everybody(child, size)
            written, before = rows_written(server.dsn), server.used()
            bounds = f"{ONLINE_WITHIN_S} {OFFLINE_WITHIN_S}"
            line = f"flap {size.seconds} {size.low_s} {size.high_s} {size.leavers} {bounds}"
            found = _ask(child, line, Flapped, size.seconds + OFFLINE_WITHIN_S)
            cpu_s = server.used().since(before).gateway_cpu_s
            after = rows_written(server.dsn)
            rows = {table: count - written.get(table, 0) for table, count in after.items() if table not in ASIDE}
        finally:
            child.stop()
    if found.missed or found.early or found.errors or found.lost or any(rows.values()):
        raise WrongRun(f"not every change was told in time, or rows were written: {found}, {rows}")
    samples[FRAMES].add(found.most_frames_per_s)
    samples[TOLD].add(found.told_p99_ms / 1000)
    samples[GONE].add(found.gone_p99_ms / 1000)
    samples[CPU].add(cpu_s / found.rows * 1e6)
    samples[CORE].add(cpu_s / found.seconds * 100)
    samples[WRITES].add(sum(rows.values()))
    context = {"people": size.people, "each shown by": size.each, **msgspec.structs.asdict(found)}
    return Report("presence", [one.row() for one in samples.values()], RAISED, context)


def _show_everybody(child: Child, size: Size) -> None:
    connected = _ask(child, f"connect 0 {size.people} 64 300", Connected, 300.0)
    shown = _ask(child, f"watch {size.each} 60", Shown, 60.0)
    if not connected.all or shown.unknown:
        raise WrongRun(f"{connected.live} of {size.people} are live, and {shown.unknown} rows did not come")


def _ask(child: Child, line: str, answer: type[Answer], about_s: float) -> Answer:
    child.say(line)
    return msgspec.json.decode(child.line(about_s + ANSWER_WITHIN_S), type=answer)
