"""The heads check: what moved in a user's conversations since his session last asked, many sessions a statement.

A lost last hint has no successor, so no gap ever shows it. Each heartbeat therefore tells the device every head that
moved since its token; it fetches what it lacks (promise D2). One statement a second serves all sessions that are due.
"""

import asyncio
import time
from typing import Any, Protocol

import structlog

from seriatim.core.errors import Unavailable
from seriatim.core.histogram import SECONDS, Histogram
from seriatim.core.ids import UserId
from seriatim.delivery.heads_pages import HeadsPages
from seriatim.log.heads import HeadsAnswer, HeadsAsk
from seriatim.protocol.answers import Heads, Pong
from seriatim.protocol.session import Phase

log = structlog.get_logger()

EVERY_S = 1.0
SESSIONS = 500
"""Most sessions one statement serves."""


class Checked(Protocol):
    """A live session, as the heads check sees it."""

    resume_token: str | None
    phase: Phase

    @property
    def user_id(self) -> UserId:
        """Whose session it is."""
        ...

    def answer(self, frame: Any) -> None:
        """Send one frame."""
        ...


class HeadsCheck:
    """Answers pings with the heads that moved; a ping waits at most a second for its turn (10 s are allowed).

    Bounds: one statement at a time for first pages; each session is told further pages by one task at most.
    """

    def __init__(self, pages: HeadsPages) -> None:
        self._pages = pages
        self._due: dict[Checked, None] = {}
        self._paging: set[Checked] = set()
        self.durations_s = Histogram(SECONDS)
        """Seconds of each check of up to 500 sessions."""

    def due(self, session: Checked) -> None:
        """Let a session take part in the next check; several pings before its pong count as one."""
        if session not in self._paging:
            self._due[session] = None

    async def run(self) -> None:
        """Check once a second, and own the tasks that tell further pages, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(EVERY_S)
                while self._due:
                    began_at = time.monotonic()
                    await self._check(tasks)
                    self.durations_s.observe(time.monotonic() - began_at)

    async def _check(self, tasks: asyncio.TaskGroup) -> None:
        sessions = list(self._due)[:SESSIONS]
        for session in sessions:
            del self._due[session]
        asks = [HeadsAsk(session.user_id, session.resume_token) for session in sessions]
        async for part, answers in self._pages.first(asks):
            if isinstance(answers, Unavailable):
                # The sockets stay open while the database is away.
                log.warning("heads_check_failed", reason=answers.message, sessions=part.stop - part.start)
                for session in sessions[part]:
                    _answer_later(session)
                continue
            for session, answer in zip(sessions[part], answers, strict=True):
                if answer.more:
                    self._paging.add(session)
                    tasks.create_task(self._tell(session, answer))
                else:
                    _answer(session, answer, answer)

    async def _tell(self, session: Checked, first: HeadsAnswer) -> None:
        """Tell a session its rows; the pong with the new token comes last, for it vouches for all that came before."""
        answer = first
        try:
            while answer.more:
                if session.phase is Phase.CLOSED:
                    return
                session.answer(Heads(rows=answer.rows, more=True))
                answer = await self._pages.next(session.user_id, session.resume_token, answer)
        except Unavailable as error:
            log.warning("heads_page_failed", reason=error.message)
            _answer_later(session)
        else:
            _answer(session, answer, first)
        finally:
            self._paging.discard(session)


def _answer(session: Checked, last: HeadsAnswer, first: HeadsAnswer) -> None:
    session.resume_token = first.token
    session.answer(Pong(heads=last.rows, resume_token=first.token, own=list(first.own)))


def _answer_later(session: Checked) -> None:
    """Answer the ping, and let the next one ask again from the old token."""
    session.answer(Pong(heads=[], resume_token=session.resume_token or ""))
