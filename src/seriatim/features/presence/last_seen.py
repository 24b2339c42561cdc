"""When people were last here: kept until it is written, many at a time."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

from seriatim.core.ids import UserId

WRITE = 1_000
"""Most people one statement writes."""


Write = Callable[[Mapping[UserId, datetime]], Awaitable[None]]
"""Stores when these people were last here, in one statement. Raises Unavailable."""


class LastSeenTimes:
    """Those that are not written yet; a person's newest one counts."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._times: dict[UserId, datetime] = {}

    def note(self, user_ids: Iterable[UserId], at: datetime) -> None:
        """Keep that these people were here at that time."""
        self._times |= dict.fromkeys(user_ids, at)

    def newer(self, user_id: UserId, stored: datetime | None) -> datetime | None:
        """Return what is not written yet, else what is stored."""
        return self._times.get(user_id, stored)

    async def write(self) -> None:
        """Write all of them, 1,000 a statement.

        Raises:
            Unavailable: those that are left are written next time.
        """
        while self._times:
            times = dict(list(self._times.items())[:WRITE])
            await self._write(times)
            for user_id, at in times.items():
                if self._times[user_id] == at:
                    del self._times[user_id]
