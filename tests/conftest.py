"""What every test may ask for: one real PostgreSQL per run, and the pools of one process on it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import hypothesis
import pytest

from guard import guarded
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.finder import find
from seriatim.storage.postgres.migrate import migrate
from seriatim.storage.postgres.server import EmbeddedServer

if TYPE_CHECKING:
    from world import Server

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)  # the same examples in every run
hypothesis.settings.register_profile("fast", derandomize=True, deadline=None, max_examples=20)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2_000)  # on demand: looks for new ones
hypothesis.settings.load_profile("ci")


ALLOWED_SKIPS = (Path(__file__).parent / "ALLOWED_SKIPS").read_text(encoding="utf-8").splitlines()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for a reason that is not listed into a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if reason not in ALLOWED_SKIPS:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped for a reason that tests/ALLOWED_SKIPS does not list: {reason}"
    return report


class NothingGiven(NamedTuple):
    """The settings of somebody who sets nothing."""

    database_url: str | None = None
    pg_bin: Path | None = None


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Return the URL of a migrated database on a server of this test run; fsync is off."""
    with tempfile.TemporaryDirectory(prefix="seriatim-tests-") as folder:
        Path(folder).chmod(0o755)  # as root: so that the server's user reaches it and nothing is left elsewhere
        server = EmbeddedServer(Path(folder), find(NothingGiven()), fsync=False)
        dsn = asyncio.run(server.start())
        try:
            migrate(dsn)
            with guarded(server, Path(folder)):
                yield dsn
        finally:
            asyncio.run(server.stop())


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    """Return open pools on the run's database; tests use fresh ids, since they share its rows."""
    database = Database(postgres_dsn)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of this run's servers: one secret, for the database holds keys sealed with it."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
async def server(postgres_dsn: str, data_folder: Path) -> "AsyncIterator[Server]":
    """Return a whole server on the run's database, without rate limits."""
    from world import serving  # noqa: PLC0415 - it imports everything; unit tests need none of it

    async with serving(postgres_dsn, data_folder) as server:
        yield server
