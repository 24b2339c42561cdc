"""The C load generator as an object: connect many people, let them talk, ask for pages, hold still."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from seriatim.bench.rig.compiler import program
from seriatim.bench.rig.lines import Child

ANSWER_WITHIN_S = 60.0
Answer = TypeVar("Answer")


class Talk(msgspec.Struct):
    """What a run of messages came to."""

    messages: int
    deliveries: int
    acked: int
    errors: int
    lost: int
    unfinished: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    event_bytes: float
    generator_cpu_s: float

    @property
    def per_s(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


class Connected(msgspec.Struct):
    """What an attempt to bring many people live came to; a refusal without a time to come back is a blind one."""

    live: int
    all: bool
    refused: int
    refused_blindly: int
    seconds: float
    p50_ms: float
    p95_ms: float
    generator_cpu_s: float


class Held(msgspec.Struct):
    """How many are still live, and how many connections were lost."""

    live: int
    lost: int = 0


class WrongRun(Exception):
    """A run that says nothing: messages refused, connections lost, or nothing finished."""


class LoadGenerator:
    """One generator process on one port."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.pid = child.pid

    def connect(self, count: int, *, first: int = 0, window: int = 64, within_s: float = 120.0) -> Connected:
        """Bring people live, at most `window` at a time; who is live already stays so.

        Raises:
            WrongRun: not all are.
        """
        connected = self._ask(f"connect {first} {count} {window} {within_s:.3f}", Connected, within_s)
        if not connected.all:
            raise WrongRun(f"only {connected.live} of {count} are live after {within_s:g} s")
        return connected

    def talk(
        self, conversations: int, *, in_flight: int, seconds: float, first: int = 0, period_s: float = 0.0
    ) -> Talk:
        """Let the first members of these conversations keep so many messages on their way.

        `period_s` is the least time from one message of those to its successor.

        Raises:
            WrongRun: anything was refused or lost.
        """
        done = self._ask(f"talk {first} {conversations} {in_flight} {seconds:.3f} {period_s:.6f}", Talk, seconds)
        if done.errors or done.lost or done.unfinished or not done.messages or done.acked != done.messages:
            raise WrongRun(f"not every message arrived: {done}")
        return done

    def ask(self, kind: str, conversation: int, *, count: int, limit: int, head: int) -> Talk:
        """Fetch pages one after another: `latest`, or `before`, `around`, `after` a random seq up to `head`.

        Raises:
            WrongRun: one was refused.
        """
        done = self._ask(f"ask {kind} {conversation} {count} {limit} {head}", Talk, count * 1.0)
        if done.messages != count:
            raise WrongRun(f"only {done.messages} of {count} pages came")
        return done

    def ping(self) -> None:
        """Let everybody ping, so that nobody counts as silent for the next 35 s."""
        self._ask("ping", Held, 15.0)

    def hold(self, seconds: float) -> Held:
        """Do nothing but ping once in 25 s each."""
        return self._ask(f"hold {seconds:.3f}", Held, seconds)

    def leave(self) -> None:
        """Close all connections at once; resume tokens are kept."""
        self._ask("leave", Held, 30.0)

    def _ask(self, line: str, answer: type[Answer], about_s: float) -> Answer:
        self._child.say(line)
        return msgspec.json.decode(self._child.line(about_s + ANSWER_WITHIN_S), type=answer)


@contextmanager
def generator(port: int, people: Path) -> Generator[LoadGenerator]:
    """Run a generator for the people of this file against a port of this machine.

    Raises: NoCompiler.
    """
    child = Child([str(program("generate")), str(port), str(people)])
    try:
        child.line(30.0)
        yield LoadGenerator(child)
    finally:
        child.stop()
