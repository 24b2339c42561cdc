"""`bench resume`: accounts with thousands of conversations, and thousands of clients that come back at once."""

import asyncio
from dataclasses import dataclass
from statistics import median
from typing import Any

from seriatim.bench.rig.generator import generator
from seriatim.bench.rig.opening import Opened, Opener, fill
from seriatim.bench.rig.product import RAISED, Product, product
from seriatim.bench.rig.report import Case, Report, Samples
from seriatim.bench.yardsticks.heads import bare_heads, connections_watched

HEADS = Case("hello of a user with 5,000 conversations: p95", "ms", 150.0, 150.0, judged="value", better="less")
OPENING = Case("first screen of 1,000 conversations: p95", "ms", 250.0, 200.0, judged="value", better="less")
LIST = Case("first page of their list, 200 of them: p95", "ms", 100.0, 100.0, judged="value", better="less")
TRIPS = Case("round trips to the first screen", "trips", 3, 3, judged="value", better="less")
STORM = Case("10,000 reconnect at once: all live", "s", 20.0, 15.0, judged="value", better="less")
BLIND = Case("refused without a time to come back", "refusals", 0, 0, judged="value", better="less")
CONNECTIONS = Case("connections to the database during the storm", "connections", 13, 13, judged="value", better="less")
"""Two pools of 4 and 8, and the log's own connection."""
CASES = (HEADS, OPENING, LIST, TRIPS, STORM, BLIND, CONNECTIONS)
STORM_SETTINGS = {name: value for name, value in RAISED.items() if name != "SERIATIM_HANDSHAKES_PER_S"}
"""The storm meets the handshake rate that the server has by default."""


@dataclass(frozen=True)
class Size:
    """How much comes back, and how often."""

    conversations: int = 5_000
    rounds: int = 4
    hellos: int = 20
    listed: int = 1_000
    openings: int = 200
    clients: int = 10_000
    storms: int = 3
    within_s: float = 60.0


SMALL = Size(30, 1, 2, 10, 2, 30, 1, 20.0)


def run(size: Size) -> Report:
    """Measure.

    Raises: NoCompiler, ChildFailed, WrongRun.
    """
    samples = {case: Samples(case) for case in CASES}
    context: dict[str, Any] = {"storms": []}
    _hellos(size, samples, context)
    _storms(size, samples, context)
    return Report("resume", [one.row() for one in samples.values()], STORM_SETTINGS, context)


def _hellos(size: Size, samples: dict[Case, Samples], context: dict[str, Any]) -> None:
    many = size.conversations
    with product("--people", "300", "--conversations-of-first", str(many), environment=RAISED) as server:
        user_id = server.seeded.people[0].user_id
        with bare_heads(server.dsn) as query:
            for _ in range(size.rounds):
                took: list[float] = []
                bare: list[float] = []
                for _ in range(size.hellos):
                    with generator(server.port, server.people_file) as load:  # a new one holds no resume token
                        took.append(load.connect(1).p50_ms)
                    bare.append(query.run(user_id))
                samples[HEADS].add(_p95(took), _p95(bare))
                context.setdefault("hello_p50_ms", []).append(median(took))
        _openings(size, server, samples, context)


def _openings(size: Size, server: Product, samples: dict[Case, Samples], context: dict[str, Any]) -> None:
    opened = asyncio.run(_opened(size, server))
    trips = [list(one.trips_ms) for one in opened]
    samples[OPENING].add(_p95([sum(each) for each in trips]))
    samples[LIST].add(_p95([each[1] for each in trips]))
    samples[TRIPS].add(max(map(len, trips)))
    context["opening_p50_ms"] = [median(each) for each in zip(*trips, strict=True)]


async def _opened(size: Size, server: Product) -> list[Opened]:
    """Open the account of the last person, whom nobody knew before, again and again on a device that holds nothing."""
    *others, person = server.seeded.people
    url = f"http://127.0.0.1:{server.port}"
    await fill(url, [(one.user_id, one.token) for one in (person, *others)], size.listed)
    opener = Opener(url, person.device_id, person.token)
    try:
        return [await opener.open() for _ in range(size.openings)]
    finally:
        await opener.close()


def _p95(values: list[float]) -> float:
    return sorted(values)[len(values) * 95 // 100]


def _storms(size: Size, samples: dict[Case, Samples], context: dict[str, Any]) -> None:
    count = size.clients
    with (
        product("--people", str(count), "--pairs", str(count // 2), environment=STORM_SETTINGS) as server,
        generator(server.port, server.people_file) as load,
    ):
        load.connect(count, within_s=size.within_s)
        for _ in range(size.storms):
            load.leave()
            before = server.used()
            with connections_watched(server.dsn) as most:
                storm = load.connect(count, window=count, within_s=size.within_s)
            used = server.used().since(before)
            samples[STORM].add(storm.seconds)
            samples[BLIND].add(storm.refused_blindly)
            samples[CONNECTIONS].add(most.count)
            context["storms"].append(
                {
                    "refused": storm.refused,
                    "p50_ms": storm.p50_ms,
                    "p95_ms": storm.p95_ms,
                    "gateway_cpu_s": round(used.gateway_cpu_s, 2),
                    "postgres_cpu_s": round(used.postgres_cpu_s, 2),
                    "generator_cpu_s": storm.generator_cpu_s,
                }
            )
