"""Heads of many sessions: first pages many a statement, as many as it manages in time; further pages few at a time."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from seriatim.core.errors import Unavailable
from seriatim.core.ids import UserId
from seriatim.log.heads import HeadsAnswer, HeadsAsk
from seriatim.storage.postgres.database import CUT

QUICK_S = 0.5
"""A statement that takes less lets the next one serve twice as many: it stays below the 2 s of a read."""
FIRST_PAGES_WITHIN_S = 8.0
"""What has no first page by then gets none: clients wait 10 s for theirs."""
PAGES_AT_ONCE = 2
"""Further pages read at the same time, of the 8 connections that read."""

Ask = Callable[[list[HeadsAsk]], Awaitable[list[HeadsAnswer]]]
"""Reads the heads of many users in one statement."""
MorePages = Callable[[UserId, str | None, HeadsAnswer], Awaitable[HeadsAnswer]]
"""Reads the page of heads after this one."""


class HeadsPages:
    """Reads pages of heads, so that accounts with thousands of conversations hold up nobody else.

    Bounds: `most` sessions a statement; 2 further pages at once.
    """

    def __init__(self, ask: Ask, more_pages: MorePages, *, most: int) -> None:
        self._ask = ask
        self._more_pages = more_pages
        self._most = most
        self._size = most
        self._slots = asyncio.Semaphore(PAGES_AT_ONCE)

    async def first(self, asks: Sequence[HeadsAsk]) -> AsyncGenerator[tuple[slice, list[HeadsAnswer] | Unavailable]]:
        """Yield the first pages of these asks part by part, in their order, or why a part has none.

        A statement that is cut for taking too long is tried again with half as many, down to one; what it managed is
        remembered. When the database is away nothing is tried twice: it would cost 2 s each time.
        """
        start, end_at = 0, time.monotonic() + FIRST_PAGES_WITHIN_S
        while start < len(asks):
            began_at = time.monotonic()
            if began_at >= end_at:
                yield slice(start, len(asks)), Unavailable("too many heads to read in time", reason=CUT)
                return
            part = slice(start, min(start + self._size, len(asks)))
            found = await self._try(list(asks[part]))
            if not isinstance(found, Unavailable):
                if time.monotonic() - began_at < QUICK_S:
                    self._size = min(2 * self._size, self._most)
            elif found.reason != CUT:
                part = slice(start, len(asks))
            elif part.stop - start > 1:
                self._size = (part.stop - start) // 2
                continue
            yield part, found
            start = part.stop

    async def _try(self, asks: list[HeadsAsk]) -> list[HeadsAnswer] | Unavailable:
        try:
            return await self._ask(asks)
        except Unavailable as error:
            return error

    async def next(self, user_id: UserId, token: str | None, answer: HeadsAnswer) -> HeadsAnswer:
        """Return the page after this one, as soon as it is its turn.

        Raises:
            Unavailable.
        """
        async with self._slots:
            return await self._more_pages(user_id, token, answer)
