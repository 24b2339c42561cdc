"""The heads check without a database: pings that count as one, pages, and a database that is away."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery import repair
from seriatim.delivery.heads_pages import HeadsPages
from seriatim.delivery.repair import SESSIONS, HeadsCheck
from seriatim.log.heads import HeadsAnswer, HeadsAsk, Place
from seriatim.protocol.answers import HeadRow, Heads, Pong
from seriatim.protocol.session import Phase

WITHIN_S = 5.0
MORE = Place(datetime(2026, 1, 1, tzinfo=UTC), ConversationId(1))


def row(number: int) -> HeadRow:
    return HeadRow(ConversationId(number), 1, 0, 0, 0, 0, 0)


class Asker:
    """A session that pings; `answered` is set by its pong."""

    def __init__(self, number: int = 1) -> None:
        self.user_id = UserId(number)
        self.resume_token: str | None = "old"
        self.phase = Phase.LIVE
        self.told: list[Any] = []
        self.answered = asyncio.Event()

    def answer(self, frame: Any) -> None:
        self.told.append(frame)
        if isinstance(frame, Pong):
            self.answered.set()


class Log:
    """Answers in the place of the database: the first user page by page, all others with nothing."""

    def __init__(self, *pages: list[HeadRow] | None) -> None:
        self.pages = list(pages)
        self.asked: list[list[HeadsAsk]] = []
        self.may_go_on = asyncio.Event()
        """Further pages wait for it."""
        self.may_go_on.set()

    def _page(self) -> HeadsAnswer:
        rows = self.pages.pop(0) if self.pages else []
        if rows is None:
            raise Unavailable("away")
        return HeadsAnswer(rows, "new", bool(self.pages), MORE if self.pages else None)

    async def ask(self, asks: list[HeadsAsk]) -> list[HeadsAnswer]:
        self.asked.append(asks)
        return [self._page() if ask.user_id == 1 else HeadsAnswer([], "new", more=False) for ask in asks]

    async def more(self, _user_id: UserId, token: str | None, _before: HeadsAnswer) -> HeadsAnswer:
        assert token == "old", "pages go on from the token that the first one was asked with"
        await self.may_go_on.wait()
        return self._page()


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0)


@asynccontextmanager
async def checking(log: Log, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[HeadsCheck]:
    monkeypatch.setattr(repair, "EVERY_S", 0.01)
    check = HeadsCheck(HeadsPages(log.ask, log.more, most=SESSIONS))
    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(check.run())
        yield check
        running.cancel()


@pytest.mark.promise("D2")
async def test_several_pings_before_a_check_are_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    log, asker = Log([row(1)]), Asker()
    async with checking(log, monkeypatch) as check:
        check.due(asker)
        check.due(asker)
        await asker.answered.wait()
    assert log.asked == [[HeadsAsk(UserId(1), "old")]]
    assert asker.told == [Pong(heads=[row(1)], resume_token="new")]
    assert asker.resume_token == "new"


async def test_many_sessions_are_asked_for_in_one_statement_and_more_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    log, askers = Log(), [Asker(number) for number in range(SESSIONS + 1)]
    async with checking(log, monkeypatch) as check:
        for asker in askers:
            check.due(asker)
        for asker in askers:
            await asker.answered.wait()
    assert [len(asks) for asks in log.asked] == [SESSIONS, 1]


async def test_the_new_token_comes_after_the_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    log, asker = Log([row(1)], [row(2)], [row(3)]), Asker()
    async with checking(log, monkeypatch) as check:
        check.due(asker)
        await asker.answered.wait()
    assert asker.told == [
        Heads(rows=[row(1)], more=True),
        Heads(rows=[row(2)], more=True),
        Pong(heads=[row(3)], resume_token="new"),
    ]


@pytest.mark.parametrize("pages", [[None], [[row(1)], None, []]], ids=["at once", "between pages"])
async def test_while_the_database_is_away_the_old_token_stays(
    monkeypatch: pytest.MonkeyPatch, pages: list[list[HeadRow] | None]
) -> None:
    log, asker = Log(*pages), Asker()
    async with checking(log, monkeypatch) as check:
        check.due(asker)
        await asker.answered.wait()
    assert asker.told[-1] == Pong(heads=[], resume_token="old")
    assert asker.resume_token == "old", "what was not told is asked for again"


async def test_who_has_more_pages_holds_up_no_pong_but_his_own(monkeypatch: pytest.MonkeyPatch) -> None:
    log, slow, quick = Log([row(1)], [row(2)], [row(3)]), Asker(1), Asker(2)
    log.may_go_on.clear()
    async with checking(log, monkeypatch) as check:
        check.due(slow)
        await until(lambda: slow.told)
        check.due(slow)  # its pong is under way
        check.due(quick)
        await quick.answered.wait()
        assert [type(frame) for frame in slow.told] == [Heads]
        log.may_go_on.set()
        await slow.answered.wait()
    assert [len(asks) for asks in log.asked] == [1, 1]


async def test_whoever_is_gone_is_told_no_further_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    log, asker = Log([row(1)], [row(2)], [row(3)]), Asker()
    log.may_go_on.clear()
    async with checking(log, monkeypatch) as check:
        check.due(asker)
        await until(lambda: asker.told)
        asker.phase = Phase.CLOSED
        log.may_go_on.set()
        await until(lambda: len(log.pages) == 1)
        await asyncio.sleep(0)
    assert asker.told == [Heads(rows=[row(1)], more=True)]
    assert log.pages == [[row(3)]]
