"""Brings a database's schema up to date: alembic's revisions, one process at a time."""

import time
from pathlib import Path
from typing import Any

import psycopg
import structlog
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"

ADVISORY_LOCK = 0x5E21A71B
"""Every process that migrates holds this lock; its number means nothing."""
LOCK_WAIT_S = 300
"""Longest wait for another process's migration."""
LOCK_TIMEOUT_S = 2
"""A migration that waits longer for a table would hold up everybody behind it: it gives way and tries again."""
ATTEMPTS, PAUSE_S = 30, 1.0


def migrate(dsn: str) -> None:
    """Run every migration the database has not seen, in order, each in a transaction of its own.

    Safe to call from many processes at once: one migrates, the others wait (at most 300 s) and find nothing to do.

    Raises: psycopg.OperationalError when the server is unreachable or busy for too long; psycopg.Error when a
    migration fails, which leaves the database at the migration before it.
    """
    with psycopg.connect(dsn, autocommit=True) as guard:
        guard.execute("select set_config('statement_timeout', %(wait)s, false)", {"wait": f"{LOCK_WAIT_S}s"})
        guard.execute("select pg_advisory_lock(%(key)s)", {"key": ADVISORY_LOCK})
        _upgrade_with_patience(dsn)


def newest_revision() -> str | None:
    """Return the revision this code was written for; None while there is no migration."""
    return _scripts().get_current_head()


def current_revision(dsn: str) -> str | None:
    """Return the revision the database is at; None when it is empty."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _upgrade_with_patience(dsn: str) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _upgrade(dsn)
        except psycopg.errors.LockNotAvailable:
            if attempt == ATTEMPTS:
                raise
            _pause(attempt)
        else:
            return


def _pause(attempt: int) -> None:
    log.info("migration_waits_for_a_lock", attempt=attempt)
    time.sleep(PAUSE_S)


def _upgrade(dsn: str) -> None:
    scripts = _scripts()

    def steps(revision: Any, _context: MigrationContext) -> Any:
        # what `alembic upgrade head` does, without its files
        return scripts._upgrade_revs("head", revision)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    with engine.connect() as connection, EnvironmentContext(_config(), scripts, fn=steps) as context:
        connection.exec_driver_sql(f"set lock_timeout = '{LOCK_TIMEOUT_S * 1_000:.0f}ms'")
        connection.exec_driver_sql("set statement_timeout = 0")  # the role may have one, for those behind a pooler
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
