"""`seriatim demo`: people who talk on a server, so that its page is alive at first sight."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Annotated
from urllib.parse import urlsplit

import typer

from seriatim.app.cli.device import place
from seriatim.app.cli.reach import reached
from seriatim.app.settings import load
from seriatim.bench.demo.lines import PEOPLE
from seriatim.bench.demo.play import Demo
from seriatim.client import Client, Store
from seriatim.core.clock import SystemClock
from seriatim.core.errors import ChatError, Conflict, RateLimited, Unauthenticated
from seriatim.core.ids import UserId, random_id
from seriatim.core.names import name_key
from seriatim.features.accounts.passwords import Passwords
from seriatim.features.accounts.store import NewUser, add_user
from seriatim.protocol.resources import NewDevice
from seriatim.storage.postgres.database import Database

DEMO = "demo"
PASSWORD = "have a look around"  # noqa: S105 - told to everybody
DEVICE = NewDevice(name="demo", kind="demo")
LEAST_PEOPLE = 2
PAUSE_S = (1.0, 3.0)

app = typer.Typer(add_completion=False)


@app.command()
def run(
    url: Annotated[str, typer.Argument(help="The server.")] = "http://localhost:8000",
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop when the past is told, instead of talking on.")] = False,
    data: Annotated[Path | None, typer.Option(help="The server's data folder, if it is not the usual one.")] = None,
) -> None:
    """Make a dozen people, their conversations and a past, then let them talk until stopped with Ctrl-C.

    Log in as `demo` with the password `have a look around`. Everybody made here has this password: for trials only.
    On this machine the accounts are written straight into the server's database; elsewhere they sign up at the front
    door, whose limits let only a few people in.
    """
    with contextlib.suppress(KeyboardInterrupt):
        try:
            if urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}:
                settings = load(data=data)
                with reached(settings) as database:
                    asyncio.run(_add_people(database.dsn))
            asyncio.run(_demo(url, once=once))
        except ChatError as error:
            typer.echo(f"seriatim: {error.message}", err=True)
            raise typer.Exit(1) from error


async def _add_people(dsn: str) -> None:
    """Make the accounts that do not exist; none of them is an admin."""
    database, clock, passwords = Database(dsn, writing=1, reading=1), SystemClock(), Passwords()
    await database.open()
    try:
        async with database.transaction() as connection:
            for name in (DEMO, *PEOPLE):
                hashed = await passwords.hash(PASSWORD)
                await add_user(
                    connection,
                    NewUser(
                        UserId(random_id()),
                        name,
                        name_key(name),
                        hashed,
                        server_admin=False,
                        guest=False,
                        now=clock.now(),
                    ),
                )
    finally:
        await database.close()


async def _demo(url: str, *, once: bool) -> None:
    async with _cast(url) as (demo, people):
        play = Demo(people, demo, Random())  # noqa: S311 - chooses words
        stages, is_new = await play.stages()
        if is_new:
            count = await play.fill(stages)
            typer.echo(f"{len(people)} people, {len(stages)} conversations, {count} messages")
        typer.echo(f"log in at {url} as {DEMO!r} with the password {PASSWORD!r}")
        if not once:
            typer.echo("they talk on; stop with Ctrl-C")
            await play.talk(stages, PAUSE_S)


@asynccontextmanager
async def _cast(url: str) -> AsyncGenerator[tuple[Client, list[Client]]]:
    """Lend the demo account and the people, all online; those who may not come in now are left out.

    Raises:
        RateLimited: not even a few may.
    """
    async with AsyncExitStack() as stack:
        clients: list[Client] = []
        refused: RateLimited | None = None
        for name in (DEMO, *PEOPLE):
            try:
                clients.append(await stack.enter_async_context(await _person(url, name)))
            except RateLimited as error:
                refused = error
                break
        if len(clients) <= LEAST_PEOPLE:
            raise refused or RateLimited("nobody came")
        yield clients[0], clients[1:]


async def _person(url: str, name: str) -> Client:
    path = place(url, f"demo {name}")
    store = Store(path)
    if store.account() is not None:
        client = await Client.resume(store)
        try:
            await client.http.conversations()  # a store of another server that was here before does not count
        except Unauthenticated:
            await client.http.close()
            store.close()
            path.unlink()
            store = Store(path)
        else:
            return client
    try:
        return await Client.log_in(url, name, PASSWORD, store=store, device=DEVICE)
    except Unauthenticated:
        pass
    try:
        return await Client.sign_up(url, name, PASSWORD, store=store, device=DEVICE)
    except Conflict:
        raise Unauthenticated(f"somebody else has the name {name!r} here, with another password") from None
