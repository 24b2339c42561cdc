"""Ends a test's PostgreSQL when the test run is killed: nothing else would, since a server outlives its parent."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from seriatim.storage.postgres.server import EmbeddedServer

WAIT_THEN_CLEAN = 'cat > /dev/null; kill -INT "$1"; sleep 2; rm -rf "$2"'
"""Its input ends when the process that holds the other end of the pipe dies, however it dies."""


@contextmanager
def guarded(server: EmbeddedServer, folder: Path) -> Generator[None]:
    """Stop the server's present process and remove its folder if we die within the block."""
    command = ["/bin/sh", "-c", WAIT_THEN_CLEAN, "guard", str(server.pid), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as guard:
        try:
            yield
        finally:
            guard.kill()
