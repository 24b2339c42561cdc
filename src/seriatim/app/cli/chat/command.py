"""`seriatim chat`: talk from a terminal, on a screen or (without a terminal, or with --plain) line by line."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from seriatim.client import Client, Store
from seriatim.core.errors import ChatError, Unauthenticated
from seriatim.protocol.resources import NewDevice

DEVICE = NewDevice(name="terminal", kind="cli")

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
        asyncio.run(_chat(url, name, password, store or _place(url, name), sign_up=sign_up, plain=is_plain))
    except ChatError as error:
        typer.echo(f"seriatim: {error.message}", err=True)
        raise typer.Exit(1) from error


async def _chat(url: str, name: str, password: str | None, path: Path, *, sign_up: bool, plain: bool) -> None:
    client = await _signed_in(url, name, password, Store(path), sign_up=sign_up)
    if plain:
        from seriatim.app.cli.chat.lines import chat  # noqa: PLC0415 - each way of talking loads only itself
    else:
        from seriatim.app.cli.chat.screen import chat  # noqa: PLC0415 - textual takes a second to load
    async with client:
        await chat(client)


async def _signed_in(url: str, name: str, password: str | None, store: Store, *, sign_up: bool) -> Client:
    if store.account() is not None:
        return await Client.resume(store)
    secret = password or typer.prompt("Password", hide_input=True)
    try:
        return await Client.log_in(url, name, secret, store=store, device=DEVICE)
    except Unauthenticated:
        question = f"There is no account {name}, or this is not its password. Make the account?"
        if not sign_up and not (sys.stdin.isatty() and typer.confirm(question)):
            raise
    return await Client.sign_up(url, name, secret, store=store, device=DEVICE)


def _place(url: str, name: str) -> Path:
    """Return the file of this device below the user's data folder."""
    home = os.environ.get("XDG_DATA_HOME")
    folder = (Path(home) if home else Path.home() / ".local" / "share") / "seriatim"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    server = urlsplit(url)
    safe = "".join(letter if letter.isalnum() else "_" for letter in f"{server.hostname}_{server.port}_{name}")
    return folder / f"{safe}.db"
