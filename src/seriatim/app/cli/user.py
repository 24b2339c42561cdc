"""`seriatim user`: what whoever runs the server does for somebody who cannot log in."""

import asyncio
from typing import Annotated

import typer

from seriatim.app.cli.reach import reached
from seriatim.app.settings import Settings, load
from seriatim.core.clock import SystemClock
from seriatim.core.names import name_key
from seriatim.features.accounts import store
from seriatim.features.accounts.reset import link
from seriatim.storage.postgres import one_time
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.one_time import Purpose

app = typer.Typer(help="Help somebody who cannot log in.", no_args_is_help=True, add_completion=False)


@app.callback()
def root() -> None:
    """Make it a group: `seriatim user reset-link`."""


@app.command()
def reset_link(name: Annotated[str, typer.Argument(help="The name with which he logs in.")]) -> None:
    """Print a link with which he sets a new password: good once, for 15 minutes; it signs out all his devices."""
    settings = load()
    with reached(settings) as database:
        made = asyncio.run(_made(database.dsn, name, settings))
    if made is None:
        typer.echo(f"seriatim: nobody who logs in with a password is called {name}", err=True)
        raise typer.Exit(1)
    typer.echo(made)


async def _made(dsn: str, name: str, settings: Settings) -> str | None:
    database = Database(dsn, writing=1, reading=1)
    await database.open()
    try:
        async with database.transaction() as connection:
            known = await store.known(connection, name_key(name))
            if known is None:
                return None
            secret, _ = await one_time.make(connection, Purpose.RESET, known.user_id, SystemClock().now())
    finally:
        await database.close()
    scheme = "https" if settings.tls_certificate else "http"
    return link(settings.public_url or f"{scheme}://{settings.host}:{settings.port}", secret)
