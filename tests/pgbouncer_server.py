"""A real PgBouncer in transaction mode before the run's PostgreSQL, that tests may kill and start again."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from started import until_it_answers

SERVERS = 3
"""So few connections to PostgreSQL that every transaction of a server meets another session."""


class PgBouncer:
    """One pooler on a unix socket; `dsn` leads through it, to `direct` as `role`."""

    def __init__(self, folder: Path, direct: str, role: str, *, servers: int = SERVERS) -> None:
        parts = conninfo_to_dict(direct)
        host, database = str(parts["host"]), str(parts["dbname"])
        owner = Path(host).stat().st_uid  # whom the socket's folder lets in; PgBouncer refuses to run as root
        self.dsn = f"postgresql://{role}@/{database}?host={folder}&port=6432"
        self._ini = folder / "pgbouncer.ini"
        self._ini.write_text(
            f"[databases]\n{database} = host={host} dbname={database} user={role}\n"
            f"[pgbouncer]\nlisten_port = 6432\nlisten_addr =\nunix_socket_dir = {folder}\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {servers}\nserver_login_retry = 1\n"
            f"logfile = {folder / 'log'}\n"
        )
        self._user = pwd.getpwuid(owner).pw_name
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            for path in (folder, self._ini):
                os.chown(path, owner, -1)

    def start(self) -> None:
        """Start it and wait until PostgreSQL answers through it."""
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None, "PgBouncer is missing: run scripts/pgbouncer"
        as_another = ["-u", self._user] if os.geteuid() == 0 else []
        self._process = subprocess.Popen([program, "-q", *as_another, str(self._ini)], stderr=subprocess.DEVNULL)
        until_it_answers(lambda: psycopg.connect(self.dsn).close(), psycopg.OperationalError, "PgBouncer")

    def kill(self) -> None:
        """Kill it with SIGKILL: every connection through it is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def pooling(direct: str, role: str, *, servers: int = SERVERS) -> Generator[PgBouncer]:
    """Run one in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="seriatim-pooler-") as folder:
        pooler = PgBouncer(Path(folder), direct, role, servers=servers)
        try:
            pooler.start()
            yield pooler
        finally:
            pooler.kill()
