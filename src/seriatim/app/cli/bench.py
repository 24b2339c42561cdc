"""`seriatim bench NAME`: measures the product beside its yardstick; the last line is one JSON object."""

import importlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from seriatim.bench.rig.report import CannotMeasure, Case, Report, unmeasured

app = typer.Typer(add_completion=False)


class Bench(StrEnum):
    """What can be measured; each is a module of seriatim.bench."""

    SEND = "send"
    FANOUT = "fanout"
    IDLE = "idle"
    RESUME = "resume"
    HISTORY = "history"
    PRESENCE = "presence"
    SCALE = "scale"
    XMPP = "xmpp"


@app.command()
def run(
    name: Annotated[Bench, typer.Argument(help="What to measure.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Only the JSON object.")] = False,
    small: Annotated[
        bool, typer.Option("--small", help="A few seconds: shows that it works, measures nothing.")
    ] = False,
) -> None:
    """Start a server of its own, load it, and compare with the limit of what this machine can do.

    Ratios are worth something on a busy machine, absolute figures are not. Without a C compiler, or without
    the other server that a bench compares with, nothing is measured, and each row says why.
    """
    module: Any = importlib.import_module(f"seriatim.bench.{name}")
    try:
        report: Report = module.run(module.SMALL if small else module.Size())
    except CannotMeasure as error:
        cases: Sequence[Case] = module.CASES
        report = Report(name, [unmeasured(case, str(error)) for case in cases], {}, {})
    if not json:
        typer.echo(report.table() + "\n")
    typer.echo(report.json())
