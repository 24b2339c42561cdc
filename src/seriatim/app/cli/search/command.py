"""`seriatim search`: looks at the index of what was said, and has it built anew while the old one answers."""

import time
from pathlib import Path
from typing import Annotated

import typer

from seriatim.app.settings import load
from seriatim.app.streams.searching import FOLDER
from seriatim.storage.search.keeping import Standing, is_held, wish

app = typer.Typer(help="The index of what was said.", no_args_is_help=True, add_completion=False)
Data = Annotated[Path | None, typer.Option(help="The server's data folder.")]
LOOK_EVERY_S = 0.2


@app.command()
def status(data: Data = None) -> None:
    """Print what the index is and how much it holds, whether or not the server runs."""
    root = load(data=data).data / FOLDER
    standing = Standing(root)
    if standing.manifest is None:
        typer.echo("there is no index yet; a server builds it from the log")
        return
    state = "whole" if standing.manifest.whole else "still being built"
    if not standing.is_usable:
        state = f"of version {standing.manifest.version}, which this program does not read; a server builds it anew"
    typer.echo(f"index       {state}")
    typer.echo(f"generation  {standing.generation}{', a new one is wished' if standing.is_wished else ''}")
    if standing.is_usable:
        count = standing.count()
        each = f", {standing.bytes / count:.0f} each" if count else ""
        typer.echo(f"messages    {count} in {len(standing.manifest.slices)} slices, {standing.bytes} bytes{each}")
    typer.echo(f"written by  {'a running server' if is_held(root) else 'nobody at present'}")


@app.command()
def rebuild(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the new index is the one that is asked.")] = False,
    data: Data = None,
) -> None:
    """Have the index built anew from the log; the old one answers until the new one holds everything."""
    root = load(data=data).data / FOLDER
    before = Standing(root).generation
    wish(root)
    if not is_held(root):
        typer.echo("no server writes the index at present; the next one to start builds it anew")
        return
    typer.echo("the server builds the index anew")
    while wait and Standing(root).generation == before:
        time.sleep(LOOK_EVERY_S)
    if wait:
        typer.echo("done")
