"""`seriatim export`: hands out conversations, or all that one user may read."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, TextIO

import typer

from seriatim.app.cli.reach import reached
from seriatim.app.settings import load
from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId
from seriatim.features.export import read
from seriatim.features.export.page import page
from seriatim.storage.postgres.database import Database

app = typer.Typer(help="Write what is in the log to a file.", no_args_is_help=True, add_completion=False)
Html = Annotated[bool, typer.Option("--html", help="A page to read, instead of JSON lines.")]
Out = Annotated[Path | None, typer.Option(help="The file to write; absent: standard output.")]
Data = Annotated[Path | None, typer.Option(help="The server's data folder.")]

Lines = Callable[[read.Reading], AsyncIterator[read.Line]]


@app.command()
def conversation(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The conversation's id.")],
    *,
    html: Html = False,
    out: Out = None,
    data: Data = None,
) -> None:
    """Write a whole conversation, whoever may read it."""
    _export(lambda reading: read.conversation(reading, ConversationId(id_)), html=html, out=out, data=data)


@app.command()
def user(
    name: Annotated[str, typer.Argument(help="The name with which he logs in.")],
    *,
    html: Html = False,
    out: Out = None,
    data: Data = None,
) -> None:
    """Write what is kept of one user, and everything that he may read."""
    _export(lambda reading: _user(reading, name), html=html, out=out, data=data)


async def _user(reading: read.Reading, name: str) -> AsyncIterator[read.Line]:
    async for line in read.user(reading, await read.user_of(reading, name)):
        yield line


def _export(lines: Lines, *, html: bool, out: Path | None, data: Path | None) -> None:
    with reached(load(data=data)) as database:
        try:
            if out is None:
                asyncio.run(_write(lines, database.dsn, sys.stdout, html=html))
                return
            with out.open("w", encoding="utf-8") as file:
                asyncio.run(_write(lines, database.dsn, file, html=html))
        except ChatError as error:
            typer.echo(f"seriatim: {error.message}", err=True)
            raise typer.Exit(1) from error


async def _write(lines: Lines, dsn: str, file: TextIO, *, html: bool) -> None:
    database = Database(dsn, writing=1, reading=1)
    await database.open()
    try:
        if html:
            async for part in page(lines(database.read), database.read):
                file.write(part)
            return
        async for line in lines(database.read):
            file.write(read.encoded(line).decode())
    finally:
        await database.close()
