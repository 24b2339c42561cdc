"""`seriatim migrate`: brings the database's schema up to date, as every start of the server does too."""

import typer

from seriatim.app.cli.reach import reached
from seriatim.app.settings import load
from seriatim.storage.postgres.migrate import current_revision, migrate

app = typer.Typer(add_completion=False)


@app.command()
def run() -> None:
    """Run the migrations that the database has not seen; one process at a time, the others wait."""
    with reached(load()) as database:
        migrate(database.dsn)
        typer.echo(f"schema at revision {current_revision(database.dsn)}")
