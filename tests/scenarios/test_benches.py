"""Each bench once at a tiny size, as its user starts it: so that none can rot. No figure is judged here."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seriatim.app.cli import bench
from seriatim.bench import fanout, history, idle, presence, resume, scale, send, xmpp
from seriatim.bench.yardsticks import ejabberd

SERIATIM = Path(sys.executable).with_name("seriatim")
BENCHES = {
    "send": [case.name for case in send.CASES if case.name.startswith(("1 pair", "64 pairs x 32"))],
    "fanout": [
        *(
            case.name
            for work in fanout.SMALL.works
            for case in (fanout.cpu_case(work), fanout.full_speed_case(work), fanout.rate_case(work))
        ),
        *(fanout.scaling_case(fanout.SMALL.held, in_flight).name for in_flight in fanout.SCALING),
        fanout.durable_case(fanout.SMALL.held).name,
    ],
    "idle": [case.name for case in idle.CASES],
    "resume": [case.name for case in resume.CASES],
    "history": [case.name for case in history.CASES],
    "presence": [case.name for case in presence.CASES],
    "scale": [case.name for case in scale.CASES],
    "xmpp": [case.name for work in xmpp.SMALL.works for case in (xmpp.rate_case(work), xmpp.cpu_case(work))],
}
NEEDS_EJABBERD = "no ejabberd with its PostgreSQL driver: bench xmpp has nothing to compare with"


Running = dict[str, Future[subprocess.CompletedProcess[str]]]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """Run the benches, two at a time: they wait a good deal."""
    names = [name for name in BENCHES if name != "xmpp" or _has_ejabberd()]
    with ThreadPoolExecutor(2) as together:
        yield {name: together.submit(_run, name) for name in names}


def _has_ejabberd() -> bool:
    try:
        ejabberd.found()
    except ejabberd.NotInstalled:
        return False
    return True


def _run(name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SERIATIM, "bench", name, "--small", "--json"], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_ends_in_one_json_object_with_all_its_rows(name: str, running: Running) -> None:
    if name not in running:
        pytest.skip(NEEDS_EJABBERD)
    done = running[name].result()
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert sorted(row["case"] for row in said["results"]) == sorted(BENCHES[name])
    assert all(row["samples"] == 1 and row["value"] is not None for row in said["results"])
    raised = "SERIATIM_RATES" in said["settings"]
    assert raised is (name != "scale"), "raised limits are reported; scale meets none"


def test_without_a_compiler_every_row_is_unmeasured(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [SERIATIM, "bench", "fanout", "--small", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["results"]
    assert {row["case"] for row in rows} == {case.name for case in fanout.CASES}
    assert all("no C compiler" in row["unmeasured"] for row in rows)


def test_without_the_other_server_every_row_is_unmeasured_and_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ejabberd, "_SCHEMA", tmp_path / "pg.sql")
    done = CliRunner().invoke(bench.app, ["xmpp", "--small", "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.output)["results"]
    assert [row["case"] for row in rows] == [case.name for case in xmpp.CASES]
    assert all("apt-get install ejabberd erlang-p1-pgsql" in row["unmeasured"] for row in rows)
