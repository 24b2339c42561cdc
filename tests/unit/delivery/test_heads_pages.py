"""Pages of heads for many: statements that are cut, a database that is away, and further pages a few at a time."""

import asyncio
from typing import Any

import pytest

from seriatim.core.errors import Unavailable
from seriatim.core.ids import UserId
from seriatim.delivery import heads_pages
from seriatim.delivery.heads_pages import PAGES_AT_ONCE, HeadsPages
from seriatim.log.heads import HeadsAnswer, HeadsAsk
from seriatim.storage.postgres.database import CUT

MOST = 8
ASKS = [HeadsAsk(UserId(number), None) for number in range(1, MOST + 1)]
NO_MORE = HeadsAnswer([], "t", more=False)


class Log:
    """Answers in the place of the database: a statement for more than `manages` is cut, those for `heavy` always."""

    def __init__(self, manages: int, *heavy: int) -> None:
        self.manages = manages
        self.heavy = heavy
        self.counts: list[int] = []
        self.away = False
        self.running = self.most_running = 0

    async def ask(self, asks: list[HeadsAsk]) -> list[HeadsAnswer]:
        self.counts.append(len(asks))
        if self.away:
            raise Unavailable("away")
        if len(asks) > self.manages or any(ask.user_id in self.heavy for ask in asks):
            raise Unavailable("it took too long", reason=CUT)
        return [NO_MORE._replace(token=str(ask.user_id)) for ask in asks]

    async def more(self, *_asked: Any) -> HeadsAnswer:
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await asyncio.sleep(0)
        self.running -= 1
        return NO_MORE


async def told(pages: HeadsPages) -> dict[int, str | None]:
    """Return the token that each user was answered with; None: he was refused."""
    found: dict[int, str | None] = {}
    async for part, answers in pages.first(ASKS):
        for place, ask in enumerate(ASKS[part]):
            assert ask.user_id not in found
            found[ask.user_id] = None if isinstance(answers, Unavailable) else answers[place].token
    assert list(found) == [ask.user_id for ask in ASKS], "everybody once, in his turn"
    return found


EVERYBODY = {number: str(number) for number in range(1, MOST + 1)}


async def test_a_statement_that_is_cut_is_tried_again_with_half_as_many() -> None:
    log = Log(3)
    assert await told(HeadsPages(log.ask, log.more, most=MOST)) == EVERYBODY
    assert log.counts[:3] == [8, 4, 2]


async def test_what_it_managed_is_remembered_until_it_is_quick_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads_pages, "QUICK_S", 0.0)
    log = Log(4)
    pages = HeadsPages(log.ask, log.more, most=MOST)
    await told(pages)
    await told(pages)
    assert log.counts == [8, 4, 4, 4, 4], "cut once"
    log.manages = MOST
    monkeypatch.setattr(heads_pages, "QUICK_S", 60.0)
    await told(pages)
    await told(pages)
    assert log.counts[5:] == [4, 4, 8], "and in full again"


async def test_one_who_is_too_much_alone_costs_the_others_nothing() -> None:
    log = Log(MOST, 3)
    assert await told(HeadsPages(log.ask, log.more, most=MOST)) == EVERYBODY | {3: None}


async def test_while_the_database_is_away_nothing_is_tried_twice() -> None:
    log = Log(MOST)
    log.away = True
    assert await told(HeadsPages(log.ask, log.more, most=MOST)) == dict.fromkeys(EVERYBODY)
    assert log.counts == [MOST]


async def test_after_8_s_the_rest_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads_pages, "FIRST_PAGES_WITHIN_S", -1.0)
    log = Log(0)
    assert await told(HeadsPages(log.ask, log.more, most=MOST)) == dict.fromkeys(EVERYBODY)
    assert log.counts == []


async def test_further_pages_are_read_a_few_at_a_time() -> None:
    log = Log(MOST)
    pages = HeadsPages(log.ask, log.more, most=MOST)
    await asyncio.gather(*(pages.next(UserId(1), None, NO_MORE) for _ in range(5 * PAGES_AT_ONCE)))
    assert log.most_running == PAGES_AT_ONCE
