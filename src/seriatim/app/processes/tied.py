"""A program that becomes another one which ends with its parent: `tied.py PARENT-PID PROGRAM ARGUMENT...`.

For programs that do not watch their parent themselves. Linux only; elsewhere nothing is tied. It imports nothing of
ours, since it runs before the other program does.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""Source: prctl(2); it lasts beyond execve(2)."""

if __name__ == "__main__":
    parent, *program = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before it was watched
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - the supervisor's own words
