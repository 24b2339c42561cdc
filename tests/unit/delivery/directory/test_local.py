from datetime import UTC, datetime

import pytest

from seriatim.core.activity import Activity
from seriatim.core.clock import ManualClock
from seriatim.core.ids import UserId
from seriatim.delivery.directory.local import LocalDirectory, LocalGateway
from seriatim.protocol.limits import LEASE_S

ADA, BOB = UserId(1), UserId(2)
GONE, INACTIVE, ACTIVE = Activity
Told = list[tuple[UserId, Activity]]


class World:
    """Two gateways at one directory, and what each was told."""

    def __init__(self) -> None:
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        directory = LocalDirectory(self.clock)
        self.told: tuple[Told, Told] = ([], [])
        self.one: LocalGateway = directory.join(lambda *news: self.told[0].append(news))
        self.other: LocalGateway = directory.join(lambda *news: self.told[1].append(news))


@pytest.fixture
def world() -> World:
    return World()


async def test_the_most_active_gateway_counts_and_only_changes_are_told_to_all(world: World) -> None:
    world.one.put(ADA, INACTIVE)
    world.other.put(ADA, ACTIVE)
    world.one.put(ADA, ACTIVE)
    world.one.put(ADA, GONE)
    world.other.put(ADA, INACTIVE)
    world.other.put(ADA, GONE)
    assert world.told[0] == [(ADA, INACTIVE), (ADA, ACTIVE), (ADA, INACTIVE), (ADA, GONE)]
    assert world.told[1] == world.told[0]
    assert await world.one.look_up([ADA]) == {ADA: GONE}


@pytest.mark.promise("D6")
async def test_the_people_of_a_dead_gateway_are_gone_with_its_lease(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    world.one.put(BOB, ACTIVE)
    world.other.put(BOB, INACTIVE)
    waited = 0
    while world.told[1][-1] != (BOB, INACTIVE) and waited < 2 * LEASE_S:
        world.clock.advance(1.0)
        world.other.tick()
        waited += 1
    assert waited <= LEASE_S + 1
    assert world.told[1][-2:] == [(ADA, GONE), (BOB, INACTIVE)]
    assert world.other.count([ADA, BOB]) == 1


async def test_a_gateway_that_was_only_stopped_says_everything_again(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    world.clock.advance(LEASE_S + 1)
    world.other.tick()
    assert world.told[1][-1] == (ADA, GONE)
    world.one.tick()
    assert world.told[1][-1] == (ADA, ACTIVE)
    assert await world.other.look_up([ADA]) == {ADA: ACTIVE}


async def test_a_gateway_knows_whom_it_named(world: World) -> None:
    world.one.put(ADA, ACTIVE)
    assert (world.one.mine(ADA), world.other.mine(ADA)) == (ACTIVE, GONE)
    assert (list(world.one.all_mine()), list(world.other.all_mine())) == ([ADA], [])
