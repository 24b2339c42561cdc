"""The embedded PostgreSQL: started, adopted, watched, restarted and stopped by us, on a unix socket only."""

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
import structlog

from seriatim.storage.postgres import cluster
from seriatim.storage.postgres.finder import Found
from seriatim.storage.postgres.place import Place, settle

log = structlog.get_logger()

READY_WITHIN_S = 60.0
"""Recovery after a crash under load took 5 s; a large write-ahead log takes longer."""
STOP_WITHIN_S = 30.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0
"""Back-off between restarts; it begins anew after a run longer than the longest."""
POLL_S = 0.02
WATCH_S = 0.2
"""How soon a death is noticed."""
CONNECT_WITHIN_S = 2

DATABASE = "seriatim"


class DataFolderInUse(Exception):
    """A living process holds this data folder; two servers on one folder would destroy it."""


class ServerFailed(Exception):
    """PostgreSQL did not become ready in time; the message names its log."""


class EmbeddedServer:
    """One PostgreSQL on one data folder.

    It outlives a parent that is killed, and the next start adopts it: a parent's death costs no recovery.
    """

    def __init__(self, data_folder: Path, found: Found, *, fsync: bool = True) -> None:
        if found.bin_dir is None:
            raise ValueError("a server by URL is not ours to start")
        self._data_folder = data_folder
        self._found_bin_dir = found.bin_dir
        self._fsync = fsync
        self._place: Place | None = None
        self._lock: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The postmaster's process id; None before the first start."""
        return self._pid

    @property
    def bin_dir(self) -> Path:
        """The folder with the `psql`, `pg_dump` and so on that fit this server; only after `start`."""
        return self._settled().bin_dir

    async def start(self) -> str:
        """Start the server, or adopt the one a killed parent left, and return its URL once it answers.

        Raises: DataFolderInUse, Misplaced, ServerFailed. Bounds: 60 s, and 120 s more for the first initdb.
        """
        self._lock = _hold(self._data_folder)
        try:
            place = await asyncio.to_thread(self._settle)
            await asyncio.to_thread(cluster.create, place)
            await self._bring_up()
            await asyncio.to_thread(cluster.create_database, self._url("postgres"), DATABASE)
        except BaseException:
            if self._child is not None and self._child.poll() is None:
                self._child.send_signal(signal.SIGINT)  # nobody would stop it later
            self._release()
            raise
        return self._url(DATABASE)

    async def join(self) -> str:
        """Return the URL of the server that another process holds, once it answers; nothing is started or stopped.

        Raises: ServerFailed after 60 s.
        """
        place = await asyncio.to_thread(self._settle)
        deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
        while not await asyncio.to_thread(self._answers, DATABASE):
            if asyncio.get_running_loop().time() > deadline:
                raise ServerFailed(f"PostgreSQL does not answer: see {cluster.log_of(place)}")
            await asyncio.sleep(FIRST_PAUSE_S)
        return self._url(DATABASE)

    def url(self) -> str:
        """Return the URL at which the server of this folder answers when it runs."""
        self._settle()
        return self._url(DATABASE)

    async def watch(self) -> None:
        """Restart the server whenever it dies, with back-off; returns after `stop`."""
        clock = asyncio.get_running_loop().time
        pause_s = FIRST_PAUSE_S
        began = clock()
        while not self._stopping:
            while self._running() and not self._stopping:  # noqa: ASYNC110 - processes have no events
                await asyncio.sleep(WATCH_S)
            if self._stopping:
                return
            if clock() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            log.error("postgres_died", pid=self._pid, restart_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            began = clock()
            try:
                await self._bring_up()
            except ServerFailed as error:
                log.error("postgres_restart_failed", reason=str(error))  # noqa: TRY400 - the reason is the whole story

    async def stop(self) -> None:
        """Shut the server down in order (`fast`: sessions end, nothing committed is lost) and free the folder."""
        self._stopping = True
        for how in (signal.SIGINT, signal.SIGQUIT):
            if self._pid is None or not self._running():
                break
            os.kill(self._pid, how)
            if not await self._until(lambda: not self._running(), STOP_WITHIN_S):
                log.warning("postgres_stops_slowly", pid=self._pid)
        log.info("postgres_stopped", pid=self._pid)
        if self._place is not None:
            with contextlib.suppress(OSError):  # empty after an orderly end; it may stand outside the data folder
                self._place.sockets.rmdir()
        self._release()

    async def _bring_up(self) -> None:
        """Adopt or launch, then wait until it answers.

        A launch that fails early is tried again: after a kill -9 of the postmaster its sessions take a moment to
        notice, and until then PostgreSQL refuses to start.
        """
        place = self._settled()
        left = cluster.running(place)
        if left is not None:
            self._pid = left
            log.info("postgres_adopted", pid=left)
        deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
        while asyncio.get_running_loop().time() < deadline and not self._stopping:
            if not self._running():
                self._launch(place)
            if await asyncio.to_thread(self._answers, "postgres"):
                log.info("postgres_ready", pid=self._pid)
                return
            await self._until(lambda: not self._running(), FIRST_PAUSE_S)
        raise ServerFailed(f"PostgreSQL was not ready within {READY_WITHIN_S:.0f} s: see {cluster.log_of(place)}")

    def _launch(self, place: Place) -> None:
        output = cluster.open_log(place)
        account = place.account
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the finder's path
                cluster.command_line(place, fsync=self._fsync),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,  # Ctrl-C reaches us alone: the database stops last
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        finally:
            os.close(output)
        self._pid = self._child.pid

    def _running(self) -> bool:
        if self._child is not None and self._child.pid == self._pid:
            return self._child.poll() is None
        return self._pid is not None and cluster.is_postgres(self._pid, self._settled())

    def _answers(self, database: str) -> bool:
        try:
            psycopg.connect(self._url(database), connect_timeout=CONNECT_WITHIN_S).close()
        except psycopg.OperationalError:
            return False
        return True

    async def _until(self, condition: Callable[[], bool], within_s: float) -> bool:
        deadline = asyncio.get_running_loop().time() + within_s
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True

    def _settle(self) -> Place:
        self._place = settle(self._data_folder, self._found_bin_dir)
        return self._place

    def _settled(self) -> Place:
        if self._place is None:
            raise RuntimeError("the server was not started")
        return self._place

    def _url(self, database: str) -> str:
        return f"postgresql://{cluster.ROLE}@/{database}?host={quote(str(self._settled().sockets), safe='')}"

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()  # the lock goes with its descriptor; the file stays, for the next to lock
            self._lock = None


def _hold(data_folder: Path) -> IO[str]:
    """Lock the data folder for this process's life; the kernel frees it when the process dies, however it dies."""
    data_folder.mkdir(parents=True, exist_ok=True)
    file = (data_folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise DataFolderInUse(f"data folder in use: process {holder} runs on {data_folder}") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
