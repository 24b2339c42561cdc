"""Fan-out: who gets what, in which order, while a roster is being looked up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery import fanout
from seriatim.delivery.broker.port import Hint
from seriatim.delivery.fanout import FanOut, Receiver
from seriatim.delivery.rosters import RosterCache
from seriatim.log.audience import Audience
from seriatim.protocol.encoded import EncodedEvents
from seriatim.protocol.entries import MemberLeft, MessageEdited, MessageSent
from seriatim.storage.postgres.database import CUT

ADA, BOB, CYD = UserId(1), UserId(2), UserId(3)
HERE = ConversationId(7)


class Session:
    def __init__(self, device_id: int = 1) -> None:
        self.device_id = DeviceId(device_id)
        self.seqs: list[int] = []
        self.entries: list[Any] = []
        self.bursts = 0
        self.frames: list[Any] = []
        self.outlet: Any = None
        self.wire: Any = None

    def deliver(self, events: EncodedEvents) -> None:
        self.bursts += 1
        self.seqs.extend(entry.seq for entry in events.entries)
        self.entries.extend(events.entries)

    def tell(self, frame: Any) -> None:
        self.frames.append(frame)


def one_by_one(sessions: Sequence[Receiver], events: EncodedEvents) -> None:
    for session in sessions:
        session.deliver(events)


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


def fan_out_of(rosters: Rosters, cache: RosterCache | None = None) -> FanOut:
    return FanOut(rosters.look_up, one_by_one, cache)


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
    fan_out, bob = fan_out_of(rosters), Session()
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
    fan_out, phone, laptop, cyd = fan_out_of(rosters), Session(1), Session(2), Session(3)
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
    fan_out, ada, bob = fan_out_of(rosters), Session(1), Session(2)
    fan_out.register(ADA, ada)
    fan_out.register(BOB, bob)
    async with running(fan_out):
        fan_out.received([hint(3, version=2)])
        await until(lambda: ada.seqs)
    assert (ada.seqs, bob.seqs) == ([3], [])


@pytest.mark.promise("I1")
async def test_an_event_newer_than_the_roster_read_waits_for_the_next_one() -> None:
    rosters = Rosters()
    fan_out, ada, bob = fan_out_of(rosters), Session(1), Session(2)
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
    fan_out, bob = fan_out_of(rosters), Session()
    fan_out.register(BOB, bob)
    async with running(fan_out):
        fan_out.received([hint(1)])
        await until(lambda: bob.seqs)
    assert len(rosters.asked) == 3


async def test_a_look_up_that_is_cut_is_tried_again_with_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "RETRY_S", 60.0)
    asked: list[int] = []

    async def look_up(ids: list[ConversationId]) -> dict[ConversationId, Audience]:
        asked.append(len(ids))
        if len(ids) > 2:
            raise Unavailable("it took too long", reason=CUT)
        return dict.fromkeys(ids, Audience(1, {BOB: 1}))

    fan_out, bob = FanOut(look_up, one_by_one), Session()
    fan_out.register(BOB, bob)
    for number in range(1, 9):
        entry = msgspec.structs.replace(hint(1).entry, conversation_id=ConversationId(number))
        fan_out.received([Hint("e", entry, 1)])
    async with running(fan_out):
        await until(lambda: len(bob.seqs) == 8)
    assert asked[:3] == [8, 4, 2]


async def test_too_many_waiting_hints_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "WAITING_HINTS", 2)
    fan_out = fan_out_of(Rosters())
    for seq in (1, 2, 3):
        fan_out.received([hint(seq)])
    assert fan_out.dropped_count == 1


async def test_own_news_skip_the_device_they_come_from() -> None:
    fan_out, phone, laptop = fan_out_of(Rosters()), Session(1), Session(2)
    fan_out.register(ADA, phone)
    fan_out.register(ADA, laptop)
    fan_out.tell(ADA, "news", but=DeviceId(1))
    assert (phone.frames, laptop.frames) == ([], ["news"])


async def test_what_a_batch_holds_of_one_conversation_is_one_burst() -> None:
    rosters = RosterCache()
    rosters.keep(HERE, 1, frozenset({ADA, BOB}))
    fan_out, bob = fan_out_of(Rosters(), rosters), Session()
    fan_out.register(BOB, bob)
    fan_out.received([hint(1), hint(2), hint(3)])
    assert (bob.seqs, bob.bursts) == ([1, 2, 3], 1)


@pytest.mark.promise("I1")
async def test_a_burst_ends_where_the_roster_changes() -> None:
    rosters = RosterCache()
    rosters.keep(HERE, 1, frozenset({ADA, BOB}))
    fan_out, ada, bob = fan_out_of(Rosters(), rosters), Session(1), Session(2)
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


def crowd(fan_out: FanOut, count: int) -> dict[UserId, Session]:
    sessions = {UserId(number): Session(number) for number in range(1, count + 1)}
    for user_id, session in sessions.items():
        fan_out.register(user_id, session)
    return sessions


async def test_a_large_group_is_written_at_once_and_a_small_one_in_turn() -> None:
    at_once: list[int] = []

    def broadcast(sessions: Sequence[Receiver], events: EncodedEvents) -> None:
        at_once.append(len(sessions))
        one_by_one(sessions, events)

    rosters = RosterCache()
    fan_out = FanOut(Rosters().look_up, broadcast, rosters)
    here = crowd(fan_out, fanout.LARGE)
    rosters.keep(HERE, 1, frozenset(here))
    fan_out.received([hint(1)])
    fan_out.unregister(UserId(1), here[UserId(1)])
    fan_out.received([hint(2)])
    assert at_once == [fanout.LARGE]
    assert here[UserId(1)].seqs == [1]
    assert here[UserId(2)].seqs == [1, 2]


async def test_who_comes_goes_or_leaves_counts_from_the_next_event_of_a_large_group_on() -> None:
    rosters = RosterCache()
    fan_out = fan_out_of(Rosters(), rosters)
    here = crowd(fan_out, fanout.LARGE + 2)
    rosters.keep(HERE, 1, frozenset(here))
    fan_out.received([hint(1)])
    second, tablet = UserId(2), Session(1_000)
    fan_out.register(second, tablet)
    fan_out.unregister(UserId(3), here[UserId(3)])
    fan_out.received([hint(2)])
    rosters.keep(HERE, 2, frozenset(here) - {second})
    fan_out.received([hint(3, version=2)])
    assert here[UserId(1)].seqs == [1, 2, 3]
    assert (here[second].seqs, tablet.seqs) == ([1, 2], [2])
    assert here[UserId(3)].seqs == [1]


async def test_the_live_sessions_of_few_large_conversations_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "CROSSINGS", 2)
    rosters = RosterCache()
    fan_out = fan_out_of(Rosters(), rosters)
    here = crowd(fan_out, fanout.LARGE)
    for number in range(4):
        rosters.keep(ConversationId(number), 1, frozenset(here))
        entry = msgspec.structs.replace(hint(1).entry, conversation_id=ConversationId(number))
        fan_out.received([Hint("e", entry, 1)])
    assert len(fan_out._crossings) == 2  # pyright: ignore[reportPrivateUsage] - the bound is nowhere else to be seen
    assert here[UserId(1)].seqs == [1, 1, 1, 1]


def edit_hint(seq: int, target_seq: int) -> Hint:
    entry = MessageEdited(
        conversation_id=HERE,
        seq=seq,
        sender_id=ADA,
        device_id=DeviceId(1),
        client_id=UUID(int=seq),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        target_seq=target_seq,
        body="new words",
        previous="old words",
    )
    return Hint("e", entry, 1)


@pytest.mark.promise("I1")
async def test_an_edit_tells_those_who_came_after_its_message_nothing_but_that_it_is_there() -> None:
    rosters = Rosters()
    rosters.roster = Audience(1, {ADA: 1, BOB: 8}, 8)
    rosters.go.set()
    fan_out, ada, bob = fan_out_of(rosters), Session(1), Session(2)
    fan_out.register(ADA, ada)
    fan_out.register(BOB, bob)
    async with running(fan_out):
        for sent in (edit_hint(9, 3), edit_hint(10, 8)):
            fan_out.received([sent])
            await until(lambda: len(ada.seqs) == len(bob.seqs) and not fan_out._waiting_count)
    assert (ada.seqs, bob.seqs) == ([9, 10], [9, 10])
    assert [(one.body, one.previous) for one in ada.entries] == [("new words", "old words")] * 2
    assert [(one.body, one.previous) for one in bob.entries] == [("", ""), ("new words", "old words")]
    assert len(rosters.asked) == 1, "who came before the message needs no looking up"
