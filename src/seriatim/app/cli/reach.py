"""Reaches the database from the command line: by URL, the embedded server that runs, or one started for the moment."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from seriatim.app.settings import Settings
from seriatim.storage.postgres.finder import find, programs
from seriatim.storage.postgres.server import DataFolderInUse, EmbeddedServer


class Reached(NamedTuple):
    """A database that answers, and the folder with the programs that fit it."""

    dsn: str
    bin_dir: Path


@contextmanager
def reached(settings: Settings) -> Generator[Reached]:
    """Lend the database that these settings mean; an embedded server that did not run is stopped afterwards.

    Raises: NoPostgres, Misplaced, ServerFailed.
    """
    found = find(settings)
    if found.url is not None:
        yield Reached(settings.database_direct_url or found.url, programs())
        return
    server = EmbeddedServer(settings.data, found)
    try:
        dsn = asyncio.run(server.start())
    except DataFolderInUse:
        dsn = asyncio.run(server.join())
        yield Reached(dsn, server.bin_dir)
        return
    try:
        yield Reached(dsn, server.bin_dir)
    finally:
        asyncio.run(server.stop())
