"""What a process is given by its supervisor, and the one line that it tells."""

import os
import subprocess
import sys

import msgspec
import pytest

from seriatim.app.processes.handover import VARIABLE, Handover, inherited
from seriatim.app.settings import Settings
from seriatim.app.streams.loops import Role

GATEWAY = Handover(name="gateway-1", role=Role.GATEWAY, listener=7, database_url=None, broker_url="unix:///b")
CHILD = """
import sys
from seriatim.app.processes.handover import inherited
supervisor = inherited()
with supervisor.telling():
    if sys.argv[1] == "serve":
        supervisor.ready()
    raise OSError("the disk\\nis full")
"""


def test_a_process_started_by_anybody_else_has_no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert inherited() is None


def test_it_is_given_once_and_not_to_what_the_process_starts_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, GATEWAY.environment()[VARIABLE])
    found = inherited()
    assert found is not None
    assert found.handover == GATEWAY
    assert VARIABLE not in os.environ


def test_what_is_given_wins_over_the_settings_and_the_rest_stays() -> None:
    settings = Settings(processes=4, database_url="postgresql://mine", port=1)
    applied = GATEWAY.applied_to(settings)
    assert (applied.role, applied.processes, applied.broker_url) == (Role.GATEWAY, 1, "unix:///b")
    assert (applied.database_url, applied.port) == ("postgresql://mine", 1)
    own = msgspec.structs.replace(GATEWAY, database_url="postgresql://embedded")
    assert own.applied_to(settings).database_url == "postgresql://embedded"


@pytest.mark.parametrize(("how", "told"), [("fail", b"the disk is full\n"), ("serve", b"ready\n")])
def test_the_first_line_says_ready_or_why_not_and_nothing_follows(how: str, told: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, how], env=GATEWAY.environment(), capture_output=True, check=False
    )
    assert done.stdout == told
    assert b"OSError" in done.stderr
