"""The heads check: what moved in a user's conversations since his session last asked, many sessions a statement.

A lost last hint has no successor, so no gap ever shows it. Each heartbeat therefore tells the device every head that
moved since its token; it fetches what it lacks (promise D2). One statement a second serves all sessions that are due.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from seriatim.core.errors import Unavailable
from seriatim.core.ids import UserId
from seriatim.log.heads import HeadsAnswer, HeadsAsk
from seriatim.protocol.answers import Heads, Pong

log = structlog.get_logger()

EVERY_S = 1.0
SESSIONS = 500
"""Most sessions one statement serves."""


class Checked(Protocol):
    """A live session, as the heads check sees it."""

    resume_token: str | None

    @property
    def user_id(self) -> UserId:
        """Whose session it is."""
        ...

    def answer(self, frame: Any) -> None:
        """Send one frame."""
        ...


Ask = Callable[[list[HeadsAsk]], Awaitable[list[HeadsAnswer]]]
"""Reads the heads of many users in one statement."""
MorePages = Callable[[UserId, str | None, HeadsAnswer], Awaitable[HeadsAnswer]]
"""Reads the page of heads after this one."""


class HeadsCheck:
    """Answers pings with the heads that moved; a ping waits at most a second for its turn (10 s are allowed)."""

    def __init__(self, ask: Ask, more_pages: MorePages) -> None:
        self._ask = ask
        self._more_pages = more_pages
        self._due: dict[Checked, None] = {}

    def due(self, session: Checked) -> None:
        """Let a session take part in the next check; several pings before it count as one."""
        self._due[session] = None

    async def run(self) -> None:
        """Check once a second until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            while self._due:
                await self._check()

    async def _check(self) -> None:
        sessions = list(self._due)[:SESSIONS]
        for session in sessions:
            del self._due[session]
        try:
            answers = await self._ask([HeadsAsk(session.user_id, session.resume_token) for session in sessions])
        except Unavailable as error:
            # The sockets stay open while the database is away: an empty answer with the old token asks again later.
            log.warning("heads_check_failed", reason=error.message, sessions=len(sessions))
            for session in sessions:
                session.answer(Pong(heads=[], resume_token=session.resume_token or ""))
            return
        for session, answer in zip(sessions, answers, strict=True):
            await self._answer(session, answer)

    async def _answer(self, session: Checked, first: HeadsAnswer) -> None:
        """Tell a session its rows; the pong with the new token comes last, for it vouches for all that came before."""
        answer = first
        while answer.more:
            session.answer(Heads(rows=answer.rows, more=True))
            try:
                answer = await self._more_pages(session.user_id, session.resume_token, answer)
            except Unavailable as error:
                log.warning("heads_page_failed", reason=error.message)
                session.answer(Pong(heads=[], resume_token=session.resume_token or ""))
                return
        session.resume_token = first.token
        session.answer(Pong(heads=answer.rows, resume_token=first.token))
