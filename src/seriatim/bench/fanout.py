"""`bench fanout`: one conversation whose members are all online, against a C writer of the same bytes and rate.

And against the same gateway without commit: what durability costs a group.
"""

import sys
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seriatim.bench.rig.generator import LoadGenerator, WrongRun, generator
from seriatim.bench.rig.product import RAISED, Product, product
from seriatim.bench.rig.report import Case, Report, Samples
from seriatim.bench.yardsticks.append import bare_append
from seriatim.bench.yardsticks.writer import Writer, writer

FLOOR, GOAL = 1.5, 1.3
HELD = 1_000
"""The size of group that is held to floor and goal; the others are context."""


class Work(NamedTuple):
    """One load: a group's size, and the messages on their way in it."""

    members: int
    in_flight: int


WORKS = tuple(Work(members, in_flight) for members in (100, HELD, 5_000) for in_flight in (1, 8, 64))
BOUNDED = {Work(HELD, 1), Work(HELD, 8)}
SCALING = {8: (5.0, 6.5), 32: (None, 15.0)}
"""Messages in flight -> floor and goal of the rate against one in flight, in the group of 1,000."""
DURABLE = (0.75, 0.9)
"""Floor and goal of the rate against that of the same gateway without commit, one message in flight."""
_WITHOUT_COMMIT = (sys.executable, "-m", "seriatim.bench.yardsticks.uncommitted")


@dataclass(frozen=True)
class Size:
    """How long it takes."""

    rounds: int = 5
    seconds: float = 2.0
    works: tuple[Work, ...] = WORKS
    held: int = HELD
    """The size of group that is compared with itself: more in flight, and without commit."""


SMALL = Size(1, 0.2, (Work(5, 1), Work(5, 4)), 5)


def cpu_case(work: Work) -> Case:
    """Return the row of one load: gateway CPU per delivery against the writer's."""
    floor, goal = (FLOOR, GOAL) if work in BOUNDED else (None, None)
    return Case(f"{work.members:,} members, {work.in_flight} in flight: CPU", "us/delivery", floor, goal, better="less")


def full_speed_case(work: Work) -> Case:
    """Return the row that compares with the writer at its full speed, whose caches are warm."""
    floor, goal = (FLOOR, GOAL) if work in BOUNDED else (None, None)
    name = f"{work.members:,} members, {work.in_flight} in flight: CPU, writer at full speed"
    return Case(name, "us/delivery", floor, goal, better="less")


def rate_case(work: Work) -> Case:
    """Return the row of one load that tells its rate; the yardstick's is the writer's."""
    return Case(f"{work.members:,} members, {work.in_flight} in flight: rate", "deliveries/s")


def scaling_case(members: int, in_flight: int) -> Case:
    """Return the row that compares the rate with that of one in flight."""
    floor, goal = SCALING[in_flight] if members == HELD else (None, None)
    return Case(f"{members:,} members, {in_flight} in flight over 1: rate", "msg/s", floor, goal)


def durable_case(members: int) -> Case:
    """Return the row that compares the rate with that of the same gateway without commit."""
    floor, goal = DURABLE if members == HELD else (None, None)
    return Case(f"{members:,} members, 1 in flight over the same gateway without commit: rate", "msg/s", floor, goal)


CASES = (
    *(case for work in WORKS for case in (cpu_case(work), full_speed_case(work), rate_case(work))),
    *(scaling_case(HELD, in_flight) for in_flight in SCALING),
    durable_case(HELD),
)


@dataclass
class _Run:
    server: Product
    load: LoadGenerator
    size: Size
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    context: dict[str, Any] = field(default_factory=dict[str, Any])

    def work(self, place: int, work: Work, raw: Writer, raw_load: LoadGenerator) -> None:
        """Run one load on product and writer in turn, on the writer at the product's rate and then as fast as it goes.

        What a write costs depends on how warm the caches still are and on how many writes one wake-up of the reader
        covers, so the CPU is compared at the same rate, and beside it with the writer's best.
        """
        cpu, full, rate = Samples(cpu_case(work)), Samples(full_speed_case(work)), Samples(rate_case(work))
        for _ in range(self.size.rounds):
            self.load.ping()
            before = self.server.used()
            talk = self.load.talk(1, first=place, in_flight=work.in_flight, seconds=self.size.seconds)
            used = self.server.used().since(before)
            raw_us, _ = self._raw(place, work, raw, raw_load, period_s=work.in_flight / talk.per_s)
            full_speed_us, raw_per_s = self._raw(place, work, raw, raw_load)
            cpu.add(used.gateway_cpu_s / talk.deliveries * 1e6, raw_us)
            full.add(used.gateway_cpu_s / talk.deliveries * 1e6, full_speed_us)
            rate.add(talk.deliveries / talk.seconds, raw_per_s)
            self.context.setdefault(cpu.case.name, []).append(
                {
                    "p50_ms": talk.p50_ms,
                    "p99_ms": talk.p99_ms,
                    "messages_per_s": round(talk.per_s, 1),
                    "postgres_cpu_us_per_message": round(used.postgres_cpu_s / talk.messages * 1e6, 1),
                    "event_bytes": talk.event_bytes,
                    "generator_cpu_us_per_delivery": round(talk.generator_cpu_s / talk.deliveries * 1e6, 3),
                }
            )
        self.rows += [cpu.row(), full.row(), rate.row()]

    def _raw(
        self, place: int, work: Work, raw: Writer, load: LoadGenerator, *, period_s: float = 0.0
    ) -> tuple[float, float]:
        """Run one load on the writer: CPU microseconds a delivery, and deliveries a second."""
        before = raw.cpu_s()
        talk = load.talk(1, first=place, in_flight=work.in_flight, seconds=self.size.seconds, period_s=period_s)
        return (raw.cpu_s() - before) / talk.deliveries * 1e6, talk.deliveries / talk.seconds

    def scaling(self, place: int) -> None:
        """Compare many in flight with one, in turn."""
        samples = {in_flight: Samples(scaling_case(self.size.held, in_flight)) for in_flight in SCALING}
        for _ in range(self.size.rounds):
            self.load.ping()
            alone = self.load.talk(1, first=place, in_flight=1, seconds=self.size.seconds)
            for in_flight, these in samples.items():
                talk = self.load.talk(1, first=place, in_flight=in_flight, seconds=self.size.seconds)
                these.add(talk.per_s, alone.per_s)
        self.rows += [these.row() for these in samples.values()]

    def durable(self, place: int) -> None:
        """Compare with the same gateway without commit, in turn, on a database that was seeded alike."""
        members, samples = self.size.held, Samples(durable_case(self.size.held))
        seed = ("--people", str(members), "--group", str(members))
        with (
            product(*seed, command=_WITHOUT_COMMIT) as without,
            generator(without.port, without.people_file) as without_load,
            bare_append(without.dsn) as log,
        ):
            mark = log.mark()
            without_load.connect(members)
            without_load.talk(1, in_flight=1, seconds=self.size.seconds / 4)
            for _ in range(self.size.rounds):
                self.load.ping()
                without_load.ping()
                talk = self.load.talk(1, first=place, in_flight=1, seconds=self.size.seconds)
                before = without.used()
                bare = without_load.talk(1, in_flight=1, seconds=self.size.seconds)
                used = without.used().since(before)
                samples.add(talk.per_s, bare.per_s)
                self.context.setdefault(samples.case.name, []).append(
                    {
                        "p50_ms": talk.p50_ms,
                        "p50_ms_without": bare.p50_ms,
                        "postgres_cpu_us_per_message_without": round(used.postgres_cpu_s / bare.messages * 1e6, 1),
                    }
                )
            if log.batch_since(mark):
                raise WrongRun("the gateway without commit has committed messages")
        self.rows.append(samples.row())


def run(size: Size) -> Report:
    """Measure.

    Raises: NoCompiler, ChildFailed, WrongRun.
    """
    groups = sorted({work.members for work in size.works})
    seed = [word for members in groups for word in ("--group", str(members))]
    with (
        product("--people", str(groups[-1]), *seed) as server,
        generator(server.port, server.people_file) as load,
    ):
        state = _Run(server, load, size)
        for place, members in enumerate(groups):
            load.connect(members)
            warm = load.talk(1, first=place, in_flight=1, seconds=size.seconds / 4)
            with writer(round(warm.event_bytes)) as raw, generator(raw.port, server.people_file) as raw_load:
                raw_load.connect(members)
                raw_load.talk(1, first=place, in_flight=1, seconds=size.seconds / 4)
                for work in size.works:
                    if work.members == members:
                        state.work(place, work, raw, raw_load)
            if members == size.held:
                state.scaling(place)
                state.durable(place)
        return Report("fanout", state.rows, RAISED, state.context)
