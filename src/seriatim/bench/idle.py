"""`bench idle`: thousands of authenticated connections that say nothing, and what it costs to make one."""

from dataclasses import dataclass

from seriatim.bench.rig.generator import generator
from seriatim.bench.rig.product import RAISED, product
from seriatim.bench.rig.report import Case, Report, Samples
from seriatim.bench.yardsticks.raw_listener import raw_listener

MEMORY = Case("idle connection: memory", "kB", 7.5, 6.5, judged="value", better="less")
GREETING = Case("connect + hello: gateway CPU", "us", 800.0, 500.0, judged="value", better="less")
RATE = Case("connect + hello: rate", "connections/s")
HOLDING = Case("idle connection: gateway CPU, a ping every 25 s", "us/s", judged="value", better="less")
CASES = (MEMORY, GREETING, RATE, HOLDING)


@dataclass(frozen=True)
class Size:
    """How many connections, how often, and for how long they are held."""

    rounds: int = 3
    connections: int = 10_000
    warm: int = 200
    hold_s: float = 20.0


SMALL = Size(1, 50, 10, 0.3)


def run(size: Size) -> Report:
    """Measure: each round has a server of its own, since memory that was used once is not given back.

    Raises: NoCompiler, ChildFailed, WrongRun.
    """
    samples = {case: Samples(case) for case in CASES}
    for _ in range(size.rounds):
        _round(size, samples)
    return Report("idle", [one.row() for one in samples.values()], RAISED, {"connections": size.connections})


def _round(size: Size, samples: dict[Case, Samples]) -> None:
    count, people = size.connections - size.warm, size.connections
    with (
        product("--people", str(people), "--pairs", str(people // 2)) as server,
        generator(server.port, server.people_file) as load,
        raw_listener() as raw,
        generator(raw.port, server.people_file) as raw_load,
    ):
        load.connect(size.warm)
        raw_load.connect(size.warm)
        before = server.used()
        connected = load.connect(count, first=size.warm)
        greeted = server.used().since(before)
        raw_cpu_s, raw_rss_bytes = raw.cpu_s(), raw.rss_bytes()
        raw_connected = raw_load.connect(count, first=size.warm)
        raw_cpu_s, raw_rss_bytes = raw.cpu_s() - raw_cpu_s, raw.rss_bytes() - raw_rss_bytes
        raw_load.leave()
        samples[GREETING].add(greeted.gateway_cpu_s / count * 1e6, raw_cpu_s / count * 1e6)
        samples[RATE].add(count / connected.seconds, count / raw_connected.seconds)
        quiet = server.used()
        load.hold(size.hold_s)
        held = server.used()
        samples[MEMORY].add(held.since(before).gateway_rss_bytes / count / 1000, raw_rss_bytes / count / 1000)
        samples[HOLDING].add(held.since(quiet).gateway_cpu_s / people / size.hold_s * 1e6)
