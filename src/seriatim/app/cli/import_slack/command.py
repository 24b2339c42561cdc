"""`seriatim import`: takes over what people said elsewhere."""

import asyncio
import secrets
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from seriatim.app.cli.import_slack import store
from seriatim.app.cli.import_slack.archive import Archive, BadExport
from seriatim.app.cli.import_slack.load import Import, names_taken
from seriatim.app.cli.import_slack.talk import Outcome
from seriatim.app.cli.reach import reached
from seriatim.app.settings import Settings, load
from seriatim.core.clock import SystemClock
from seriatim.core.errors import ChatError
from seriatim.core.names import name_key
from seriatim.features.accounts.keys import CONVERSATION_IDS, derived, server_secret
from seriatim.features.accounts.passwords import Passwords
from seriatim.log.append import Appender
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.migrate import migrate

app = typer.Typer(help="Take over what people said elsewhere.", no_args_is_help=True, add_completion=False)


@app.callback()
def root() -> None:
    """Make it a group: `seriatim import slack`."""


@app.command()
def slack(
    file: Annotated[Path, typer.Argument(help="The zip that Slack's export gave.")],
    *,
    dry_run: Annotated[bool, typer.Option(help="Check the export and say what would come; change nothing.")] = False,
    data: Annotated[Path | None, typer.Option(help="The server's data folder.")] = None,
) -> None:
    """Import an export of Slack; the server may be running. A second run adds nothing but what is new."""
    try:
        archive = Archive(file)
        archive.check()
    except BadExport as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        typer.echo(f"seriatim: {error}", err=True)
        raise typer.Exit(1) from error
    settings = load(data=data)
    try:
        with reached(settings) as database:
            migrate(database.dsn)
            if dry_run:
                typer.echo(asyncio.run(_told(archive, database.dsn)))
                return
            outcome = asyncio.run(_imported(archive, settings, database.dsn))
    except ChatError as error:
        typer.echo(f"seriatim: {error.message}; what was imported so far is kept: run it again to go on", err=True)
        raise typer.Exit(1) from error
    finally:
        archive.close()
    for name, count in msgspec.structs.asdict(outcome).items():
        typer.echo(f"{name}: {count}")


async def _told(archive: Archive, dsn: str) -> str:
    """Say what an import would bring, and who would be taken for somebody who has an account.

    Messages that were deleted, or that say nothing, are counted and do not come.
    """
    database = Database(dsn, writing=1, reading=1)
    await database.open()
    try:
        names = {name_key(person.name): person.name for person in archive.people.values()}
        async with database.read() as connection:
            known = await store.known_names(connection, list(names))
        clash = await names_taken(archive, database)
    finally:
        await database.close()
    found = f"people: {len(names)}, conversations: {len(archive.places)}, messages: {archive.messages_count} at most"
    taken = ", ".join(sorted(names[key] for key in known)) or "nobody"
    lines = [found, f"Taken for people who have an account of this name: {taken}"]
    if clash:
        lines.append(f"Nothing comes before somebody else has another name than: {clash}")
    return "\n".join((*lines, "Nothing was changed."))


async def _imported(archive: Archive, settings: Settings, dsn: str) -> Outcome:
    database = Database(dsn, writing=1, reading=1)
    appender = Appender(dsn, lambda _stored: None)
    await database.open()
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(appender.run())
            try:
                await appender.connected()
                secret = derived(server_secret(settings.data, settings.secret), CONVERSATION_IDS)
                return await Import(
                    archive,
                    database,
                    appender,
                    secret=secret,
                    # That of a password that nobody knows, for all of them: they come in by `seriatim user reset-link`.
                    password_hash=await Passwords().hash(secrets.token_urlsafe()),
                    clock=SystemClock(),
                ).run(lambda line: typer.echo(line, err=True))
            finally:
                running.cancel()
    finally:
        await database.close()
