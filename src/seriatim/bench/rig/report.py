"""What a bench says: rows of product and yardstick with floor and goal, as one JSON object and as a table."""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

import msgspec

_LARGE = 1_000
"""From here on a figure is shown without a fraction."""


class CannotMeasure(Exception):
    """Something that a bench needs is not here: all its rows are unmeasured, for the reason in the message."""


@dataclass(frozen=True)
class Case:
    """One row to be measured, and what it is held to."""

    name: str
    unit: str
    floor: float | None = None
    goal: float | None = None
    judged: Literal["ratio", "value"] = "ratio"
    better: Literal["more", "less"] = "more"

    def meets(self, measured: float | None, bound: float | None) -> bool | None:
        """Say whether `measured` is at least as good as `bound`; None where one of them is missing."""
        if measured is None or bound is None:
            return None
        return measured >= bound if self.better == "more" else measured <= bound


@dataclass
class Samples:
    """The rounds of one case: the product's figure, and the yardstick's of the same round."""

    case: Case
    values: list[float] = field(default_factory=list[float])
    yardsticks: list[float] = field(default_factory=list[float])

    def add(self, value: float, yardstick: float | None = None) -> None:
        """Add one round."""
        self.values.append(value)
        if yardstick is not None:
            self.yardsticks.append(yardstick)

    def row(self) -> dict[str, Any]:
        """Return medians, with the least and the largest value, and what floor and goal say to them.

        The ratio is the median of the rounds' own ratios: what a noisy machine does to one half of a round, it most
        likely does to the other.
        """
        case = self.case
        ratios = [value / other for value, other in zip(self.values, self.yardsticks, strict=False) if other]
        ratio = median(ratios) if ratios else None
        judged = ratio if case.judged == "ratio" else median(self.values)
        return {
            "case": case.name,
            "value": _short(median(self.values)),
            "unit": case.unit,
            "yardstick": _short(median(self.yardsticks)) if self.yardsticks else None,
            "ratio": _short(ratio),
            "floor": case.floor,
            "floor_met": case.meets(judged, case.floor),
            "goal": case.goal,
            "goal_met": case.meets(judged, case.goal),
            "min": _short(min(self.values)),
            "max": _short(max(self.values)),
            "samples": len(self.values),
            "ratio_min": _short(min(ratios, default=None)),
            "ratio_max": _short(max(ratios, default=None)),
        }


def unmeasured(case: Case, why: str) -> dict[str, Any]:
    """Return the row of a case that cannot be measured here: never a figure from a slower tool."""
    empty = ("value", "yardstick", "ratio", "floor_met", "goal_met", "min", "max")
    row: dict[str, Any] = {"case": case.name, "unit": case.unit, "floor": case.floor, "goal": case.goal}
    return {**row, **dict.fromkeys(empty), "samples": 0, "unmeasured": why}


@dataclass(frozen=True)
class Report:
    """One run of one bench."""

    bench: str
    results: Sequence[dict[str, Any]]
    settings: dict[str, str]
    """What was raised above the server's defaults, as the variables that did it."""
    context: dict[str, Any]
    """Figures that explain the rows: batch sizes, the generator's own CPU."""

    def json(self) -> str:
        """Return the one line that ends every bench."""
        about = {"bench": self.bench, "commit": _commit(), "machine": _machine(), "results": list(self.results)}
        return msgspec.json.encode({**about, "settings": self.settings, "context": self.context}).decode()

    def table(self) -> str:
        """Return the rows for people."""
        head = ("case", "value", "min..max", "yardstick", "ratio", "ratio min..max", "floor", "goal")
        rows = [head, *(_cells(row) for row in self.results)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if "unmeasured" in row:
        return (row["case"], "unmeasured", row["unmeasured"], "", "", "", _text(row["floor"]), _text(row["goal"]))
    spread = f"{_text(row['min'])}..{_text(row['max'])}"
    ratios = "" if row["ratio"] is None else f"{_text(row['ratio_min'])}..{_text(row['ratio_max'])}"
    bounds = [
        "" if row[bound] is None else f"{_text(row[bound])} {'met' if row[f'{bound}_met'] else 'MISSED'}"
        for bound in ("floor", "goal")
    ]
    value = f"{_text(row['value'])} {row['unit']}"
    return (row["case"], value, spread, _text(row["yardstick"]), _text(row["ratio"]), ratios, *bounds)


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if abs(value) < _LARGE else f"{value:,.0f}"


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    done = subprocess.run(  # noqa: S603 - our own words
        [git, "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.is_file():
        lines = (line.partition(":") for line in cpu.read_text().splitlines())
        model = next((text.strip() for name, _, text in lines if name.startswith("model name")), model)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}, load {load}"
