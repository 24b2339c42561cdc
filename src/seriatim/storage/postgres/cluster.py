"""The files of one PostgreSQL cluster: made by initdb, configured by us, read to find a server that still runs."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import structlog
from psycopg import sql

from seriatim.storage.postgres.finder import major_of
from seriatim.storage.postgres.place import Misplaced, Place, run_as

log = structlog.get_logger()

ROLE = "seriatim"
"""The superuser of an embedded cluster; nobody else can reach its socket."""
BUILTIN_LOCALE_SINCE = 17
INITDB_WITHIN_S = 120
LOG_BYTES = 16 * 1024 * 1024
"""The server's log is begun anew at a start that finds it larger."""

TUNING = {
    "max_connections": "500",  # the pools of 32 processes and a worker
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
}
"""All that differs from PostgreSQL's own defaults; fsync and synchronous_commit stay on."""


def create(place: Place) -> None:
    """Run initdb unless the data are there; a killed initdb leaves nothing that looks like data.

    Raises: Misplaced when the data are of another major version; CalledProcessError when initdb fails.
    """
    major = major_of(place.bin_dir)
    version = place.data / "PG_VERSION"
    if version.exists():
        made_by = version.read_text().strip()
        if made_by != str(major):
            raise Misplaced(f"{place.data} was made by PostgreSQL {made_by}, found is {major}: back up with the former")
        return
    unfinished = place.data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [str(place.bin_dir / "initdb"), "-A", "trust", "-U", ROLE, "-E", "UTF8", "--locale=C.UTF-8"]
    if major is not None and major >= BUILTIN_LOCALE_SINCE:
        command.append("--locale-provider=builtin")
    run_as(place.account, [*command, "-D", str(unfinished)], within_s=INITDB_WITHIN_S)
    unfinished.rename(place.data)
    log.info("postgres_data_created", data=str(place.data), major=major)


def command_line(place: Place, *, fsync: bool) -> list[str]:
    """Return how the server is started: our settings stand here and in no file."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.sockets),
        "unix_socket_permissions": "0700",
        **TUNING,
    }
    if not fsync:
        settings["fsync"] = "off"
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    return [str(place.bin_dir / "postgres"), "-D", str(place.data), *flags]


def open_log(place: Place) -> int:
    """Return a descriptor of the server's log, to append to."""
    path = log_of(place)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.unlink()
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)


def log_of(place: Place) -> Path:
    """Return the path of the server's own log."""
    return place.data.with_name("postgres.log")


def running(place: Place) -> int | None:
    """Return the process id of the server that runs on these data now, whoever started it."""
    try:
        pid = int((place.data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if is_postgres(pid, place) else None


def is_postgres(pid: int, place: Place) -> bool:
    """Tell a live server on these data from a dead one, and from a stranger that got its process id."""
    command = Path(f"/proc/{pid}/cmdline")
    if not Path("/proc/self").exists():
        answer = subprocess.run(  # noqa: S603 - fixed program
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, timeout=10, check=False
        )
        return str(place.data).encode() in answer.stdout
    try:
        return os.fsencode(place.data) in command.read_bytes().split(b"\0")  # a zombie's is empty
    except OSError:
        return False


def create_database(dsn: str, name: str) -> None:
    """Create the database unless it exists; `dsn` leads to another database of the server."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %(name)s", {"name": name}).fetchone()
        if found is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
