"""A backup restored elsewhere: the same rows, another epoch, and transaction ids of the server that holds them now."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from seriatim.storage.postgres.backup import BackupFailed, backup, restore
from seriatim.storage.postgres.finder import programs
from seriatim.storage.postgres.migrate import current_revision, migrate, newest_revision

# The ids are those of a server that is far ahead of any that could restore the copy.
FILL = """
insert into conversations (id, kind, visibility, title, last_seq, head_xid)
values (7, 'group', 'private', 'Crew', 2, '900000000000');
insert into members (conversation_id, user_id, joined_seq, own_xid) values (7, 1, 1, '900000000000');
insert into entries (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, xid, body)
select 7, seq, 'message_sent', 1, 1, gen_random_uuid(), now(), '900000000000', 'böd:y 100% \\ ' || seq
from generate_series(1, 2) seq;
insert into follower_cursors (name, xid, conversation_id, seq, leased_by) values ('tail', '900000000000', 7, 2, 'host');
insert into follower_cursors (name, xid, starts_anew) values ('outside', '900000000000', false);
"""
CONTENT = "select conversation_id, seq, client_id, created_at, body from entries order by seq"
SALT = "select salt from epoch_salt"
HIDDEN = """
select count(*) from (
    select head_xid from conversations union all select own_xid from members union all select xid from entries
) rows(xid) where xid >= pg_snapshot_xmin(pg_current_snapshot()) or xid = '900000000000'
"""


def rows(dsn: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return list(connection.execute(question))


@pytest.fixture
def filled(postgres_dsn: str) -> Iterator[str]:
    yield from _made(postgres_dsn, FILL)


@pytest.fixture
def empty(postgres_dsn: str) -> Iterator[str]:
    yield from _made(postgres_dsn, None)


def _made(dsn: str, fill: str | None) -> Iterator[str]:
    name = f"copy_{uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        made = make_conninfo(dsn, dbname=name)
        if fill is not None:
            migrate(made)
            with psycopg.connect(made) as inside:
                inside.execute(fill)
        yield made
        connection.execute(f"drop database {name} with (force)")


@pytest.mark.promise("F6")
def test_a_restored_copy_has_the_same_rows_in_another_epoch(filled: str, empty: str, tmp_path: Path) -> None:
    backup(filled, programs(), tmp_path / "copy")
    restore(empty, programs(), tmp_path / "copy")
    assert rows(empty, CONTENT) == rows(filled, CONTENT)
    assert current_revision(empty) == newest_revision()
    assert rows(empty, SALT) != rows(filled, SALT)


def test_a_restored_row_is_visible_to_followers_who_then_read_the_log_anew(
    filled: str, empty: str, tmp_path: Path
) -> None:
    backup(filled, programs(), tmp_path / "copy")
    restore(empty, programs(), tmp_path / "copy")
    assert rows(filled, HIDDEN) == [(4,)]
    assert rows(empty, HIDDEN) == [(0,)]
    anew = "select xid::text, conversation_id, seq, leased_by from follower_cursors where starts_anew"
    assert rows(empty, anew) == [("0", 0, 0, None)]


def test_a_follower_whose_effects_are_seen_outside_is_told_nothing_of_a_copied_log_again(
    filled: str, empty: str, tmp_path: Path
) -> None:
    unread = """
    select (select count(*) from entries e where (e.xid, e.conversation_id, e.seq) > (f.xid, f.conversation_id, f.seq)),
        f.xid < pg_snapshot_xmin(pg_current_snapshot()) from follower_cursors f where name = 'outside'"""
    backup(filled, programs(), tmp_path / "copy")
    restore(empty, programs(), tmp_path / "copy")
    assert rows(filled, unread) == [(2, False)]
    assert rows(empty, unread) == [(0, True)], "and what comes next it reads"


def test_a_damaged_copy_leaves_nothing(filled: str, empty: str, tmp_path: Path) -> None:
    backup(filled, programs(), tmp_path / "copy")
    whole = (tmp_path / "copy").read_bytes()
    (tmp_path / "copy").write_bytes(whole[:-200])
    with pytest.raises(BackupFailed):
        restore(empty, programs(), tmp_path / "copy")
    assert rows(empty, "select count(*) from pg_tables where schemaname = 'public'") == [(0,)]


def test_nothing_is_written_over(filled: str, tmp_path: Path) -> None:
    backup(filled, programs(), tmp_path / "copy")
    before = (tmp_path / "copy").read_bytes()
    with pytest.raises(BackupFailed, match="exists"):
        backup(filled, programs(), tmp_path / "copy")
    with pytest.raises(BackupFailed, match="not empty"):
        restore(filled, programs(), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == before


def test_the_commands_work_on_an_embedded_server_that_does_not_run() -> None:
    with tempfile.TemporaryDirectory(prefix="seriatim-db-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        copy = folder / "copy"

        def seriatim(data: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [sys.executable, "-c", "from seriatim.app.cli import main; main()", *arguments],
                env=os.environ | {"SERIATIM_DATA": str(folder / data)},
                capture_output=True,
                text=True,
                check=False,
            )

        assert seriatim("first", "migrate").returncode == 0
        assert seriatim("first", "db", "psql", "-qc", FILL).returncode == 0
        assert seriatim("first", "db", "backup", str(copy)).returncode == 0
        refused = seriatim("first", "db", "restore", str(copy))
        assert refused.returncode == 1
        assert refused.stderr == "seriatim: the database is not empty: restore into a new data folder\n"
        assert seriatim("second", "db", "restore", str(copy)).returncode == 0
        told = seriatim("second", "db", "psql", "-Atqc", "select count(*) from entries")
        assert told.stdout == "2\n"
        url = seriatim("second", "db", "url")
        assert url.stdout.startswith("postgresql://")
        assert url.stderr == ""
