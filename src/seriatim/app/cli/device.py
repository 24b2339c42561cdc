"""The device that a command of the terminal is: its store in the user's data folder, and signing it in."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import typer

from seriatim.client import Client, Store
from seriatim.core.errors import Unauthenticated
from seriatim.protocol.resources import NewDevice

TERMINAL = NewDevice(name="terminal", kind="cli")


async def signed_in(url: str, name: str, password: str | None, store: Store, *, sign_up: bool) -> Client:
    """Return the store's device; a fresh one is logged in, or signed up when that is wanted or agreed to.

    Raises: ChatError.
    """
    if store.account() is not None:
        return await Client.resume(store)
    secret = password or typer.prompt("Password", hide_input=True)
    try:
        return await Client.log_in(url, name, secret, store=store, device=TERMINAL)
    except Unauthenticated:
        question = f"There is no account {name}, or this is not its password. Make the account?"
        if not sign_up and not (sys.stdin.isatty() and typer.confirm(question)):
            raise
    return await Client.sign_up(url, name, secret, store=store, device=TERMINAL)


def place(url: str, name: str) -> Path:
    """Return the file of this device below the user's data folder."""
    home = os.environ.get("XDG_DATA_HOME")
    folder = (Path(home) if home else Path.home() / ".local" / "share") / "seriatim"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    server = urlsplit(url)
    safe = "".join(letter if letter.isalnum() else "_" for letter in f"{server.hostname}_{server.port}_{name}")
    return folder / f"{safe}.db"
