"""What the verbs of this folder work with: built once in app/, handed to each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from seriatim.core.clock import Clock
from seriatim.core.ids import UserId
from seriatim.storage.postgres.database import Database


@dataclass(frozen=True, kw_only=True)
class Devices:
    """The parts; `devices_changed` is called on the loop after a COMMIT that renamed or ended a device of that user."""

    database: Database
    clock: Clock
    refresh_life: timedelta = timedelta(days=60)
    """A device not seen for this long can no longer refresh its access (AccountSettings.refresh_life)."""
    devices_changed: Callable[[UserId], None] = lambda _user_id: None
