"""Children that are spoken to in lines: every wait ends, and their death is told with their last words."""

import sys

import pytest

from seriatim.bench.rig.lines import Child, ChildFailed


def child(code: str) -> Child:
    return Child([sys.executable, "-c", code])


def test_a_line_is_answered_by_a_line() -> None:
    echo = child("import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)")
    try:
        echo.say("one")
        echo.say("two")
        assert (echo.line(10.0), echo.line(10.0)) == ("ONE", "TWO")
    finally:
        echo.stop()


def test_silence_ends_the_wait() -> None:
    silent = child("import sys; sys.stdin.read()")
    try:
        with pytest.raises(ChildFailed, match="nothing within"):
            silent.line(0.05)
    finally:
        silent.stop()


def test_a_child_that_ends_is_told_with_its_last_words() -> None:
    gone = child("print('read already'); print('last words', end='')")
    try:
        assert gone.line(10.0) == "read already"
        with pytest.raises(ChildFailed, match="read already\nlast words"):
            gone.line(10.0)
    finally:
        gone.stop()
