"""An export of one's own data."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

EXPORT_LINES: Final = 200_000
"""Most lines of an export over HTTP: entries, and what is kept of its user alone."""
EXPORT_BYTES: Final = 50 * 1024 * 1024
"""Largest archive."""


class ExportState(StrEnum):
    """How far it is."""

    NONE = "none"
    """None was asked for lately, or it is kept no more."""
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ExportFailure(StrEnum):
    """Why there is none."""

    ASK_OPERATOR = "ask_operator"
    """More than 200,000 lines or 50 MiB: an operator makes it, with `seriatim export user`."""
    INTERRUPTED = "interrupted"
    """The server stopped or lost its database meanwhile; it may be asked for again at once."""


class Export(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The caller's export: a zip of JSON lines and of a page to read, kept for a day.

    `path` is a link that needs no session, good until `path_until`: asking again tells another. `bytes` is the size of
    the zip.
    """

    state: ExportState
    asked_at: datetime | None = None
    reason: ExportFailure | None = None
    bytes: int | None = None
    path: str | None = None
    path_until: datetime | None = None
