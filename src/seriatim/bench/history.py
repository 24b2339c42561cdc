"""`bench history`: pages of a long conversation over a real socket, from anywhere in it."""

from dataclasses import dataclass
from typing import NamedTuple

from seriatim.bench.rig.generator import generator
from seriatim.bench.rig.product import RAISED, product
from seriatim.bench.rig.report import Case, Report, Samples

P99_MS = 10.0


class Question(NamedTuple):
    """A way to ask for a page."""

    name: str
    kind: str
    limit: int


QUESTIONS = (
    Question("latest 50", "latest", 50),
    Question("50 back from anywhere", "before", 50),
    Question("50 around anywhere", "around", 50),
    Question("200 after anywhere (gap)", "after", 200),
)


def case(question: Question) -> Case:
    """Return the row of one question."""
    return Case(f"{question.name}: p99", "ms", P99_MS, P99_MS, judged="value", better="less")


CASES = tuple(map(case, QUESTIONS))


@dataclass(frozen=True)
class Size:
    """How long the conversation is, and how often it is asked."""

    entries: int = 1_000_000
    rounds: int = 5
    pages: int = 1_000


SMALL = Size(1_000, 1, 20)


def run(size: Size) -> Report:
    """Measure.

    Raises: NoCompiler, ChildFailed, WrongRun.
    """
    samples = {question: Samples(case(question)) for question in QUESTIONS}
    p50_ms: dict[str, list[float]] = {question.name: [] for question in QUESTIONS}
    with (
        product("--people", "10", "--group", "10", "--entries", str(size.entries)) as server,
        generator(server.port, server.people_file) as load,
    ):
        load.connect(10)
        for _ in range(size.rounds):
            for question in QUESTIONS:
                load.ping()
                asked = load.ask(question.kind, 0, count=size.pages, limit=question.limit, head=size.entries)
                samples[question].add(asked.p99_ms)
                p50_ms[question.name].append(asked.p50_ms)
    context = {"entries": size.entries, "pages": size.pages, "p50_ms": p50_ms}
    return Report("history", [one.row() for one in samples.values()], RAISED, context)
