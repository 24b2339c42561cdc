"""The standard emoji by name: what imports put for names, and no emoji of a server's own is called."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

NAMES: Final = Path(__file__).with_name("shortcodes.txt")
"""A name and its emoji a line. Source: gemoji 8.1.0, whose emoji the page shows; Slack's names but a few."""


@cache
def shortcodes() -> Mapping[str, str]:
    """Return the emoji of each name; read once."""
    return dict(line.split(" ", 1) for line in NAMES.read_text(encoding="utf-8").splitlines())
