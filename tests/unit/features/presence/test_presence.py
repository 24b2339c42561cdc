"""Presence against a clock that tests move: what the sessions of one gateway do, and what is told of it."""

import itertools
from datetime import UTC, datetime

import pytest

from presence_world import ADA, BOB, EVE, START, Device, World
from seriatim.core.activity import Activity
from seriatim.core.clock import ManualClock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import UserId
from seriatim.delivery.directory.local import LocalDirectory
from seriatim.features.presence.rules import Chosen, LastSeen
from seriatim.features.presence.store import Stored
from seriatim.protocol.fields import ChosenState, LastSeenTo
from seriatim.protocol.limits import LEASE_S

pytestmark = pytest.mark.promise("D6")


@pytest.fixture
async def world() -> World:
    return await World().settled()


async def watching(world: World) -> Device:
    bob = world.comes(BOB)
    world.looks(bob, ADA)
    await world.passes(2)
    assert bob.states() == ["offline"]
    bob.told.clear()
    return bob


async def test_coming_and_turning_away_are_told_within_two_seconds(world: World) -> None:
    bob = await watching(world)
    ada = world.comes(ADA)
    await world.passes(2)
    world.turns(ada, inactive=True)
    await world.passes(2)
    world.turns(ada, inactive=False)
    await world.passes(2)
    assert bob.states() == ["online", "away", "online"]


async def test_going_is_told_when_it_has_lasted_ten_seconds_and_within_twelve(world: World) -> None:
    bob = await watching(world)
    ada = world.comes(ADA)
    await world.passes(2)
    left_at = world.clock.now()
    world.goes(ada)
    await world.passes(9.9)
    assert bob.states() == ["online"]
    await world.passes(2)
    assert bob.states() == ["online", "offline"]
    assert bob.told[-1][1].last_seen_at == left_at


async def test_who_is_back_before_was_never_gone(world: World) -> None:
    bob = await watching(world)
    for _ in range(5):
        ada = world.comes(ADA)
        await world.passes(3)
        world.goes(ada)
        await world.passes(9)
    world.comes(ADA)
    await world.passes(30)
    assert bob.states() == ["online"]


async def test_the_most_active_device_counts(world: World) -> None:
    bob = await watching(world)
    phone = world.comes(ADA, inactive=True)
    await world.passes(2)
    desk = world.comes(ADA)
    await world.passes(2)
    world.turns(desk, inactive=True)
    await world.passes(2)
    world.turns(phone, inactive=False)
    await world.passes(2)
    world.goes(phone)
    await world.passes(15)
    assert bob.states() == ["away", "online", "away", "online", "away"], "the desk is still there, and nobody looks"


async def test_nobody_hears_more_than_once_a_second(world: World) -> None:
    bob = world.comes(BOB)
    world.looks(bob, ADA, EVE)
    ada, eve = world.comes(ADA), world.comes(EVE)
    for step in range(40):
        world.turns((ada, eve)[step % 2], inactive=step % 4 < 2)
        await world.passes(0.5)
    times = sorted({at for at, _ in bob.told})
    assert len(times) > 5
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.99


async def test_who_is_invisible_looks_offline_from_the_first_moment(world: World) -> None:
    world.stored[ADA] = Stored(Chosen(ChosenState.INVISIBLE), LastSeen(START))
    bob = world.comes(BOB)
    world.comes(ADA)
    world.looks(bob, ADA)
    await world.passes(20)
    assert bob.states() == ["offline"]
    assert world.presence.hides_from(ADA) is None
    assert world.directory.count([ADA]) == 0
    await world.last_seen.write()
    assert world.written == [], "it would tell that he was here"


async def test_becoming_invisible_looks_like_leaving_at_once(world: World) -> None:
    bob = await watching(world)
    ada = world.comes(ADA)
    await world.passes(2)
    world.stored[ADA] = Stored(Chosen(ChosenState.INVISIBLE), LastSeen())
    world.presence.reload(ADA)
    at = world.clock.now()
    await world.passes(2)
    assert bob.states() == ["online", "offline"]
    assert (bob.told[-1][1].last_seen_at - at).total_seconds() < 1
    world.goes(ada)
    await world.passes(20)
    assert bob.states() == ["online", "offline"]


async def test_what_was_chosen_ends_by_itself(world: World) -> None:
    bob = await watching(world)
    ada = world.comes(ADA)
    await world.passes(2)
    until = datetime.fromtimestamp(START.timestamp() + world.clock.monotonic() + 30, UTC)
    world.stored[ADA] = Stored(Chosen(ChosenState.DO_NOT_DISTURB, "meeting", until), LastSeen())
    world.presence.reload(ADA)
    await world.passes(2)
    assert [(row.state.value, row.text) for _, row in bob.told][-1] == ("do_not_disturb", "meeting")
    await world.passes(30)
    assert [(row.state.value, row.text) for _, row in bob.told][-1] == ("online", "")
    assert world.sessions[-1] is ada


async def test_last_seen_is_told_to_contacts_only_where_he_says_so(world: World) -> None:
    world.stored[ADA] = Stored(Chosen(), LastSeen(START, LastSeenTo.CONTACTS, frozenset({BOB})))
    bob, eve = world.comes(BOB), world.comes(EVE)
    for one in (bob, eve):
        world.looks(one, ADA)
    await world.passes(2)
    assert [one.told[0][1].last_seen_at for one in (bob, eve)] == [START, None]


async def test_who_is_blocked_sees_somebody_offline_for_ever(world: World) -> None:
    bob = world.comes(BOB)
    world.looks(bob, ADA)
    world.comes(ADA)
    await world.passes(2)
    assert bob.states()[-1] == "online"
    world.hidden[ADA] = frozenset({BOB})
    world.stored[ADA] = Stored(Chosen(text="secret"), LastSeen(START))
    world.presence.reload(ADA)
    await world.passes(2)
    row = bob.told[-1][1]
    assert (row.state.value, row.text, row.last_seen_at) == ("offline", "", None)
    assert world.presence.hides_from(ADA) == {BOB}


async def test_people_are_read_once_whoever_looks(world: World) -> None:
    for _ in range(10):
        world.looks(world.comes(BOB), ADA, EVE, UserId(404))
    await world.passes(1)
    assert len(world.reads) == 1
    assert sorted(world.reads[0]) == [ADA, BOB, EVE, 404]


async def test_those_nobody_looks_at_are_forgotten(world: World) -> None:
    bob = await watching(world)
    ada = world.comes(ADA)
    await world.passes(2)
    world.looks(bob)
    await world.passes(2)
    assert not world.presence._people
    world.goes(bob)
    world.goes(ada)
    await world.passes(20)
    assert not world.presence._people
    assert not world.presence._leaving
    assert not list(world.directory.all_mine())


async def test_of_many_screens_a_second_the_last_counts(world: World) -> None:
    bob = world.comes(BOB)
    for _ in range(20):
        world.looks(bob, ADA)
        world.looks(bob, EVE)
        await world.passes(0.1)
    await world.passes(1)
    assert (world.signals.is_watched(ADA), world.signals.is_watched(EVE)) == (False, True)
    assert len(world.reads) <= 5, "not one for each frame"


async def test_times_are_written_together_and_kept_while_the_database_is_away(world: World) -> None:
    for user_id in (ADA, BOB, EVE):
        device = world.comes(user_id)
        await world.passes(1)
        world.goes(device)
    await world.passes(15)
    world.away = True
    with pytest.raises(Unavailable):
        await world.last_seen.write()
    world.away = False
    await world.last_seen.write()
    assert [sorted(one) for one in world.written] == [[ADA, BOB, EVE]]
    await world.last_seen.write()
    assert len(world.written) == 1, "nothing is written where nothing happened"


async def test_while_the_database_is_away_those_who_come_wait_to_be_known(world: World) -> None:
    bob = world.comes(BOB)
    world.away = True
    world.comes(ADA)
    world.looks(bob, ADA)
    await world.passes(3)
    assert bob.told == [], "she may be invisible"
    with pytest.raises(Unavailable):
        await world.presence.load()
    world.away = False
    await world.passes(2)
    assert bob.states() == ["online"]


async def test_after_a_restart_nobody_is_told_to_be_offline_before_he_had_time_to_come_back() -> None:
    world = World()
    bob = world.comes(BOB)
    world.looks(bob, ADA, EVE)
    await world.passes(4)
    world.comes(ADA)
    await world.passes(4)
    assert (bob.states(ADA), bob.states(EVE)) == (["online"], [])
    await world.passes(5)
    assert bob.states(EVE) == ["offline"]


async def test_the_people_of_a_dead_gateway_are_offline_within_16_seconds() -> None:
    clock = ManualClock(START)
    directory = LocalDirectory(clock)
    here, dying = World(directory, clock), World(directory, clock)
    await here.settled()
    bob = here.comes(BOB)
    here.looks(bob, ADA)
    dying.comes(ADA)
    await dying.presence.load()
    dying.presence.turn(0)
    await here.passes(2)
    assert bob.states()[-1] == "online"
    assert dying.directory.mine(ADA) is Activity.ACTIVE
    await here.passes(LEASE_S + 1)
    assert bob.states()[-1] == "offline"
