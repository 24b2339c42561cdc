"""A primary and its standby, two real PostgreSQL servers that tests may kill, stop and promote."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from conftest import NothingGiven
from guard import guarded
from seriatim.storage.postgres.finder import find
from seriatim.storage.postgres.migrate import migrate
from seriatim.storage.postgres.place import run_as, settle
from seriatim.storage.postgres.server import EmbeddedServer

COPY_WITHIN_S, CATCH_UP_WITHIN_S = 60.0, 20.0


class Pair:
    """`dsn` names both and wants the one that takes writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found = find(NothingGiven())
        self.primary, self.standby = [
            EmbeddedServer(folder / name, self._found, fsync=False) for name in ("primary", "standby")
        ]
        self.primary_dsn = self.standby_dsn = self.dsn = ""

    def start(self) -> None:
        """Start the primary, copy it, and start the copy behind it."""
        self.primary_dsn = asyncio.run(self.primary.start())
        migrate(self.primary_dsn)
        self._copy()
        self.standby_dsn = asyncio.run(self.standby.start())
        hosts = ",".join(quote(str(self._sockets(name)), safe="") for name in ("primary", "standby"))
        self.dsn = f"postgresql://seriatim@/seriatim?host={hosts}&target_session_attrs=read-write"

    def _copy(self) -> None:
        assert self._found.bin_dir is not None
        place = settle(self._folder / "standby", self._found.bin_dir)
        source = f"host={self._sockets('primary')} user=seriatim"
        command = [str(place.bin_dir / "pg_basebackup"), "-D", str(place.data), "-d", source, "-R", "-c", "fast"]
        run_as(place.account, [*command, "--no-sync"], within_s=COPY_WITHIN_S)

    def _sockets(self, name: str) -> Path:
        assert self._found.bin_dir is not None
        return settle(self._folder / name, self._found.bin_dir).sockets

    async def synchronous(self) -> None:
        """Let a COMMIT on the primary wait for the standby from now on."""
        await tell(self.primary_dsn, "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")
        await self._until(self.primary_dsn, "select true from pg_stat_replication where sync_state = 'sync'")

    async def deaf(self) -> None:
        """Let the standby take all there is, and nothing that comes after."""
        (end,) = await tell(self.primary_dsn, "select pg_current_wal_lsn()::text")
        await self._until(self.standby_dsn, f"select true where pg_last_wal_replay_lsn() >= '{end}'")
        await tell(self.standby_dsn, "alter system set primary_conninfo = ''", "select pg_reload_conf()")
        await self._until(self.standby_dsn, "select true where not exists (select from pg_stat_wal_receiver)")

    async def _until(self, dsn: str, condition: str) -> None:
        async with asyncio.timeout(CATCH_UP_WITHIN_S):
            while await tell(dsn, condition) is None:
                await asyncio.sleep(0.02)

    def kill_primary(self) -> None:
        """Kill -9 the primary with all its processes, in one moment."""
        _signal(self.primary, signal.SIGKILL)

    def signal_standby(self, what: signal.Signals) -> None:
        """Stop all the standby's processes, or let them go on."""
        _signal(self.standby, what)

    async def promote(self) -> None:
        """Make the standby the primary."""
        await tell(self.standby_dsn, "select pg_promote(true, 20)")


def _signal(server: EmbeddedServer, what: signal.Signals) -> None:
    assert server.pid is not None
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    with contextlib.suppress(FileNotFoundError):
        for pid in [server.pid, *map(int, children.read_text(encoding="ascii").split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)


async def tell(dsn: str, *statements: str) -> tuple[object, ...] | None:
    """Execute statements on a connection of their own and return the last one's first row."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        cursor = None
        for statement in statements:
            cursor = await connection.execute(statement.encode())
        return await cursor.fetchone() if cursor is not None and cursor.description else None


@contextmanager
def pair() -> Iterator[Pair]:
    """Run both in a folder of their own; whatever became of them is stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="seriatim-pair-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        both = Pair(folder)
        try:
            both.start()
            with guarded(both.primary, folder / "primary"), guarded(both.standby, folder / "standby"):
                yield both
        finally:
            for server in (both.standby, both.primary):
                if server.pid is not None:
                    _signal(server, signal.SIGKILL)  # nobody needs what it would still write
                asyncio.run(server.stop())
