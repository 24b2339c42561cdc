"""Several processes on one port: people on any of them, deaths, a rolling restart, and an end that leaves nothing."""

import asyncio
import fcntl
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from fleet import Fleet, fleet, is_alive, is_listened_to
from seriatim.app.processes.slot import ProcessFailed
from seriatim.app.processes.supervisor import supervise
from seriatim.app.settings import Settings
from seriatim.client import Client, MessageSent
from seriatim.protocol.fields import ConversationKind
from world import PASSWORD, Device, Server

SOON_S = 10.0


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    """Return a server with a database of its own, which leaves nothing when it is ended in order.

    Not on the run's database: a worker that is killed keeps its leases for half a minute.
    """
    with tempfile.TemporaryDirectory(prefix="seriatim-processes-") as name:
        Path(name).chmod(0o755)  # the database's own user may enter
        folder = Path(name) / "data"
        with fleet(folder) as found:
            yield found
            postgres = int(found.lines("postgres_ready")[-1]["pid"])
            everybody = [*found.pids.values(), postgres]
            assert found.stop() == 0
            assert found.lines("postgres_stopped"), "the database was stopped"
            assert not any(map(is_alive, everybody))
            assert not is_listened_to(int(found.url.rpartition(":")[2]))
            assert not (folder / "broker").exists()
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.fixture
async def people(running: Fleet) -> AsyncIterator[Server]:
    server = running.people()
    yield server
    await server.close()
    await server.http.aclose()


async def apart(running: Fleet, people: Server) -> tuple[Device, Device]:
    """Return two people, each on a process of his own."""
    ada, bob = await people.device("ada"), await people.device("bob")
    async with asyncio.timeout(SOON_S):
        while running.gateway_of(ada) == running.gateway_of(bob):
            await bob.connect()
    return ada, bob


async def test_people_on_two_processes_talk_as_if_on_one(running: Fleet, people: Server) -> None:
    ada, bob = await apart(running, people)
    here = await ada.direct(bob)
    for number in range(10):
        await ada.send(here, f"ada {number}")
        await bob.send(here, f"bob {number}")
    heard = [sorted([(await one.event(here))["seq"] for _ in range(21)]) for one in (ada, bob)]
    assert heard == [list(range(1, 22))] * 2


async def test_whichever_process_is_asked_tells_the_metrics_of_all(running: Fleet, people: Server) -> None:
    ada, bob = await apart(running, people)
    for _ in range(4):
        told = (await people.http.get("/metrics", headers={"Connection": "close"})).text
        for name in (running.gateway_of(ada), running.gateway_of(bob)):
            assert f'seriatim_sockets{{process="{name}"}} 1.0' in told
        assert 'seriatim_database_healthy{process="worker"} 1.0' in told


async def test_a_worker_that_listens_nowhere_looks_at_its_event_loop_too(people: Server) -> None:
    async with asyncio.timeout(SOON_S):
        while 'seriatim_event_loop_lag_seconds{process="worker"} 0.0\n' in (await people.http.get("/metrics")).text:
            await asyncio.sleep(0.05)


async def test_a_killed_gateway_is_replaced_while_the_other_serves(running: Fleet, people: Server) -> None:
    ada, bob = await apart(running, people)
    here = await ada.direct(bob)
    name = running.gateway_of(bob)
    killed = running.pid(name)
    os.kill(killed, signal.SIGKILL)
    assert (await ada.send(here, "are you there?"))["type"] == "sent"
    died = await asyncio.to_thread(running.until, "process_died", name=name, pid=killed)
    assert (died["code"], died["again_in_s"]) == (-9, 0.1)
    await bob.connect()
    assert [entry.get("body") for entry in await bob.history(here)][-1] == "are you there?"
    async with asyncio.timeout(SOON_S):
        while running.pid(name) == killed:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", ["broker", "worker"])
async def test_a_killed_helper_is_replaced_and_nobody_is_cut_off(running: Fleet, people: Server, name: str) -> None:
    ada, bob = await apart(running, people)
    here = await ada.direct(bob)
    killed = running.pid(name)
    os.kill(killed, signal.SIGKILL)
    async with asyncio.timeout(SOON_S):
        while running.pid(name) == killed:
            await asyncio.sleep(0.02)
    await ada.send(here, "still here")
    assert [entry.get("body") for entry in await bob.history(here)][-1] == "still here"


@pytest.mark.promise("F9")
async def test_a_rolling_restart_loses_nothing_and_nobody_waits_for_three_seconds(running: Fleet) -> None:
    before = running.pids
    done = len(running.lines("rolling_restart_done")) + 1
    names = [f"{name}-{time.monotonic_ns()}" for name in ("ada", "bob")]
    ada, bob = [await Client.sign_up(running.url, name, PASSWORD) for name in names]
    heard: list[str] = []
    waits_s: list[float] = []
    enough = asyncio.Event()
    async with ada, bob, asyncio.timeout(60):
        here = (await ada.create(ConversationKind.DIRECT, [bob.account.user_id])).conversation_id
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(listen(bob, heard))
            tasks.create_task(knock(running.url, enough))
            running.process.send_signal(signal.SIGHUP)
            while len(running.lines("rolling_restart_done")) < done:
                began = time.monotonic()
                await ada.send(here, str(len(waits_s)))
                waits_s.append(time.monotonic() - began)
                await asyncio.sleep(0.02)
            await ada.send(here, "the end")
            await listening
            enough.set()
    assert heard == [*map(str, range(len(waits_s))), "the end"], "each once, in order"
    assert max(waits_s) < 3.0
    after = running.pids
    assert [name for name in before if before[name] == after[name]] == ["broker"]


async def knock(url: str, enough: asyncio.Event) -> None:
    """Come anew all the time; a connection that is not answered fails the test."""
    host, _, port = url.removeprefix("http://").partition(":")
    while not enough.is_set():
        async with asyncio.timeout(3.0):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET /health HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.01)


async def listen(device: Client, heard: list[str]) -> None:
    async for entry in device.entries():
        if isinstance(entry, MessageSent):
            heard.append(entry.body)
            if entry.body == "the end":
                return


def test_a_killed_supervisor_leaves_no_process(postgres_dsn: str, data_folder: Path) -> None:
    with fleet(data_folder, database_url=postgres_dsn) as killed:
        pids = killed.pids
        killed.stop(signal.SIGKILL)
        try:
            until(lambda: not any(map(is_alive, pids.values())))
        finally:
            for pid in filter(is_alive, pids.values()):
                os.kill(pid, signal.SIGKILL)
        assert not is_listened_to(int(killed.url.rpartition(":")[2]))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_what_cannot_start_at_all_ends_the_whole_with_its_reason(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, processes=2, database_url="postgresql://", broker_url="unix:///none")
    with pytest.raises(ProcessFailed, match="cannot start: no luck today"):
        await supervise(settings, [sys.executable, "-S", "-c", "print('no luck today')"])


async def test_a_port_that_another_server_has_is_not_shared_with_it(running: Fleet, tmp_path: Path) -> None:
    port = int(running.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        await supervise(Settings(data=tmp_path, port=port, processes=2), ["/bin/false"])
