"""The names of the standard emoji, which no emoji of a server's own may have."""

from functools import cache
from pathlib import Path
from typing import Final

NAMES: Final = Path(__file__).with_name("shortcodes.txt")
"""One a line. Source: gemoji 8.1.0, whose emoji the web client shows."""


@cache
def shortcodes() -> frozenset[str]:
    """Return them all; read once."""
    return frozenset(NAMES.read_text(encoding="utf-8").split())
