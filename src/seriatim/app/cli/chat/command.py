"""`seriatim chat`: talk from a terminal, on a screen or (without a terminal, or with --plain) line by line."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from seriatim.app.cli.device import place, signed_in
from seriatim.client import Store
from seriatim.core.errors import ChatError

app = typer.Typer(add_completion=False)


@app.command()
def run(
    url: Annotated[str, typer.Argument(help="The server, such as http://localhost:8000.")],
    *,
    name: Annotated[str, typer.Option(help="Your user name.")],
    password: Annotated[str | None, typer.Option(envvar="SERIATIM_PASSWORD", help="Absent: it is asked for.")] = None,
    sign_up: Annotated[bool, typer.Option("--sign-up", help="Make the account without asking, if need be.")] = False,
    store: Annotated[Path | None, typer.Option(help="File of this device; absent: one per server and name.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a screen.")] = False,
) -> None:
    """Chat; what you send survives lost connections and a killed terminal. `/help` lists the commands of a line."""
    is_plain = plain or not (sys.stdin.isatty() and sys.stdout.isatty())
    try:
        asyncio.run(_chat(url, name, password, store or place(url, name), sign_up=sign_up, plain=is_plain))
    except ChatError as error:
        typer.echo(f"seriatim: {error.message}", err=True)
        raise typer.Exit(1) from error


async def _chat(url: str, name: str, password: str | None, path: Path, *, sign_up: bool, plain: bool) -> None:
    client = await signed_in(url, name, password, Store(path), sign_up=sign_up)
    if plain:
        from seriatim.app.cli.chat.lines import chat  # noqa: PLC0415 - each way of talking loads only itself
    else:
        from seriatim.app.cli.chat.screen import chat  # noqa: PLC0415 - textual takes a second to load
    async with client:
        await chat(client)
