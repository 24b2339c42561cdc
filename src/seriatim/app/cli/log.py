"""`seriatim log`: watch the log as it grows, through the same door as every follower."""

import asyncio
import sys
from typing import Annotated

import msgspec
import structlog
import typer

from seriatim.app.cli.reach import reached
from seriatim.app.settings import load
from seriatim.core.errors import Unavailable
from seriatim.log.follow import BEGINNING, IDLE_S, PAUSE_S, Cursor, entries_since, newest
from seriatim.storage.postgres.database import Database

app = typer.Typer(help="The log of all conversations.", no_args_is_help=True, add_completion=False)
log = structlog.get_logger()


@app.callback()
def root() -> None:
    """Make it a group: `seriatim log tail`."""


@app.command()
def tail(
    all_: Annotated[
        bool, typer.Option("--all", help="Begin with the oldest entry, not with the next new one.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end instead of waiting for more.")] = False,
) -> None:
    """Print every entry as one line of JSON, in the order of their transactions; none is skipped.

    An entry waits for the oldest open writing transaction of the whole database server.
    """
    with reached(load()) as database:
        try:
            asyncio.run(_tail(database.dsn, from_beginning=all_, once=once))
        except (KeyboardInterrupt, BrokenPipeError):
            sys.stderr.close()  # the reader has gone, or the operator has seen enough: neither is an error


async def _tail(dsn: str, *, from_beginning: bool, once: bool) -> None:
    database = Database(dsn, writing=1, reading=1)
    await database.open()
    try:
        cursor = BEGINNING if from_beginning else await _newest(database)
        while True:
            cursor, count = await _print(database, cursor)
            if count == 0:
                if once:
                    return
                await asyncio.sleep(IDLE_S)
    finally:
        await database.close()


async def _newest(database: Database) -> Cursor:
    async with database.read() as connection:
        return await newest(connection)


async def _print(database: Database, cursor: Cursor) -> tuple[Cursor, int]:
    """Print what follows the cursor, and return the cursor after it; an outage is waited out."""
    while True:
        try:
            async with database.read() as connection:
                entries, cursor = await entries_since(connection, cursor)
        except Unavailable as error:
            log.warning("log_tail_waits", reason=error.message)
            await asyncio.sleep(PAUSE_S)
            continue
        for entry in entries:
            sys.stdout.write(msgspec.json.encode(entry).decode() + "\n")
        sys.stdout.flush()
        return cursor, len(entries)
