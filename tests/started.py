"""Waiting for a real server that a test has started."""

import time
from collections.abc import Callable

WITHIN_S = 10.0


def until_it_answers(ask: Callable[[], object], away: type[Exception], name: str) -> None:
    """Ask again and again, until that raises `away` no more; fail after ten seconds."""
    until = time.monotonic() + WITHIN_S
    while True:
        try:
            ask()
        except away:
            assert time.monotonic() < until, f"{name} did not start"
            time.sleep(0.02)
        else:
            return
