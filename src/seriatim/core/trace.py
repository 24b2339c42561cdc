"""The names of the hops a command passes, and a record of one command's way: cheap when not sampled.

Each place on the path calls `passed` with its hop. For a sampled command that appends to its `Trace`; for all others
it costs one comparison. A sink sees every pass: chaos runs install one that kills the process at the n-th pass.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple


class Hop(StrEnum):
    """The stops of a command, in the order of the accept run and then of the deliver run."""

    RECEIVE = "receive"
    """Its bytes are whole and valid UTF-8 (gateway/socket)."""
    DECODE = "decode"
    """They are one typed command (protocol/session)."""
    AUTHORIZE = "authorize"
    """Decided on what the command itself shows; what depends on rows is decided inside the commit (features)."""
    QUEUE = "queue"
    """It left the queue: its batch goes to PostgreSQL (log/append)."""
    COMMIT = "commit"
    """COMMIT has returned (log/append)."""
    PUBLISH = "publish"
    """The hint is with the broker (delivery/publish)."""
    FAN_OUT = "fan_out"
    """The event is in the outbox of every local session concerned (delivery/fanout)."""
    ACK = "ack"
    """`sent` is in the sender's outbox (protocol/session)."""
    WRITE = "write"
    """The outboxes of this tick were given to the kernel (gateway/outbox)."""


class Passed(NamedTuple):
    """One hop passed: when, and what it cost up to there since the hop before."""

    hop: Hop
    at_ns: int
    network: int
    statements: int
    rows: int
    commits: int


class Trace:
    """The way of one sampled command, whose bytes were received at `received_ns`; times are monotonic nanoseconds."""

    __slots__ = ("hops",)

    def __init__(self, received_ns: int) -> None:
        self.hops = [Passed(Hop.RECEIVE, received_ns, 1, 0, 0, 0)]

    def note(self, hop: Hop, *, network: int = 0, statements: int = 0, rows: int = 0, commits: int = 0) -> None:
        """Add a hop that is passed now."""
        self.hops.append(Passed(hop, time.monotonic_ns(), network, statements, rows, commits))


Sink = Callable[[Hop], None]
_sink: Sink | None = None


def set_sink(sink: Sink | None) -> None:
    """Let `sink` see every hop of every command of this process, or none with None."""
    global _sink  # noqa: PLW0603 - one process has one sink; a parameter through ten files would be read ten times
    _sink = sink


def passed(
    trace: Trace | None, hop: Hop, *, network: int = 0, statements: int = 0, rows: int = 0, commits: int = 0
) -> None:
    """Note that a command passed `hop` at the cost named: crossings between processes, statements, rows, commits."""
    if _sink is not None:
        _sink(hop)
    if trace is not None:
        trace.note(hop, network=network, statements=statements, rows=rows, commits=commits)
