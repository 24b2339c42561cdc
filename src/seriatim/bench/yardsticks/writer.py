"""The limit of `fanout`: the C writer, which sends the same bytes to the same number of sockets and nothing else."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from seriatim.bench.rig import usage
from seriatim.bench.rig.compiler import program
from seriatim.bench.rig.lines import Child


class Writer(NamedTuple):
    """A running writer."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used so far."""
        return usage.cpu_s(self.pid)


@contextmanager
def writer(event_bytes: int) -> Generator[Writer]:
    """Run a writer whose events are so long.

    Raises: NoCompiler.
    """
    child = Child([str(program("writer")), str(event_bytes)])
    try:
        yield Writer(int(child.line(10.0)), child.pid)
    finally:
        child.stop()
