"""Chaos with PgBouncer between the server and PostgreSQL: the pooler is killed, too; by `make chaos`."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from conftest import NothingGiven
from guard import guarded
from pgbouncer_server import PgBouncer
from seriatim.bench.chaos.plan import Faults, Plan
from seriatim.bench.chaos.run import run
from seriatim.storage.postgres.database import SESSION
from seriatim.storage.postgres.finder import find
from seriatim.storage.postgres.server import EmbeddedServer

POOLER_EVERY_S = 5.0
ROLE = "pooled"


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="seriatim-pooled-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def fit(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login superuser").format(sql.Identifier(ROLE)))
        for name, value in SESSION.items():
            connection.execute(
                sql.SQL("alter role {} set {} = {}").format(sql.Identifier(ROLE), sql.SQL(name), sql.Literal(value))
            )


async def kill_now_and_then(pooler: PgBouncer) -> None:
    while True:
        await asyncio.sleep(POOLER_EVERY_S)
        pooler.kill()
        await asyncio.to_thread(pooler.start)


@pytest.mark.long
@pytest.mark.promise("L1")
@pytest.mark.promise("L2")
async def test_nothing_is_lost_or_doubled_behind_a_pooler_that_dies(folder: Path) -> None:
    server = EmbeddedServer(folder / "data", find(NothingGiven()))
    dsn = await server.start()
    (folder / "pooler").mkdir()
    pooler = PgBouncer(folder / "pooler", dsn, ROLE)
    try:
        with guarded(server, folder):
            fit(dsn)
            pooler.start()
            plan = Plan(
                messages=3_000,
                seed=5,
                processes=2,
                devices_per_process=8,
                pairs=8,
                groups=(3, 3, 4, 6, 12),
                think_s=0.8,
                faults=Faults(least_postmaster_kills=0, postmaster_share=0.0),
                environment=(("SERIATIM_DATABASE_URL", pooler.dsn), ("SERIATIM_DATABASE_DIRECT_URL", dsn)),
            )
            killing = asyncio.create_task(kill_now_and_then(pooler))
            outcome = await run(plan)
            killing.cancel()
    finally:
        pooler.kill()
        await server.stop()
    assert outcome.is_clean, (outcome.folder, outcome.report, outcome.violations[:5])
    assert outcome.report["acked"] >= plan.messages * 0.9
    assert outcome.report["kills"] >= 2
