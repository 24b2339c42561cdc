"""Server processes as an operator runs them: away, full, killed and restarted databases; restarts; wrong settings."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import psycopg
import pytest

from world import UNLIMITED, Device, Server

SERIATIM = Path(sys.executable).parent / "seriatim"
READY_WITHIN_S = 60.0


class Process:
    """A `seriatim serve` process; its log is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, object]] = []
        self.url = ""

    async def until(self, event: str) -> dict[str, object]:
        """Wait for a log line with this event."""
        assert self.process.stderr is not None
        async with asyncio.timeout(READY_WITHIN_S):
            while line := await self.process.stderr.readline():
                with contextlib.suppress(msgspec.DecodeError):
                    self.lines.append(msgspec.json.decode(line))
                    if self.lines[-1].get("event") == event:
                        return self.lines[-1]
        raise AssertionError(f"no {event} in {self.lines}")

    async def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        if self.process.returncode is None:
            self.process.send_signal(sign)
        async with asyncio.timeout(READY_WITHIN_S):
            _, rest = await self.process.communicate()
        for line in (rest or b"").splitlines():
            with contextlib.suppress(msgspec.DecodeError):
                self.lines.append(msgspec.json.decode(line))
        assert self.process.returncode is not None
        return self.process.returncode


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a data folder that the database's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="seriatim-faults-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@asynccontextmanager
async def started(*prefix: str, data: Path, ready: bool = True, **settings: str) -> AsyncIterator[Process]:
    """Run a server process; `prefix` is what it is started by."""
    environment = {**os.environ, "SERIATIM_RATES": msgspec.json.encode(UNLIMITED).decode()}
    environment |= {f"SERIATIM_{name.upper()}": value for name, value in settings.items()}
    process = Process(
        await asyncio.create_subprocess_exec(
            *prefix, SERIATIM, "serve", "--port", "0", "--data", str(data),
            env=environment, stderr=asyncio.subprocess.PIPE,
        )
    )  # fmt: skip
    try:
        line = await process.until("ready" if ready else "listening")
        process.url = str(line["url"])
        yield process
    finally:
        await process.stop()


@asynccontextmanager
async def people(process: Process) -> AsyncIterator[tuple[Server, Device, Device, int]]:
    """Lend two people on this server and their conversation."""
    async with httpx.AsyncClient(base_url=process.url, trust_env=False, timeout=10) as http:
        server = Server(process.url, None, http)  # type: ignore[arg-type] - another process has the parts
        ada, bob = await server.device("ada"), await server.device("bob")
        yield server, ada, bob, await ada.direct(bob)
        await server.close()


async def sent_in_the_end(device: Device, here: int, body: str, key: str) -> int:
    """Send with the same key until it is acked, as every client does."""
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            answer = await device.send(here, body, client_id=key)
            if answer["type"] == "sent":
                return answer["seq"]
            assert answer["code"] == "unavailable", answer
            await asyncio.sleep(0.1)


async def test_a_restart_in_order_answers_what_is_in_flight_and_says_when_to_come_back(folder: Path) -> None:
    async with started(data=folder) as process, people(process) as (_, ada, bob, here):
        await ada.say(type="send", id=77, conversation_id=here, client_id=key(1), body="just in time")
        process.process.terminate()
        drain = await bob.next("drain")
        assert 0 <= drain["reconnect_after_ms"][0] < drain["reconnect_after_ms"][1]
        assert (await ada.next("sent"))["id"] == 77
        assert await ada.closed() == 4000
        assert await process.stop() == 0
        assert process.lines[-1]["event"] == "postgres_stopped", "the database stops last"


def key(number: int) -> str:
    return f"01890000-0000-7000-8000-{number:012x}"


@pytest.mark.promise("F4")
async def test_sockets_outlive_a_killed_database_and_sends_are_stored_in_the_end(folder: Path) -> None:
    async with started(data=folder) as process, people(process) as (_, ada, bob, here):
        await ada.send(here, "before")
        pid = int((folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        seq = await sent_in_the_end(ada, here, "through it all", key(2))
        async with asyncio.timeout(READY_WITHIN_S):
            while (page := await bob.ask("fetch", conversation_id=here, after=1))["type"] == "error":
                assert page["code"] == "unavailable"
                await asyncio.sleep(0.1)
        assert [entry["body"] for entry in page["entries"]] == ["before", "through it all"]
        assert seq == 3
        await bob.say(type="ping")
        assert (await bob.next("pong"))["type"] == "pong", "the same socket as before"


@pytest.mark.promise("L1")
async def test_what_was_acked_is_there_after_the_server_was_killed(folder: Path) -> None:
    async with started(data=folder) as process, people(process) as (_, ada, _bob, here):
        acked = [(await ada.send(here, f"message {number}"))["seq"] for number in range(20)]
        await process.stop(signal.SIGKILL)
        credentials = ada.credentials
    async with started(data=folder) as process:
        async with httpx.AsyncClient(base_url=process.url, trust_env=False) as http:
            page = await http.get(
                f"/v1/conversations/{here}/entries?after=1&limit=200",
                headers={"Authorization": f"Bearer {credentials['access_token']}"},
            )
        assert [entry["seq"] for entry in page.json()["entries"]] == acked


async def test_a_database_that_is_away_at_the_start_is_waited_for_and_said(
    postgres_dsn: str, data_folder: Path, folder: Path
) -> None:
    """The address is one where nothing listens; then the real one answers there."""
    sockets = folder / "run"
    sockets.mkdir()
    real = psycopg.conninfo.conninfo_to_dict(postgres_dsn)
    away = f"postgresql://{real['user']}@/{real['dbname']}?host={sockets}"
    async with (
        started(data=data_folder, ready=False, database_url=away) as process,
        httpx.AsyncClient(base_url=process.url, trust_env=False) as http,
    ):
        await process.until("database_unreachable")
        answer = await http.get("/health")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "database" in answer.json()["detail"]
        for file in Path(str(real["host"])).glob(".s.PGSQL.*"):
            (sockets / file.name).symlink_to(file)
        process_ready = await process.until("ready")
        assert process_ready["url"] == process.url
        assert (await http.get("/health")).status_code == 200


def may_mount() -> bool:
    """Say whether this user may make a mount namespace with a file system of its own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.promise("F11")
@pytest.mark.skipif(not may_mount(), reason="no right to mount: a disk cannot be filled")
async def test_a_full_disk_refuses_sends_loses_nothing_and_resumes_unaided(folder: Path) -> None:
    script = folder / "on-a-small-disk"
    script.write_text(
        f'#!/bin/sh\nmount -t tmpfs -o size=420m,mode=755 tmpfs "{folder}/disk" && exec "$@"\n', encoding="ascii"
    )
    script.chmod(0o755)
    (folder / "disk").mkdir()
    prefix = ("unshare", "-m", str(script))
    async with started(*prefix, data=folder / "disk" / "data") as process, people(process) as (_, ada, bob, here):
        disk = Path(f"/proc/{process.process.pid}/root{folder}/disk")
        acked = [(await ada.send(here, "before"))["seq"]]
        ballast = disk / "ballast"
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 1_048_576)
                file.flush()
        refused = None
        body = os.urandom(6_000).hex()
        async with asyncio.timeout(READY_WITHIN_S):
            number = 100
            while refused is None:
                number += 1
                answer = await ada.send(here, body, client_id=key(number))
                if answer["type"] == "sent":
                    acked.append(answer["seq"])
                else:
                    refused = answer
        assert refused["code"] == "unavailable"
        ballast.unlink()
        acked.append(await sent_in_the_end(ada, here, body, key(number)))
        seqs: list[int] = []
        while not seqs or seqs[-1] < acked[-1]:
            page = await bob.ask("fetch", conversation_id=here, after=seqs[-1] if seqs else 0, limit=200)
            seqs += [entry["seq"] for entry in page["entries"]]
        assert seqs == list(range(1, acked[-1] + 1))
        assert set(acked) <= set(seqs)


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("SERIATIM_PORT", "many", "$.port"),
        ("SERIATIM_SIGN_UP", "sometimes", "$.sign_up"),
        ("SERIATIM_RATES", '{"send": {"per_s": "x", "burst": 1}}', "$.rates.send.per_s"),
        ("SERIATIM_ORIGINS", "[broken", "SERIATIM_ORIGINS"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(folder: Path, variable: str, value: str, named: str) -> None:
    done = subprocess.run(
        [SERIATIM, "serve", "--data", str(folder)],
        env={**os.environ, variable: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert re.fullmatch(rf"seriatim: .*{re.escape(named)}.*\n", done.stderr), done.stderr
    assert not list(folder.iterdir())


async def test_a_second_server_on_the_same_data_folder_is_refused_by_name(folder: Path) -> None:
    async with started(data=folder):
        done = await asyncio.create_subprocess_exec(
            SERIATIM, "serve", "--port", "0", "--data", str(folder), stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(READY_WITHIN_S):
            _, errors = await done.communicate()
        assert done.returncode == 1
        assert errors.decode().splitlines()[-1].startswith("seriatim: data folder in use: process ")


async def test_a_port_in_use_is_said_in_one_line(folder: Path) -> None:
    async with started(data=folder / "one") as process:
        port = process.url.rpartition(":")[2]
        done = await asyncio.create_subprocess_exec(
            SERIATIM, "serve", "--port", port, "--data", str(folder / "two"), stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(READY_WITHIN_S):
            _, errors = await done.communicate()
        assert done.returncode == 1
        assert errors.decode().splitlines()[-1].startswith("seriatim: ")
        assert "in use" in errors.decode().splitlines()[-1]
