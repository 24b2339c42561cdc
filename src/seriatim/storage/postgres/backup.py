"""Copies of a whole database: one consistent dump, and a restore that is all or nothing."""

import shutil
import subprocess
from pathlib import Path
from typing import IO

import psycopg

TELL_BYTES = 4_000
"""How much of a failed program's complaint is passed on."""

TABLES = "select count(*) from pg_tables where schemaname = 'public'"

# A transaction id of another server says nothing here: followers and resume tokens compare it with this server's own,
# so every copied row gets the id of the transaction that restores it. A follower's place among the old ids means
# nothing any more: it reads the log anew, or, where its effects do not bear that, only what comes after the copied rows
# (copies of older releases know no such followers). The salt makes the log another epoch.
RENEW = """
do $$
declare
    found record;
begin
    for found in
        select c.oid::regclass as name, string_agg(format('%I = pg_current_xact_id()', a.attname), ', ') as settings
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and not a.attisdropped and a.atttypid = 'xid8'::regtype
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        group by c.oid
    loop
        execute format('update %s set %s', found.name, found.settings);
    end loop;
    update public.follower_cursors set xid = '0', conversation_id = 0, seq = 0, leased_by = null, leased_until = null;
    if exists (
        select from pg_attribute where attrelid = 'public.follower_cursors'::regclass and attname = 'starts_anew'
    ) then
        update public.follower_cursors
        set xid = pg_current_xact_id(), conversation_id = 9007199254740991, seq = 9007199254740991
        where not starts_anew;
    end if;
end
$$;
update public.epoch_salt set salt = gen_random_uuid()::text;
"""


class BackupFailed(Exception):
    """The copy was not made, or not restored; nothing is left of the attempt."""


def backup(dsn: str, bin_dir: Path, file: Path) -> None:
    """Write one consistent snapshot to `file`, which appears only when it is whole.

    Raises: BackupFailed when the file exists or pg_dump fails.
    """
    if file.exists():
        raise BackupFailed(f"{file} exists: choose another name")
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.touch(mode=0o600)
    done = subprocess.run(  # noqa: S603 - the finder's path
        [bin_dir / "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}", dsn],
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        unfinished.unlink()
        raise BackupFailed(_told("pg_dump", done.stderr))
    unfinished.rename(file)


def restore(dsn: str, bin_dir: Path, file: Path) -> None:
    """Fill an empty database from a copy, in one transaction.

    Raises: BackupFailed when the database is not empty or the copy is damaged: nothing is changed then.
    """
    if not file.is_file():
        raise BackupFailed(f"{file} is not there")
    with psycopg.connect(dsn) as connection:
        row = connection.execute(TABLES).fetchone()
    if row is None or row[0] != 0:
        raise BackupFailed("the database is not empty: restore into a new data folder")
    reader = [bin_dir / "pg_restore", "--no-owner", "--no-privileges", "--file=-", file]
    writer = [bin_dir / "psql", dsn, "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    with (
        subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source,  # noqa: S603
        subprocess.Popen(  # noqa: S603
            [*writer, "--output=/dev/null"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        ) as target,
    ):
        _pour(source, target)


def _pour(source: "subprocess.Popen[bytes]", target: "subprocess.Popen[bytes]") -> None:
    """Send the copy and our own statements after it through one psql, whose transaction ends with its input."""
    script, complaint = _pipe(source.stdout), _pipe(source.stderr)
    entry = _pipe(target.stdin)
    try:
        shutil.copyfileobj(script, entry, 1024 * 1024)
        if source.wait() != 0:
            target.kill()  # before its input ends: the end would commit half a copy
            raise BackupFailed(_told("pg_restore", complaint.read()))
        entry.write(RENEW.encode())
        entry.close()
    except BrokenPipeError:
        source.kill()
    if target.wait() != 0:
        raise BackupFailed(_told("psql", _pipe(target.stderr).read()))


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the process was started without this pipe")
    return stream


def _told(program: str, complaint: bytes) -> str:
    return f"{program} failed: {complaint[-TELL_BYTES:].decode(errors='replace').strip()}"
