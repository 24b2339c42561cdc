"""`seriatim trace`: the hops of one message, from its first byte to the last write, with times and costs."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from seriatim.app.cli.device import place, signed_in
from seriatim.client import Client, Store
from seriatim.core.errors import ChatError, NotFound
from seriatim.core.ids import ConversationId, uuid7
from seriatim.protocol.answers import TracedHop
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.resources import MessageTrace

SEND_WITHIN_S = 15.0
WRITTEN_WITHIN_TRIES, TRY_EVERY_S = 20, 0.05

app = typer.Typer(add_completion=False)


@app.command()
def run(
    url: Annotated[str, typer.Argument(help="The server, such as http://localhost:8000.")],
    conversation: Annotated[int, typer.Argument(help="The conversation's id.")],
    seq: Annotated[int | None, typer.Argument(help="The message; it was sent with a trace, lately.")] = None,
    *,
    send: Annotated[str | None, typer.Option(help="Send this as a traced message and show its own hops.")] = None,
    name: Annotated[str, typer.Option(help="Your user name.")],
    password: Annotated[str | None, typer.Option(envvar="SERIATIM_PASSWORD", help="Absent: it is asked for.")] = None,
    store: Annotated[Path | None, typer.Option(help="File of this device; absent: that of `seriatim chat`.")] = None,
) -> None:
    """Show where a message spent its time: each hop, when it was passed, and what it cost up to there."""
    if (seq is None) == (send is None):
        raise typer.BadParameter("name either the SEQ of a message or a text to --send")
    here = ConversationId(conversation)
    try:
        trace = asyncio.run(_trace(url, name, password, store or place(url, name), here, seq, send))
    except ChatError as error:
        typer.echo(f"seriatim: {error.message}", err=True)
        raise typer.Exit(1) from error
    except TimeoutError as error:
        typer.echo(f"seriatim: no answer within {SEND_WITHIN_S:.0f} s; the message stays in the outbox", err=True)
        raise typer.Exit(1) from error
    Console().print(table(trace))


async def _trace(  # noqa: PLR0917 - the command line's own words, handed on once
    url: str, name: str, password: str | None, path: Path, here: ConversationId, seq: int | None, send: str | None
) -> MessageTrace:
    client = await signed_in(url, name, password, Store(path), sign_up=False)
    async with client:
        if seq is not None:
            return await client.http.trace(here, seq)
        async with asyncio.timeout(SEND_WITHIN_S):
            return await _sent(client, here, send or "")


async def _sent(client: Client, here: ConversationId, body: str) -> MessageTrace:
    """Send and return the whole trace: the ack comes before the last writes of its own tick."""
    key = uuid7()
    acked = await client.submit(SendMessage(id=0, client_id=key, conversation_id=here, body=body, trace=True))
    for _ in range(WRITTEN_WITHIN_TRIES):
        try:
            return await client.http.trace(here, acked.seq)
        except NotFound:
            await asyncio.sleep(TRY_EVERY_S)
    return MessageTrace(conversation_id=here, seq=acked.seq, client_id=key, hops=acked.trace or [])


def table(trace: MessageTrace) -> Table:
    """Return the hops as a table, with their total as its last line."""
    made = Table(title=f"message {trace.seq} of conversation {trace.conversation_id}")
    made.add_column("hop")
    for name in ("at µs", "+µs", "network", "statements", "rows", "commits"):
        made.add_column(name, justify="right")
    before = 0
    for hop in trace.hops:
        made.add_row(hop.hop, str(hop.at_us), f"+{hop.at_us - before}", *_costs([hop]))
        before = hop.at_us
    made.add_section()
    made.add_row("total", str(before), "", *_costs(trace.hops))
    return made


def _costs(hops: list[TracedHop]) -> list[str]:
    sums = [sum(getattr(hop, what) for hop in hops) for what in ("network", "statements", "rows", "commits")]
    return [str(value) if value else "" for value in sums]
