"""`bench send`: messages from sender to partner, durable, against the bare append function at the same batch size."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seriatim.bench.rig.generator import LoadGenerator, Talk, generator
from seriatim.bench.rig.product import RAISED, Product, product
from seriatim.bench.rig.report import Case, Report, Samples
from seriatim.bench.yardsticks.append import Author, BareAppend, author_of, bare_append


class Work(NamedTuple):
    """One load: so many pairs, each with so many messages on their way."""

    name: str
    pairs: int
    in_flight: int
    floor: float | None
    goal: float | None


WORKS = (
    Work("1 pair", 1, 1, 0.70, 0.80),
    Work("20 pairs", 20, 1, None, None),
    Work("64 pairs", 64, 1, 0.60, 0.75),
    Work("256 pairs", 256, 1, 0.55, 0.75),
    Work("64 pairs x 32 in flight", 64, 32, None, None),
)
SPREAD = "64 pairs x 32 in flight"
"""The work whose batches hold many messages of one conversation: fewer rows to lock than a batch that is spread out.
Where it is judged, the bare function gets such a batch (docs/decisions/0012)."""
CPU_BOUNDS = {"64 pairs": ((55.0, 40.0), (60.0, 40.0)), "64 pairs x 32 in flight": ((14.0, 10.0), (20.0, 14.0))}
"""Floor and goal in microseconds a message: of the gateway, of PostgreSQL."""


def _cases() -> dict[str, Case]:
    cases = {work.name: Case(f"{work.name}: rate", "msg/s", work.floor, work.goal) for work in WORKS}
    cases["spread"] = Case(f"{SPREAD}: rate, bare function on as many conversations as messages", "msg/s", 1.0, 1.4)
    cases["p50"] = Case("1 pair: p50 beyond the bare function's", "ms", None, 0.3, judged="value", better="less")
    for name, bounds in CPU_BOUNDS.items():
        for what, (floor, goal) in zip(("gateway", "PostgreSQL"), bounds, strict=True):
            cases[f"{what} {name}"] = Case(f"{name}: {what} CPU", "us/msg", floor, goal, judged="value", better="less")
    return cases


_CASES = _cases()
CASES = tuple(_CASES.values())


@dataclass(frozen=True)
class Size:
    """How long it takes."""

    rounds: int = 5
    seconds: float = 3.0
    bare_seconds: float = 2.0
    works: tuple[Work, ...] = WORKS
    conversations: int = 1_000
    """As many as a batch holds at most, so that the bare function can have one for each message."""


SMALL = Size(1, 0.2, 0.1, (Work("1 pair", 1, 1, None, None), Work(SPREAD, 4, 8, None, None)), conversations=32)


@dataclass
class _Run:
    """One bench run: its server, its clients, its yardstick, and what came out so far."""

    server: Product
    load: LoadGenerator
    bare: BareAppend
    authors: list[Author]
    samples: dict[str, Samples] = field(default_factory=dict[str, Samples])
    context: dict[str, Any] = field(default_factory=dict[str, Any])

    def round(self, work: Work, size: Size) -> None:
        """Run the product, then the yardstick at the batch size that the product reached."""
        self.load.ping()
        mark, before = self.bare.mark(), self.server.used()
        talk = self.load.talk(work.pairs, in_flight=work.in_flight, seconds=size.seconds)
        used, batch = self.server.used().since(before), self.bare.batch_since(mark)
        bare = self.bare.run(self.authors[: work.pairs], batch=batch, seconds=size.bare_seconds)
        self._add(work.name, talk.per_s, bare.per_s)
        if work.name == "1 pair":
            self._add("p50", talk.p50_ms - bare.p50_ms)
        if work.name == SPREAD:
            spread = self.bare.run(self.authors, batch=batch, seconds=size.bare_seconds)
            self._add("spread", talk.per_s, spread.per_s)
        self._add(f"gateway {work.name}", used.gateway_cpu_s / talk.messages * 1e6)
        self._add(f"PostgreSQL {work.name}", used.postgres_cpu_s / talk.messages * 1e6)
        self.context.setdefault(work.name, []).append(_explained(talk, batch, bare.p50_ms))

    def _add(self, name: str, value: float, yardstick: float | None = None) -> None:
        if name in _CASES:
            self.samples.setdefault(name, Samples(_CASES[name])).add(value, yardstick)


def _explained(talk: Talk, batch: float, bare_p50_ms: float) -> dict[str, float]:
    return {
        "batch": round(batch, 2),
        "p50_ms": talk.p50_ms,
        "p99_ms": talk.p99_ms,
        "bare_call_p50_ms": round(bare_p50_ms, 4),
        "generator_cpu_us": round(talk.generator_cpu_s / talk.messages * 1e6, 2),
    }


def run(size: Size) -> Report:
    """Measure.

    Raises: NoCompiler, ChildFailed, WrongRun.
    """
    pairs = max(work.pairs for work in size.works)
    conversations = max(pairs, size.conversations)
    with (
        product("--people", str(2 * conversations), "--pairs", str(conversations)) as server,
        generator(server.port, server.people_file) as load,
        bare_append(server.dsn) as bare,
    ):
        authors = [author_of(server.seeded, place) for place in range(conversations)]
        load.connect(2 * pairs)
        load.talk(pairs, in_flight=1, seconds=size.seconds / 3)  # rosters, statements and pages become warm
        state = _Run(server, load, bare, authors)
        for _ in range(size.rounds):
            for work in size.works:
                state.round(work, size)
        return Report("send", [one.row() for one in state.samples.values()], RAISED, state.context)
