"""Every directory: what a gateway says of its users is known to all, for as long as it lives."""

from collections import deque
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import pytest

from seriatim.core.activity import Activity
from seriatim.core.clock import ManualClock
from seriatim.core.ids import UserId
from seriatim.delivery.broker.shared import USERS, All, Beat, Changed, Shared
from seriatim.delivery.directory.local import LocalDirectory
from seriatim.delivery.directory.port import Directory
from seriatim.delivery.directory.shared import SharedDirectory
from seriatim.protocol.limits import LEASE_S, OFFLINE_AFTER_S

ADA, BOB = UserId(1), UserId(2)
GONE, INACTIVE, ACTIVE = Activity
TICK_S = 0.1
Told = list[tuple[UserId, Activity]]


class Carrier(Protocol):
    """What lies between gateways."""

    def join(self, changed: Callable[[UserId, Activity], None]) -> Directory:
        """Return one more gateway."""
        ...

    def carry(self, dead: Collection[Directory]) -> None:
        """Bring what was said to the others that live."""
        ...


class Nothing:
    """Gateways of one process need no carrier."""

    def __init__(self, clock: ManualClock) -> None:
        self._directory = LocalDirectory(clock)

    def join(self, changed: Callable[[UserId, Activity], None]) -> Directory:
        return self._directory.join(changed)

    def carry(self, dead: Collection[Directory]) -> None:
        pass


class Wire:
    """A broker that tests may let lose things; what passes is encoded and decoded."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.gateways: dict[str, SharedDirectory] = {}
        self._waiting: deque[tuple[str, bytes]] = deque()
        self.loses: Callable[[str, Shared], bool] = lambda _gateway, _shared: False
        self.carried: list[tuple[str, Shared]] = []

    def join(self, changed: Callable[[UserId, Activity], None]) -> SharedDirectory:
        name = f"gateway {len(self.gateways)}"
        directory = SharedDirectory(
            self._clock, name, lambda shared: self._waiting.append((name, msgspec.msgpack.encode(shared))), changed
        )
        self.gateways[name] = directory
        return directory

    def carry(self, dead: Collection[Directory]) -> None:
        while self._waiting:
            sender, payload = self._waiting.popleft()
            shared = msgspec.msgpack.decode(payload, type=Shared)
            if not self.loses(sender, shared):
                self.carried.append((sender, shared))
                for name, directory in self.gateways.items():
                    if name != sender and directory not in dead:
                        directory.heard(sender, shared)


class World:
    """Gateways at one directory, and what each was told."""

    def __init__(self, carrier: type[Nothing | Wire]) -> None:
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.carrier: Carrier = carrier(self.clock)
        self.told: list[Told] = []
        self.dead: list[Directory] = []
        self.all: list[Directory] = []
        self.one, self.other = self.join(), self.join()
        self.passes(2)

    def join(self) -> Directory:
        told: Told = []
        self.told.append(told)
        directory = self.carrier.join(lambda user_id, activity: told.append((user_id, activity)))
        self.all.append(directory)
        return directory

    def passes(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.clock.advance(TICK_S)
            for directory in self.all:
                if directory not in self.dead:
                    directory.tick()
            self.carrier.carry(self.dead)

    def soon(self) -> None:
        self.passes(2 * TICK_S)


@pytest.fixture(params=[Nothing, Wire], ids=["local", "shared"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


async def test_the_most_active_gateway_counts_and_only_changes_are_told_to_all(world: World) -> None:
    for directory, activity in (
        (world.one, INACTIVE),
        (world.other, ACTIVE),
        (world.one, ACTIVE),
        (world.one, GONE),
        (world.other, INACTIVE),
        (world.other, GONE),
    ):
        directory.put(ADA, activity)
        directory.put(ADA, activity)
        world.soon()
    assert world.told[0] == [(ADA, INACTIVE), (ADA, ACTIVE), (ADA, INACTIVE), (ADA, GONE)]
    assert world.told[1] == world.told[0]
    assert await world.one.look_up([ADA]) == {ADA: GONE}


@pytest.mark.promise("D6")
async def test_the_people_of_a_dead_gateway_are_gone_with_its_lease(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    world.one.put(BOB, ACTIVE)
    world.other.put(BOB, INACTIVE)
    world.soon()
    world.dead.append(world.one)
    waited = 0
    while (ADA, GONE) not in world.told[1] and waited < 2 * LEASE_S:
        world.passes(1.0)
        waited += 1
    assert LEASE_S - 6 <= waited <= LEASE_S + 1
    assert world.told[1][-2:] == [(ADA, GONE), (BOB, INACTIVE)]
    assert world.other.count([ADA, BOB]) == 1
    assert not world.other.others()


async def test_a_gateway_that_lives_keeps_its_lease(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    world.passes(4 * LEASE_S)
    assert world.told[1] == [(ADA, ACTIVE)]
    assert len(world.other.others()) == 1


async def test_a_gateway_that_was_only_stopped_says_everything_again(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    world.other.put(BOB, ACTIVE)
    world.soon()
    world.dead.append(world.one)
    world.passes(LEASE_S + 1)
    assert world.told[1][-1] == (ADA, GONE)
    world.dead.clear()
    world.passes(1)
    assert world.told[1][-1] == (ADA, ACTIVE)
    assert await world.other.look_up([ADA]) == {ADA: ACTIVE}
    if isinstance(world.carrier, Wire):
        assert world.told[0] == [(ADA, ACTIVE), (BOB, ACTIVE)], "nor did it believe that the others had been silent"


async def test_a_gateway_knows_whom_it_named(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    world.soon()
    assert (world.one.mine(ADA), world.other.mine(ADA)) == (ACTIVE, GONE)
    assert (list(world.one.all_mine()), list(world.other.all_mine())) == ([ADA], [])
    assert (world.one.count([ADA, BOB]), world.other.count([ADA, BOB])) == (1, 1)


@pytest.mark.promise("D6")
async def test_who_moves_from_a_gateway_that_stops_to_another_was_never_gone(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    world.one.put(BOB, ACTIVE)
    world.soon()
    world.one.leave()
    world.soon()
    world.passes(OFFLINE_AFTER_S / 2)
    world.other.put(ADA, ACTIVE)
    world.passes(OFFLINE_AFTER_S / 2 + 0.5)
    assert world.told[1] == [(ADA, ACTIVE), (BOB, ACTIVE), (BOB, GONE)]
    world.passes(LEASE_S)
    assert await world.other.look_up([ADA, BOB]) == {ADA: ACTIVE, BOB: GONE}


async def test_others_know_where_somebody_has_sessions_also_when_he_looks_gone(world: World) -> None:
    here = set(world.other.others())
    assert not world.other.holding([ADA, BOB])
    world.one.hold(ADA, True)
    world.soon()
    assert set(world.other.holding([ADA, BOB])) == here
    assert (world.other.count([ADA]), await world.other.look_up([ADA])) == (0, {ADA: GONE})
    assert world.told[1] == [], "nobody is told of it"
    world.one.put(ADA, ACTIVE)
    world.one.hold(ADA, False)
    world.soon()
    assert set(world.other.holding([ADA])) == here, "until he is gone as well"
    world.one.put(ADA, GONE)
    world.soon()
    assert not world.other.holding([ADA, BOB])
    assert not world.one.holding([ADA])
    world.one.hold(BOB, True)
    world.one.put(BOB, ACTIVE)
    world.one.put(BOB, GONE)
    world.soon()
    assert set(world.other.holding([BOB])) == here
    world.dead.append(world.one)
    world.passes(LEASE_S + 1)
    assert not world.other.holding([BOB])


# -- what only a wire can lose


@pytest.fixture
def wired() -> tuple[World, Wire]:
    world = World(Wire)
    assert isinstance(world.carrier, Wire)
    return world, world.carrier


async def test_a_gateway_that_comes_later_is_told_everything_and_tells_everything(wired: tuple[World, Wire]) -> None:
    world, _ = wired
    for number in range(1, 101):
        world.one.put(UserId(number), ACTIVE)
    world.soon()
    third = world.join()
    third.put(UserId(200), INACTIVE)
    world.passes(1)
    assert third.count([UserId(number) for number in range(1, 201)]) == 101
    assert await world.one.look_up([UserId(200)]) == {UserId(200): INACTIVE}


async def test_a_gateway_that_was_not_heard_whole_may_hold_anybody(wired: tuple[World, Wire]) -> None:
    world, wire = wired
    for number in range(1, USERS + 2):
        world.one.hold(UserId(number), True)
    world.passes(1)
    last = UserId(USERS + 1)
    third = world.join()
    wire.loses = lambda _gateway, shared: isinstance(shared, All)
    world.passes(1)
    assert set(third.holding([UserId(10**6)])) == set(third.others())
    wire.loses = lambda _gateway, _shared: False
    world.passes(2 + LEASE_S / 3)
    assert not third.holding([UserId(10**6)])
    assert list(third.holding([last])) == ["gateway 0"]
    world.one.hold(last, False)
    wire.loses = lambda _gateway, _shared: True
    world.soon()
    wire.loses = lambda _gateway, _shared: False
    world.passes(LEASE_S / 3 + 1)
    assert not third.holding([last])


async def test_a_gateway_whose_beat_tells_of_a_lost_change_may_hold_anybody(wired: tuple[World, Wire]) -> None:
    world, wire = wired
    world.one.hold(ADA, True)
    wire.loses = lambda _gateway, shared: isinstance(shared, Changed | All)
    world.soon()
    assert not world.other.holding([ADA]), "who has come is not known"
    world.passes(LEASE_S / 3 + TICK_S)
    assert list(world.other.holding([ADA])) == ["gateway 0"]


async def test_a_lost_change_is_found_by_the_next_change_or_beat(wired: tuple[World, Wire]) -> None:
    world, wire = wired
    world.one.put(ADA, ACTIVE)
    wire.loses = lambda _gateway, shared: isinstance(shared, Changed)
    world.soon()
    wire.loses = lambda _gateway, _shared: False
    assert world.told[1] == []
    world.one.put(BOB, ACTIVE)
    world.passes(0.3)
    assert world.told[1] == [(BOB, ACTIVE), (ADA, ACTIVE)]
    world.passes(1)
    world.one.put(ADA, GONE)
    wire.loses = lambda _gateway, shared: isinstance(shared, Changed)
    world.soon()
    wire.loses = lambda _gateway, _shared: False
    assert world.told[1][-1] == (ADA, ACTIVE)
    world.passes(LEASE_S / 3 + 0.3)
    assert world.told[1][-1] == (ADA, GONE)


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_any_part_of_everything_may_be_lost(wired: tuple[World, Wire], lost: int) -> None:
    world, wire = wired
    ids = [UserId(number) for number in range(1, 2 * USERS + 2)]
    for user_id in ids:
        world.one.put(user_id, ACTIVE)
    world.passes(1)
    assert [part.part for _, part in wire.carried if isinstance(part, All) and part.version] == []
    once = [True]

    def loses(_gateway: str, shared: Shared) -> bool:
        return isinstance(shared, All) and shared.version > 0 and shared.part == lost and bool(once) and once.pop()

    wire.loses = loses
    third = world.join()
    world.passes(2 + LEASE_S / 3)
    assert not once, "it was lost"
    assert third.count(ids) == len(ids)
    assert sorted(told[0] for told in world.told[2]) == ids


@pytest.mark.promise("D6")
async def test_after_a_cut_all_is_right_within_two_seconds_though_the_first_words_are_lost(
    wired: tuple[World, Wire],
) -> None:
    world, wire = wired
    world.one.put(ADA, ACTIVE)
    world.soon()
    wire.loses = lambda _gateway, _shared: True
    world.one.put(ADA, GONE)
    world.one.put(BOB, ACTIVE)
    world.passes(2 * LEASE_S)
    assert not world.other.others()
    assert world.told[1][-1] == (ADA, GONE)
    for directory in world.all:
        directory.missed()
    world.soon()
    wire.loses = lambda _gateway, _shared: False
    world.passes(1.5)
    assert await world.other.look_up([ADA, BOB]) == {ADA: GONE, BOB: ACTIVE}


async def test_only_one_that_was_cut_asks_and_the_other_answers_at_once(wired: tuple[World, Wire]) -> None:
    world, wire = wired
    world.passes(3)
    wire.loses = lambda _gateway, shared: isinstance(shared, Changed)
    world.one.put(ADA, ACTIVE)
    world.soon()
    wire.loses = lambda _gateway, _shared: False
    world.other.missed()
    world.passes(0.5)
    assert world.told[1] == [(ADA, ACTIVE)]


async def test_who_comes_and_goes_while_everything_is_said_is_told_right(wired: tuple[World, Wire]) -> None:
    world, wire = wired
    ids = [UserId(number) for number in range(1, 3 * USERS)]
    for user_id in ids:
        world.one.put(user_id, ACTIVE)
    world.passes(2)
    third = world.join()
    while not any(isinstance(shared, All) and shared.version and shared.part == 1 for _, shared in wire.carried):
        world.passes(TICK_S)
    first, last, new = ids[0], ids[-1], UserId(10**6)
    world.one.put(first, GONE)
    world.one.put(last, INACTIVE)
    world.one.put(new, ACTIVE)
    world.passes(2)
    found = await third.look_up([first, last, new])
    assert found == {first: GONE, last: INACTIVE, new: ACTIVE}
    assert third.count([*ids, new]) == len(ids)


async def test_a_quiet_gateway_says_little(wired: tuple[World, Wire]) -> None:
    world, wire = wired
    world.passes(LEASE_S)
    wire.carried.clear()
    for _ in range(50):
        world.one.put(ADA, ACTIVE)
        world.one.put(BOB, INACTIVE)
        world.one.put(ADA, GONE)
        world.passes(TICK_S)
        world.one.put(BOB, GONE)
    said = [type(shared) for name, shared in wire.carried if name == "gateway 0"]
    assert said.count(Changed) <= 51, "ten a second"
    assert said.count(Beat) <= 2
    assert set(said) == {Changed, Beat}
