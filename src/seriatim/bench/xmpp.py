"""`bench xmpp`: groups and pairs, durable on both sides, against an XMPP server whose archive is on PostgreSQL.

Both run on this machine at once and are loaded in turn, with bodies of the same length. A message is done when its
receivers have it: the product delivers after COMMIT, the XMPP server after its archive has taken the message.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seriatim.bench.rig.generator import LoadGenerator, Talk, WrongRun, generator
from seriatim.bench.rig.product import RAISED, Product, product
from seriatim.bench.rig.report import Case, Report, Samples
from seriatim.bench.yardsticks.append import BareAppend, author_of, bare_append
from seriatim.bench.yardsticks.ejabberd import Ejabberd, XmppLoad, ejabberd, found, xmpp_generator
from seriatim.bench.yardsticks.postgres import postgres_like

PAIR, GROUP = 2, 200


class Work(NamedTuple):
    """One load: so many conversations of so many members, each with so many messages on their way."""

    conversations: int
    members: int
    in_flight: int = 1
    floor: float | None = None
    goal: float | None = None
    cpu: float | None = None
    """Floor of the servers' CPU a delivery, as a share of the other's."""
    reach: float | None = None
    """Floor as a share of what the bare append function reaches at the same batch size: few pairs wait for the disk, so
    nothing that commits can be faster, whatever the other server does (docs/decisions/0012)."""

    @property
    def name(self) -> str:
        """How a row calls it."""
        if self.members > PAIR:
            return f"group of {self.members:,}, {self.in_flight} in flight"
        return f"{self.conversations} pair{'s' * (self.conversations > 1)}"


WORKS = (
    Work(1, GROUP, 1, 2.5, 3.5, 0.25),
    Work(1, GROUP, 8),
    Work(1, PAIR, 1, reach=0.7),
    Work(20, PAIR, 1, reach=0.7),
    Work(100, PAIR, 1, 8.0, 10.0),
)


@dataclass(frozen=True)
class Size:
    """How long it takes."""

    rounds: int = 5
    seconds: float = 3.0
    works: tuple[Work, ...] = WORKS


SMALL = Size(1, 0.2, (Work(1, 5), Work(2, PAIR)))


def rate_case(work: Work) -> Case:
    """Return the row of one load that compares the rates; the sender himself does not count as a receiver."""
    return Case(f"{work.name}: rate", "deliveries/s", work.floor, work.goal)


def cpu_case(work: Work) -> Case:
    """Return the row of one load that compares the CPU of all server processes, PostgreSQL's included."""
    return Case(f"{work.name}: CPU of the servers", "us/delivery", work.cpu, better="less")


def reach_case(work: Work) -> Case:
    """Return the row of one load of pairs that compares the rate with the bare append function's."""
    return Case(f"{work.name}: rate, against the bare append function", "deliveries/s", work.reach)


CASES = tuple(
    case for work in WORKS for case in (rate_case(work), cpu_case(work), *((reach_case(work),) if work.reach else ()))
)


@dataclass
class _Run:
    ours: Product
    our_load: LoadGenerator
    theirs: Ejabberd
    their_load: XmppLoad
    bare: BareAppend
    size: Size
    samples: dict[str, Samples] = field(default_factory=dict[str, Samples])
    context: dict[str, Any] = field(default_factory=dict[str, Any])

    def warm(self, work: Work, first: int) -> None:
        """Let both meet the conversations."""
        for load in (self.our_load, self.their_load):
            load.talk(work.conversations, first=first, in_flight=work.in_flight, seconds=self.size.seconds / 4)

    def round(self, work: Work, first: int) -> None:
        """Load both in turn."""
        mark = self.bare.mark()
        ours, our_cpu_s = self._ours(work, first)
        if work.reach:
            authors = [author_of(self.ours.seeded, place) for place in range(work.conversations)]
            bare = self.bare.run(authors, batch=self.bare.batch_since(mark), seconds=self.size.seconds / 2)
            self._add(reach_case(work), ours.per_s, bare.per_s)
        theirs, their_cpu_s = self._theirs(work, first)
        receivers = work.members - 1
        self._add(rate_case(work), ours.per_s * receivers, theirs.per_s * receivers)
        us = 1e6 / receivers
        self._add(cpu_case(work), our_cpu_s * us / ours.messages, their_cpu_s * us / theirs.messages)
        self.context.setdefault(work.name, []).append({"ours": _explained(ours), "theirs": _explained(theirs)})

    def _ours(self, work: Work, first: int) -> tuple[Talk, float]:
        self.our_load.ping()
        before = self.ours.used()
        talk = self.our_load.talk(work.conversations, first=first, in_flight=work.in_flight, seconds=self.size.seconds)
        used = self.ours.used().since(before)
        return talk, used.gateway_cpu_s + used.postgres_cpu_s

    def _theirs(self, work: Work, first: int) -> tuple[Talk, float]:
        had, before = self.theirs.archived(), self.theirs.cpu_s()
        talk = self.their_load.talk(
            work.conversations, first=first, in_flight=work.in_flight, seconds=self.size.seconds
        )
        used_s = self.theirs.cpu_s() - before
        if (kept := self.theirs.archived() - had) < talk.messages:
            raise WrongRun(f"the XMPP server has archived {kept} of {talk.messages} messages")
        return talk, used_s

    def _add(self, case: Case, value: float, yardstick: float) -> None:
        self.samples.setdefault(case.name, Samples(case)).add(value, yardstick)


def _explained(talk: Talk) -> dict[str, float]:
    return {
        "p50_ms": talk.p50_ms,
        "p99_ms": talk.p99_ms,
        "bytes_a_delivery": talk.event_bytes,
        "generator_cpu_us": round(talk.generator_cpu_s / talk.deliveries * 1e6, 2),
    }


def run(size: Size) -> Report:
    """Measure.

    Raises: NoCompiler, NotInstalled, ChildFailed, WrongRun.
    """
    found()
    groups = sorted({work.members for work in size.works if work.members > PAIR})
    pairs = max(work.conversations for work in size.works if work.members == PAIR)
    people = max(2 * pairs, *groups)
    seed = [word for members in groups for word in ("--group", str(members))]
    with (
        product("--people", str(people), "--pairs", str(pairs), *seed) as ours,
        postgres_like(ours.postgres_pid) as database,
        ejabberd(database, [one.members for one in ours.seeded.conversations]) as theirs,
        generator(ours.port, ours.people_file) as our_load,
        xmpp_generator(theirs) as their_load,
        bare_append(ours.dsn) as bare,
    ):
        our_load.connect(people)
        their_load.connect(people)
        for place, members in enumerate(groups, pairs):
            their_load.join(place, members)
        state = _Run(ours, our_load, theirs, their_load, bare, size)
        firsts = {work: pairs + groups.index(work.members) if work.members > PAIR else 0 for work in size.works}
        for work, first in firsts.items():
            state.warm(work, first)
        for _ in range(size.rounds):
            for work, first in firsts.items():
                state.round(work, first)
        return Report("xmpp", [one.row() for one in state.samples.values()], RAISED, state.context)
