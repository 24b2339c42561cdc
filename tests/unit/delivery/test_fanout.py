"""Fan-out: who gets what, in which order, while a roster is being looked up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery import fanout
from seriatim.delivery.broker.port import Hint
from seriatim.delivery.fanout import FanOut
from seriatim.delivery.rosters import RosterCache
from seriatim.log.audience import Audience
from seriatim.protocol.encoded import EncodedEvents
from seriatim.protocol.entries import MemberLeft, MessageSent

ADA, BOB, CYD = UserId(1), UserId(2), UserId(3)
HERE = ConversationId(7)


class Session:
    def __init__(self, device_id: int = 1) -> None:
        self.device_id = DeviceId(device_id)
        self.seqs: list[int] = []
        self.bursts = 0
        self.frames: list[Any] = []

    def deliver(self, events: EncodedEvents) -> None:
        self.bursts += 1
        self.seqs.extend(entry.seq for entry in events.entries)

    def answer(self, frame: Any) -> None:
        self.frames.append(frame)


class Rosters:
    """A look-up that waits until it is let go."""

    def __init__(self) -> None:
        self.roster = Audience(1, {ADA: 1, BOB: 1})
        self.go = asyncio.Event()
        self.asked: list[list[ConversationId]] = []
        self.failures = 0

    async def look_up(self, ids: list[ConversationId]) -> dict[ConversationId, Audience]:
        self.asked.append(ids)
        roster = self.roster
        await self.go.wait()
        if self.failures:
            self.failures -= 1
            raise Unavailable("away")
        return {HERE: roster}


def hint(seq: int, version: int = 1) -> Hint:
    entry = MessageSent(
        conversation_id=HERE,
        seq=seq,
        sender_id=ADA,
        device_id=DeviceId(1),
        client_id=UUID(int=seq),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ordinal=seq,
        body="x",
    )
    return Hint("e", entry, version)


@asynccontextmanager
async def running(fan_out: FanOut) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(fan_out.run())
        yield
        task.cancel()


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_events_that_arrive_during_the_look_up_keep_their_order() -> None:
    rosters = Rosters()
    fan_out, bob = FanOut(rosters.look_up), Session()
    fan_out.register(BOB, bob)
    async with running(fan_out):
        fan_out.received([hint(1)])
        await until(lambda: rosters.asked)
        fan_out.received([hint(2), hint(3)])
        assert bob.seqs == []
        rosters.go.set()
        await until(lambda: bob.seqs)
        fan_out.received([hint(4)])
    assert bob.seqs == [1, 2, 3, 4]
    assert len(rosters.asked) == 1, "one look-up serves all"


async def test_outsiders_get_nothing_and_every_session_of_a_member_gets_it() -> None:
    rosters = Rosters()
    rosters.go.set()
    fan_out, phone, laptop, cyd = FanOut(rosters.look_up), Session(1), Session(2), Session(3)
    fan_out.register(BOB, phone)
    fan_out.register(BOB, laptop)
    fan_out.register(CYD, cyd)
    async with running(fan_out):
        fan_out.received([hint(1)])
        await until(lambda: phone.seqs)
    assert (phone.seqs, laptop.seqs, cyd.seqs) == ([1], [1], [])
    fan_out.unregister(BOB, phone)
    fan_out.received([hint(2)])
    assert (phone.seqs, laptop.seqs) == ([1], [1, 2])


@pytest.mark.promise("I1")
async def test_an_event_older_than_the_roster_is_kept_from_those_who_came_later() -> None:
    rosters = Rosters()
    rosters.roster = Audience(5, {ADA: 1, BOB: 8})
    rosters.go.set()
    fan_out, ada, bob = FanOut(rosters.look_up), Session(1), Session(2)
    fan_out.register(ADA, ada)
    fan_out.register(BOB, bob)
    async with running(fan_out):
        fan_out.received([hint(3, version=2)])
        await until(lambda: ada.seqs)
    assert (ada.seqs, bob.seqs) == ([3], [])


@pytest.mark.promise("I1")
async def test_an_event_newer_than_the_roster_read_waits_for_the_next_one() -> None:
    rosters = Rosters()
    fan_out, ada, bob = FanOut(rosters.look_up), Session(1), Session(2)
    fan_out.register(ADA, ada)
    fan_out.register(BOB, bob)
    async with running(fan_out):
        fan_out.received([hint(1)])
        await until(lambda: rosters.asked)
        fan_out.received([hint(3, version=2), hint(4, version=2)])  # Bob's leaving, seq 2, is told later
        rosters.roster = Audience(2, {ADA: 1})
        rosters.go.set()
        await until(lambda: len(ada.seqs) == 3)
    assert (ada.seqs, bob.seqs) == ([1, 3, 4], [1])


async def test_a_failed_look_up_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "RETRY_S", 0.0)
    rosters = Rosters()
    rosters.failures = 2
    rosters.go.set()
    fan_out, bob = FanOut(rosters.look_up), Session()
    fan_out.register(BOB, bob)
    async with running(fan_out):
        fan_out.received([hint(1)])
        await until(lambda: bob.seqs)
    assert len(rosters.asked) == 3


async def test_too_many_waiting_hints_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "WAITING_HINTS", 2)
    fan_out = FanOut(Rosters().look_up)
    for seq in (1, 2, 3):
        fan_out.received([hint(seq)])
    assert fan_out.dropped_count == 1


async def test_own_news_skip_the_device_they_come_from() -> None:
    fan_out, phone, laptop = FanOut(Rosters().look_up), Session(1), Session(2)
    fan_out.register(ADA, phone)
    fan_out.register(ADA, laptop)
    fan_out.tell(ADA, "news", but=DeviceId(1))
    assert (phone.frames, laptop.frames) == ([], ["news"])


async def test_what_a_batch_holds_of_one_conversation_is_one_burst() -> None:
    rosters = RosterCache()
    rosters.keep(HERE, 1, frozenset({ADA, BOB}))
    fan_out, bob = FanOut(Rosters().look_up, rosters), Session()
    fan_out.register(BOB, bob)
    fan_out.received([hint(1), hint(2), hint(3)])
    assert (bob.seqs, bob.bursts) == ([1, 2, 3], 1)


@pytest.mark.promise("I1")
async def test_a_burst_ends_where_the_roster_changes() -> None:
    rosters = RosterCache()
    rosters.keep(HERE, 1, frozenset({ADA, BOB}))
    fan_out, ada, bob = FanOut(Rosters().look_up, rosters), Session(1), Session(2)
    fan_out.register(ADA, ada)
    fan_out.register(BOB, bob)
    left = MemberLeft(
        conversation_id=HERE,
        seq=2,
        sender_id=BOB,
        device_id=DeviceId(1),
        client_id=UUID(int=2),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        roster_version=2,
        user_id=BOB,
    )
    fan_out.received([hint(1), Hint("e", left, 2), hint(3, version=2), hint(4, version=2)])
    assert (ada.seqs, bob.seqs) == ([1, 2, 3, 4], [1, 2])
