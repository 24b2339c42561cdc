"""Whom the rate of a conversation spares: looked up once a minute, many at a time, and not while nobody is over it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from seriatim.core.clock import ManualClock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, UserId
from seriatim.gateway import spared as module
from seriatim.gateway.spared import GOOD_FOR_S, LOOK_UP, Place, Spared

ADA: Place = (ConversationId(7), UserId(1))
BOB: Place = (ConversationId(7), UserId(2))


class World:
    """Roles in the place of the database."""

    def __init__(self) -> None:
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.admins = {ADA}
        self.asked: list[list[Place]] = []
        self.away = False
        self.spared = Spared(self.look_up, self.clock)

    async def look_up(self, places: list[Place]) -> set[Place]:
        self.asked.append(places)
        if self.away:
            self.away = False
            raise Unavailable("away")
        return self.admins & set(places)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.spared.run())
            yield
            running.cancel()

    async def look(self, *places: Place) -> None:
        """Ask for these, and wait until that is done."""
        before = len(self.asked)
        for place in places:
            self.spared.ask(place)
        while len(self.asked) == before:
            await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_admins_are_spared_once_they_were_looked_up_and_members_never() -> None:
    world = World()
    async with world.running():
        assert not world.spared.spares(ADA)
        await world.look(ADA, BOB, ADA)
    assert (world.spared.spares(ADA), world.spared.spares(BOB)) == (True, False)
    assert world.asked == [[ADA, BOB]]


async def test_a_role_is_asked_for_once_a_minute_and_who_lost_it_is_spared_no_longer() -> None:
    world = World()
    async with world.running():
        await world.look(ADA, BOB)
        world.admins.clear()
        world.spared.ask(ADA)
        world.spared.ask(BOB)
        await asyncio.sleep(0.01)
        assert len(world.asked) == 1
        world.clock.advance(GOOD_FOR_S)
        assert not world.spared.spares(ADA)
        await world.look(ADA)
    assert not world.spared.spares(ADA)


async def test_many_are_looked_up_by_few_statements() -> None:
    world = World()
    async with world.running():
        await world.look(*((ConversationId(7), UserId(number)) for number in range(1, LOOK_UP + 2)))
        while len(world.asked) < 2:
            await asyncio.sleep(0)
    assert [len(places) for places in world.asked] == [LOOK_UP, 1]


async def test_while_the_database_is_away_whoever_waits_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    world = World()
    world.away = True
    async with world.running():
        await world.look(ADA)
        while not world.spared.spares(ADA):
            await asyncio.sleep(0)
    assert world.asked == [[ADA], [ADA]]


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KNOWN", 2)
    world = World()
    for number in (1, 2, 3):
        world.spared.ask((ConversationId(7), UserId(number)))
    async with world.running():
        while not world.asked:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        await world.look((ConversationId(8), UserId(1)))
    assert world.asked == [[ADA, BOB], [(ConversationId(8), UserId(1))]]
    assert not world.spared.spares(ADA), "the oldest are forgotten"
