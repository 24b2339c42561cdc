"""Greeting without sockets and without a database: who is refused how, and how many one statement serves."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from seriatim.core.clock import ManualClock
from seriatim.core.errors import TokenExpired, Unavailable
from seriatim.core.ids import DeviceId, SessionId, UserId
from seriatim.delivery.fanout import FanOut
from seriatim.delivery.heads_pages import HeadsPages
from seriatim.features.accounts.tokens import Claims
from seriatim.gateway import hello as greeting
from seriatim.gateway.hello import GREETINGS, Greeter
from seriatim.log.heads import HeadsAnswer, HeadsAsk
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.commands import ClientName, Hello, Resume
from seriatim.protocol.encoded import EncodedEvents, wires
from seriatim.protocol.limits import RATES
from seriatim.protocol.sender import Scope, Sender
from seriatim.protocol.session import Phase, Session

START = datetime(2026, 1, 1, tzinfo=UTC)
LIFE_S = 600


def nobody_is_told(*_: object) -> None:
    raise AssertionError("no events here")


class Told:
    """An outlet that keeps what it was told."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.code: int | None = None

    ready = None

    def live(self) -> None:
        self.is_live = True

    def push(self, framed: bytes, events: EncodedEvents | None = None) -> None:
        self.frames.append(msgspec.json.decode(framed))

    def close(self, code: int, reason: str) -> None:
        self.code = code


class Tokens:
    """The token of user n is `n`, on the device of the same number."""

    def verify(self, token: str) -> Claims:
        if token == "old":
            raise TokenExpired("too old")
        return Claims(UserId(int(token)), DeviceId(int(token)), START + timedelta(seconds=LIFE_S))


class World:
    """A greeter and what stands around it."""

    rates = RATES

    def __init__(self) -> None:
        self.asked: list[list[HeadsAsk]] = []
        self.away = False
        self.has_more: set[UserId] = set()
        """Whose heads take a second page."""
        self.may_go_on = asyncio.Event()
        """Second pages wait for it."""
        self.revoked: set[DeviceId] = set()
        self.clock = ManualClock(START)

        async def no_rosters(_ids: Any) -> Any:
            return {}

        self.fan_out = FanOut(no_rosters, nobody_is_told)
        self.greeter = Greeter(
            tokens=Tokens(),
            revoked=self.revoked.__contains__,
            bots=self.bots,
            fan_out=self.fan_out,
            pages=HeadsPages(self.ask, self.next_page, most=GREETINGS),
            epoch="e",
            clock=self.clock,
        )

    async def bots(self, tokens: Sequence[str]) -> dict[str, Sender]:
        if self.away:
            raise Unavailable("away")
        known = {
            "sb_reader": Sender(UserId(9), DeviceId(9), frozenset({Scope.READ})),
            "sb_writer": Sender(UserId(9), DeviceId(9), frozenset({Scope.SEND})),
        }
        return {token: known[token] for token in tokens if token in known}

    async def ask(self, asks: list[HeadsAsk]) -> list[HeadsAnswer]:
        self.asked.append(asks)
        if self.away:
            raise Unavailable("away")
        return [HeadsAnswer([], "t", more=ask.user_id in self.has_more) for ask in asks]

    async def next_page(self, _user_id: UserId, _token: str | None, before: HeadsAnswer) -> HeadsAnswer:
        await self.may_go_on.wait()
        if self.away:
            raise Unavailable("away")
        return before._replace(more=False)

    def hello(self, session: Session, hello: Hello) -> None:
        self.greeter.hello(session, hello)

    def live(self, _session: Session) -> None:
        """Take note, as the product does for presence."""

    def come(self, number: int, **changed: Any) -> "Comer":
        """Let somebody greet."""
        told = Told()
        wire = wires(bytes, bytes)[Subprotocol.JSON]
        gate: Any = self
        session = Session(SessionId(str(number)), gate, told, wire, now=0.0)
        said = {"type": "hello", "token": str(number), "device_id": number, "client": ClientName("t", "1")} | changed
        session.received(msgspec.json.encode(said), 0.0)
        return Comer(session, told)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            greeting = tasks.create_task(self.greeter.run())
            yield
            greeting.cancel()


class Comer(NamedTuple):
    """A session that has said hello."""

    session: Session
    told: Told


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


@pytest.fixture
def world() -> World:
    return World()


async def test_those_who_come_together_are_greeted_by_few_statements(world: World) -> None:
    comers = [world.come(number) for number in range(1, GREETINGS + 2)]
    async with world.running():
        await until(lambda: all(one.session.phase is Phase.LIVE for one in comers))
    assert [len(asks) for asks in world.asked] == [GREETINGS, 1]
    assert [one.told.frames[0]["user_id"] for one in comers] == list(range(1, GREETINGS + 2))
    assert {one.session.expires_at for one in comers} == {LIFE_S}


async def test_who_has_gone_before_his_turn_costs_nothing(world: World) -> None:
    gone, here = world.come(1), world.come(2)
    gone.session.close(1000, "changed his mind")
    async with world.running():
        await until(lambda: here.session.phase is Phase.LIVE)
    assert [ask.user_id for ask in world.asked[0]] == [2]
    assert gone.told.frames == []


async def test_a_resume_token_counts_only_in_its_own_epoch(world: World) -> None:
    world.come(1, resume=Resume("e", "5"))
    last = world.come(2, resume=Resume("another", "5"))
    async with world.running():
        await until(lambda: last.session.phase is Phase.LIVE)
    assert [ask.token for ask in world.asked[0]] == ["5", None]


async def test_while_the_database_is_away_everybody_is_told_when_to_come_again(world: World) -> None:
    world.away = True
    comer = world.come(1)
    async with world.running():
        await until(lambda: comer.told.code is not None)
    [error] = comer.told.frames
    assert (error["code"], error["fatal"], error["retry_after_ms"], comer.told.code) == (
        "unavailable",
        True,
        2_000,
        1012,
    )


async def test_who_has_more_pages_holds_up_nobody_who_greets_after_him(world: World) -> None:
    world.has_more.add(UserId(1))
    slow = world.come(1)
    async with world.running():
        await until(lambda: slow.session.phase is Phase.LIVE)
        quick = world.come(2)
        await until(lambda: quick.session.phase is Phase.LIVE)
        assert [frame["type"] for frame in slow.told.frames] == ["welcome"]
        world.may_go_on.set()
        await until(lambda: len(slow.told.frames) > 1)
    assert [(frame["type"], frame["more"]) for frame in slow.told.frames] == [("welcome", True), ("heads", False)]


async def test_a_further_page_that_cannot_be_read_closes_its_session_and_no_other(world: World) -> None:
    world.has_more.add(UserId(1))
    slow, quick = world.come(1), world.come(2)
    async with world.running():
        await until(lambda: quick.session.phase is Phase.LIVE)
        world.away = True
        world.may_go_on.set()
        await until(lambda: slow.told.code is not None)
        world.away = False
        later = world.come(3)
        await until(lambda: later.session.phase is Phase.LIVE)
    assert (slow.told.code, quick.told.code) == (4004, None)


async def test_beyond_the_queue_a_hello_is_refused_with_a_time_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greeting, "WAITING", 2)
    comers = [world.come(number) for number in (1, 2, 3)]
    assert [one.told.code for one in comers] == [None, None, 4005]
    assert (comers[2].told.frames[0]["code"], comers[2].told.frames[0]["retry_after_ms"]) == ("rate_limited", 5_000)
    assert world.fan_out.sessions_of(UserId(3)) == ()


@pytest.mark.parametrize(
    ("changed", "code", "close_code"),
    [
        ({"token": "old"}, "token_expired", 4401),
        ({"device_id": 8}, "unauthenticated", 4401),
        ({}, "unauthenticated", 4410),
    ],
    ids=["expired", "of another device", "revoked"],
)
async def test_a_bad_token_is_refused_at_once_and_its_session_is_not_registered(
    world: World, changed: dict[str, Any], code: str, close_code: int
) -> None:
    world.revoked.add(DeviceId(7))
    comer = world.come(7, **changed)
    assert (comer.told.frames[0]["code"], comer.told.code) == (code, close_code)
    assert world.fan_out.sessions_of(UserId(7)) == ()
