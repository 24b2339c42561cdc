"""Migrations on a real PostgreSQL: one at a time, patient with locks, all or nothing per step."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from seriatim.storage.postgres import migrate as module
from seriatim.storage.postgres.migrate import MIGRATIONS, current_revision, migrate, newest_revision

STEP = """
from seriatim.storage.postgres.revision import execute
revision = "{revision}"
down_revision = {down}
def upgrade():
    execute('''{sql}''')
"""


@pytest.fixture
def empty(postgres_dsn: str) -> Iterator[str]:
    """Return the URL of a new, empty database."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield make_conninfo(postgres_dsn, dbname=name)
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a history that the test writes itself."""
    monkeypatch.setattr(module, "MIGRATIONS", tmp_path)
    return tmp_path


def write(folder: Path, number: int, sql: str) -> None:
    down = f'"{number - 1:04}"' if number > 1 else None
    (folder / f"{number:04}_expand_step.py").write_text(STEP.format(revision=f"{number:04}", down=down, sql=sql))


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select tablename from pg_tables where schemaname = 'public'")
        return {name for (name,) in found} - {"alembic_version"}


def test_every_step_is_marked_expand_or_contract_and_follows_the_one_before() -> None:
    names = sorted(path.name for path in MIGRATIONS.glob("0*.py"))
    assert names
    for number, name in enumerate(names, 1):
        assert re.fullmatch(rf"{number:04}_(expand|contract)_[a-z_]+\.py", name)
    assert newest_revision() == f"{len(names):04}"


def test_an_empty_database_ends_at_the_newest_step_however_many_processes_migrate_it(empty: str) -> None:
    assert current_revision(empty) is None
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(migrate, empty) for _ in range(4)]:
            done.result()
    assert current_revision(empty) == newest_revision()


def test_tables_that_every_message_updates_have_no_checks(empty: str) -> None:
    migrate(empty)
    with psycopg.connect(empty) as connection:
        found = connection.execute(
            "select conrelid::regclass::text, conname from pg_constraint where contype = 'c' and conrelid = any"
            " (array['entries', 'conversations', 'members', 'threads', 'thread_reads', 'mentions']::regclass[])"
        ).fetchall()
    assert found == [], "each statement that updates such a table parses them all: 8 % of a lone message's time"


def test_sql_reaches_the_server_as_it_is_written(empty: str, steps: Path) -> None:
    write(steps, 1, "create table odd(x text default ':name 100%'); insert into odd values (default)")
    migrate(empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute("select x from odd").fetchone() == (":name 100%",)


def test_a_step_that_fails_leaves_the_database_at_the_step_before(empty: str, steps: Path) -> None:
    write(steps, 1, "create table first(x int)")
    write(steps, 2, "create table second(x int); select 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty)
    assert tables(empty) == {"first"}
    assert current_revision(empty) == "0001"


def test_a_table_that_is_held_is_waited_for_without_holding_up_its_readers(
    empty: str, steps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.1)
    waited = threading.Event()
    monkeypatch.setattr(module, "_pause", lambda _attempt: waited.set())
    write(steps, 1, "create table busy(x int)")
    migrate(empty)
    write(steps, 2, "alter table busy add column y int")
    with ThreadPoolExecutor(1) as threads, psycopg.connect(empty) as holder:
        holder.execute("select * from busy")
        done = threads.submit(migrate, empty)
        assert waited.wait(20)
        holder.commit()
        done.result(20)
    assert current_revision(empty) == "0002"
