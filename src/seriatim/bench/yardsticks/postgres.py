"""A second PostgreSQL for a yardstick: the product's own binary, flags and disk, on data of its own and a TCP port."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import psycopg

from seriatim.bench.rig import usage
from seriatim.bench.rig.lines import ChildFailed
from seriatim.bench.rig.ports import free_port

INITDB_WITHIN_S = 120
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
ROLE = "bench"
_POLL_S = 0.05
_PLACE = ("listen_addresses=", "unix_socket_")
"""Flags that say where a server is found, not how it works."""


class Postgres(NamedTuple):
    """A running server, with its superuser's password."""

    port: int
    password: str
    pid: int

    def dsn(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{database}"

    def cpu_s(self) -> float:
        """Return the CPU seconds that it and its children have used so far."""
        return usage.tree_cpu_s(self.pid)


@contextmanager
def postgres_like(pid: int) -> Generator[Postgres]:
    """Run another server with the binary, the tuning and the account of this one; it and its data are gone afterwards.

    The data lie beside those of the other server, so that a commit costs both the same.

    Raises:
        ChildFailed: it does not start.
    """
    binary, *flags = usage.command(pid)
    theirs = Path(flags[flags.index("-D") + 1])
    home = theirs.with_name("yardstick")
    account = theirs.stat()
    password, port = secrets.token_hex(16), free_port()
    home.mkdir(mode=0o700)
    try:
        (home / "password").write_text(password)
        for path in (home, home / "password"):
            os.chown(path, account.st_uid, account.st_gid)
        running = _start(binary, _tuning(flags), home, account, port)
        try:
            _ready(running, Postgres(port, password, running.pid), home / "log")
            yield Postgres(port, password, running.pid)
        finally:
            running.send_signal(signal.SIGINT)  # ends sessions; nothing committed is lost
            try:
                running.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGQUIT)
                running.wait(STOP_WITHIN_S)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _start(
    binary: str, tuning: Sequence[str], home: Path, account: os.stat_result, port: int
) -> subprocess.Popen[bytes]:
    """Make the data and launch the server, as the account of the other one when we are root."""
    root = os.geteuid() == 0
    user, group, extra = (account.st_uid, account.st_gid, ()) if root else (None, None, None)
    initdb = [str(Path(binary).with_name("initdb")), "-A", "scram-sha-256", "-U", ROLE, "-E", "UTF8", "--no-locale"]
    with (home / "log").open("wb") as log:
        done = subprocess.run(  # noqa: S603 - the product's own PostgreSQL
            [*initdb, "--pwfile", str(home / "password"), "-D", str(home / "data")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=INITDB_WITHIN_S, check=False, cwd="/",
            user=user, group=group, extra_groups=extra,
        )  # fmt: skip
        if done.returncode != 0:
            raise ChildFailed(f"initdb: {_end_of(home / 'log')}")
        place = ("-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", "unix_socket_directories=")
        return subprocess.Popen(  # noqa: S603 - as above
            [binary, "-D", str(home / "data"), *tuning, *place],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            user=user, group=group, extra_groups=extra,
        )  # fmt: skip


def _tuning(flags: Sequence[str]) -> list[str]:
    """Return the settings among a server's flags, `-c name=value` each, but for those that say where it is."""
    settings = [value for flag, value in pairwise(flags) if flag == "-c"]
    return [word for setting in settings if not setting.startswith(_PLACE) for word in ("-c", setting)]


def _ready(running: subprocess.Popen[bytes], server: Postgres, log: Path) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            psycopg.connect(server.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > end:
                raise ChildFailed(f"postgres: {_end_of(log)}") from None
            time.sleep(_POLL_S)
        else:
            return


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-1000:]
