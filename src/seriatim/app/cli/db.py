"""`seriatim db`: the way into the database for its operator, on the embedded server too, whether or not it runs."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from seriatim.app.cli.reach import reached
from seriatim.app.settings import load
from seriatim.storage.postgres import backup as copies
from seriatim.storage.postgres.finder import find
from seriatim.storage.postgres.server import EmbeddedServer

app = typer.Typer(
    help="The database: its URL, a psql session, backup and restore.", no_args_is_help=True, add_completion=False
)


@app.command()
def url() -> None:
    """Print the database's URL; the embedded server answers there while `seriatim serve` runs."""
    settings = load()
    found = find(settings)
    typer.echo(found.url or EmbeddedServer(settings.data, found).url())


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def psql(context: typer.Context) -> None:
    """Open psql on the database; further arguments are psql's own."""
    with reached(load()) as database:
        done = subprocess.run(  # noqa: S603 - the finder's path, the operator's arguments
            [database.bin_dir / "psql", database.dsn, *context.args], check=False
        )
    sys.exit(done.returncode)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")]) -> None:
    """Write a consistent copy of the database, also while the server works."""
    settings = load()
    with reached(settings) as database:
        copies.backup(database.dsn, database.bin_dir, file)
    typer.echo(f"{file}: {file.stat().st_size} bytes")
    if settings.secret is None and settings.database_url is None:
        typer.echo(f"keep {settings.data / 'secret'} with it, in a safe place: it opens the keys that the copy holds")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `seriatim db backup` wrote.")]) -> None:
    """Fill an empty database from a copy; every client then reads anew, since the log has another epoch."""
    with reached(load()) as database:
        copies.restore(database.dsn, database.bin_dir, file)
    typer.echo("restored")
