"""`seriatim seed`: fills the database with people who hold tokens, conversations and history, for trials."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from seriatim.app.cli.reach import reached
from seriatim.app.seed import Plan, Seeded, seed
from seriatim.app.settings import Settings, load
from seriatim.core.clock import SystemClock
from seriatim.features.accounts.keys import ACCESS_TOKENS, server_keys, server_secret
from seriatim.features.accounts.tokens import Tokens
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.migrate import migrate

app = typer.Typer(add_completion=False)


@app.command()
def run(
    people: Annotated[int, typer.Option(min=2, help="People, each with one device and an access token.")],
    *,
    pairs: Annotated[int, typer.Option(min=0, help="Direct conversations: people 1+2, 3+4 ...")] = 0,
    group: Annotated[list[int] | None, typer.Option(help="A group of this size; may be given several times.")] = None,
    conversations_of_first: Annotated[int, typer.Option(min=0, help="Further conversations of person 1.")] = 0,
    entries: Annotated[int, typer.Option(min=0, help="Messages in the last conversation made.")] = 0,
    prefix: Annotated[str, typer.Option(help="Names are <prefix>-<number>.")] = "person",
    data: Annotated[Path | None, typer.Option(help="The server's data folder.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for what was made, as JSON; absent: standard output.")] = None,
) -> None:
    """Write past every limit, straight into the database; the server may be running.

    Tokens are good for `token_life_s` (SERIATIM_TOKEN_LIFE_S); nobody made here has a password.
    """
    plan = Plan(people, pairs, tuple(group or ()), conversations_of_first, entries, prefix)
    settings = load(data=data)
    with reached(settings) as database:
        migrate(database.dsn)
        text = msgspec.json.encode(asyncio.run(_seed(plan, settings, database.dsn)))
    if out is None:
        typer.echo(text.decode())
    else:
        out.write_bytes(text)


async def _seed(plan: Plan, settings: Settings, dsn: str) -> Seeded:
    database, clock = Database(dsn), SystemClock()
    await database.open()
    try:
        secret = server_secret(settings.data, settings.secret)
        tokens = Tokens(await server_keys(database, secret, ACCESS_TOKENS, clock), clock, life_s=settings.token_life_s)
        return await seed(plan, database, tokens, clock)
    finally:
        await database.close()
