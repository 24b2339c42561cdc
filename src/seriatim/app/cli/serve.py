"""`seriatim serve`: runs the server until it is stopped."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from seriatim.app.logs import configure
from seriatim.app.roles import serve
from seriatim.app.settings import load

app = typer.Typer(add_completion=False)


@app.command()
def run(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 takes a free one and logs it.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for the database, the secret and seriatim.toml.")] = None,
) -> None:
    """Run the server; every other setting is a SERIATIM_ variable or stands in seriatim.toml."""
    configure()
    uvloop.run(serve(load(host=host, port=port, data=data)))
