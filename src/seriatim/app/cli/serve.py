"""`seriatim serve`: runs the server until it is stopped."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from seriatim.app.logs import configure
from seriatim.app.processes.handover import inherited
from seriatim.app.processes.supervisor import supervise
from seriatim.app.roles import serve
from seriatim.app.settings import load
from seriatim.app.streams.loops import Role

app = typer.Typer(add_completion=False)


@app.command()
def run(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 takes a free one and logs it.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for the database, the secret and seriatim.toml.")] = None,
    role: Annotated[
        Role | None,
        typer.Option(
            help="gateway: connections; worker: webhooks, mail, what is due, and of HTTP only /health and /metrics."
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            help="Gateway processes on the port, about one a core. Above 1 a supervisor runs them, a worker and a "
            "broker; SIGHUP restarts them one after the other, and no client is cut off."
        ),
    ] = None,
) -> None:
    """Run the server; every other setting is a SERIATIM_ variable or stands in seriatim.toml.

    SIGTERM and Ctrl-C stop it in order.
    """
    given: dict[str, Any] = {"host": host, "port": port, "data": data, "role": role, "processes": processes}
    supervisor = inherited()
    if supervisor is not None:
        configure(supervisor.handover.name)
        with supervisor.telling():
            uvloop.run(serve(supervisor.handover.applied_to(load(**given)), supervisor))
        return
    configure()
    settings = load(**given)
    if settings.processes == 1:
        uvloop.run(serve(settings))
    else:
        configure("supervisor")
        asyncio.run(supervise(settings, [sys.executable, *sys.orig_argv[1:]]))
