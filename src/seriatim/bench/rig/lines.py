"""A child process that is spoken to in lines: every answer is waited for within a time."""

import os
import select
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO

STOP_WITHIN_S = 20.0
LAST_WORDS = 20
"""Lines that are told when it ended: a traceback's end is the story."""


class ChildFailed(Exception):
    """A child of a bench ended, or said nothing in time; the message holds its last words."""


class Child:
    """One child; `spoken` is the stream that is read: standard output, or standard error for a server's log."""

    def __init__(
        self, words: Sequence[str], *, environment: Mapping[str, str] | None = None, log: bool = False
    ) -> None:
        self._words = words
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if log else subprocess.PIPE,
            stderr=subprocess.PIPE if log else None,
            env=None if environment is None else {**os.environ, **environment},
        )
        stream = self._process.stderr if log else self._process.stdout
        assert stream is not None
        self._stream: IO[bytes] = stream
        self._kept = b""
        self._said = deque[str](maxlen=LAST_WORDS)
        self.pid = self._process.pid

    def say(self, line: str) -> None:
        """Send one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def line(self, within_s: float) -> str:
        """Return the next line.

        Raises:
            ChildFailed: it ended, or none came in time.
        """
        end = time.monotonic() + within_s
        while b"\n" not in self._kept:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._stream], [], [], left)[0]:
                raise ChildFailed(f"{self._words[0]}: nothing within {within_s:g} s")
            data = os.read(self._stream.fileno(), 1 << 16)
            if not data:
                said = "\n".join((*self._said, self._kept.decode(errors="replace")))
                raise ChildFailed(f"{' '.join(self._words[:3])} ended: {said[-1000:]}")
            self._kept += data
        line, _, self._kept = self._kept.partition(b"\n")
        self._said.append(line.decode(errors="replace"))
        return line.decode()

    def ended(self) -> bool:
        """Say whether it has ended by itself."""
        return self._process.poll() is not None

    def drop(self) -> None:
        """Throw away what was said meanwhile, so that the child never waits for us."""
        while select.select([self._stream], [], [], 0)[0] and os.read(self._stream.fileno(), 1 << 16):
            pass

    def stop(self) -> None:
        """End it: politely, then surely."""
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate(timeout=STOP_WITHIN_S)
