"""CPU and memory of other processes, from /proc."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _CUTIME, _CSTIME, _PARENT = 11, 12, 13, 14, 1
"""Places in /proc/<pid>/stat after the program's name."""


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of one process, in user space and in the kernel."""
    fields = _stat(pid)
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and all its children, living and gone."""
    fields = _stat(pid)
    own = sum(int(fields[place]) for place in (_UTIME, _STIME, _CUTIME, _CSTIME)) / _TICKS_PER_S
    for child in children(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended: its parent counts it next time
            own += tree_cpu_s(child)
    return own


def rss_bytes(pid: int) -> int:
    """Return the memory of one process that is in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def children(pid: int) -> list[int]:
    """Return the processes whose parent is `pid`."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int(_stat(int(entry.name))[_PARENT]) == pid:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def descendants(pid: int) -> Iterator[int]:
    """Yield the children of `pid`, theirs, and so on, parents before children."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def name(pid: int) -> str:
    """Return the program's short name."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def command(pid: int) -> list[str]:
    """Return the program and its arguments, as it was started."""
    return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]


def _stat(pid: int) -> list[str]:
    # The name stands in parentheses and may hold anything: what counts begins after the last one.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
