"""`seriatim chaos`: load a server of its own while its processes are killed; the last line is one JSON object."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from seriatim.bench.chaos.plan import Plan
from seriatim.bench.chaos.processes import NotReady
from seriatim.bench.chaos.run import judge, run

SHOWN = 20

app = typer.Typer(add_completion=False)


@app.command()
def chaos(
    *,
    messages: Annotated[int, typer.Option(min=1, help="Messages that the clients send.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Repeats people, conversations and faults; not how processes meet.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Only the JSON object.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the history also of a run without a violation.")] = False,
    check: Annotated[Path | None, typer.Option(help="Judge the history in this folder again; nothing is run.")] = None,
) -> None:
    """Start a server and four client processes, send, and kill what can be killed; then check that nothing is missing.

    Ends with 1 when a promise was broken; the folder with the whole history is kept then and named.
    """
    if check is not None:
        verdict = judge(check)
        words = [f"{kind}: {what}" for kind, what in verdict.violations]
        report, failed = {"acked": verdict.acked, **verdict.counts}, bool(words)
    else:
        try:
            outcome = asyncio.run(run(Plan(messages=messages, seed=seed), keep=keep))
        except NotReady as error:
            typer.echo(f"seriatim: {error}", err=True)
            raise typer.Exit(1) from error
        words, report, failed = outcome.violations, outcome.report, not outcome.is_clean
        if failed or keep:
            typer.echo(f"the history is in {outcome.folder}", err=True)
    for line in words[:SHOWN]:
        typer.echo(line, err=True)
    if not json:
        for name, value in report.items():
            typer.echo(f"{name:>20}  {value}")
    typer.echo(msgspec.json.encode(report).decode())
    if failed:
        raise typer.Exit(1)
