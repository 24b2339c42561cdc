"""A user's settings: what he is told of, when he is left alone, and what others learn of his reading."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

ClockTime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM")]
TimeZone = Annotated[str, Meta(min_length=1, max_length=64, description="of the IANA database, such as Europe/Paris")]


class Level(StrEnum):
    """What somebody wants to be told of. `default`: of a conversation, what the user's settings say; there, `all`."""

    DEFAULT = "default"
    ALL = "all"
    MENTIONS = "mentions"
    NOTHING = "nothing"


class QuietHours(msgspec.Struct, frozen=True, kw_only=True):
    """Every day from `start` to `end`, past midnight where `end` is earlier, by the clocks of `time_zone`."""

    on: bool
    start: ClockTime = "22:00"
    end: ClockTime = "07:00"
    time_zone: TimeZone = "UTC"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a user on all of his devices; who has set nothing has these."""

    level: Level = Level.DEFAULT
    """For conversations that say nothing else."""
    muted_until: datetime | None = None
    """Nothing is notified before; the past: everything is."""
    quiet_hours: QuietHours = QuietHours(on=False)
    """Nothing is notified then."""
    read_receipts: bool = True
    """Others see what he has read, and he sees what they have; false: neither."""


class ChangeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings named change; absent ones stay."""

    level: Level | None = None
    muted_until: Annotated[datetime, Meta(tz=True)] | None = None
    quiet_hours: QuietHours | None = None
    read_receipts: bool | None = None
