"""Logs: one JSON object a line for programs, also of what libraries warn of, and no line below `info`."""

import json
import subprocess
import sys

SPEAKING = """
import logging, structlog
from seriatim.app.logs import configure
configure()
log = structlog.get_logger()
log.debug("not_told")
log.info("told", sockets=3)
logging.getLogger("library").info("not told")
logging.getLogger("library").warning("careful %s", "there")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broken")
"""


def test_each_line_is_an_object_with_event_level_and_time() -> None:
    run = subprocess.run([sys.executable, "-c", SPEAKING], capture_output=True, text=True, check=True)
    assert run.stdout == "", "standard output belongs to what commands answer"
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("told", "info"),
        ("careful there", "warning"),
        ("broken", "error"),
    ]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[0]["sockets"] == 3
    assert "ZeroDivisionError" in lines[2]["exception"]


def test_the_name_of_one_of_several_processes_stands_in_every_line() -> None:
    script = SPEAKING.replace("configure()", 'configure("gateway-1")')
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {json.loads(line)["process"] for line in run.stderr.splitlines()} == {"gateway-1"}
