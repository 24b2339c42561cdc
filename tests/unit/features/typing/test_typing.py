from collections.abc import Collection
from typing import Any

import pytest

from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.broker.shared import Typed
from seriatim.delivery.signals import Signals
from seriatim.features.typing.typing import WAITING, Typists
from seriatim.protocol.commands import Typing
from seriatim.protocol.session import Phase, Signal

pytestmark = pytest.mark.promise("D7")

ADA, BOB, EVE = UserId(1), UserId(2), UserId(3)
HERE = ConversationId(7)


class Device:
    def __init__(self, user_id: UserId) -> None:
        self.user_id = user_id
        self.phase = Phase.LIVE
        self.outlet: Any = self
        self.told: list[Any] = []

    def signal(self, frame: Any, kind: Signal) -> None:
        assert kind is Signal.TYPING
        self.told.append(frame)


class World:
    def __init__(self) -> None:
        self.signals = Signals()
        self.known: dict[ConversationId, frozenset[UserId]] = {}
        self.stored = {HERE: frozenset({ADA, BOB})}
        self.hides: dict[UserId, frozenset[UserId] | None] = {}
        self.unknown: set[UserId] = set()
        self.asked = 0
        self.away = False
        self.others: list[str] = []
        self.shared: list[Typed] = []
        self.typists = Typists(
            self.signals,
            members=self.known.get,
            rosters=self._rosters,
            knows=lambda user_id: user_id not in self.unknown,
            hides_from=lambda user_id: self.hides.get(user_id, frozenset()),
            others=lambda: self.others,
            share=self.shared.append,
        )

    async def _rosters(self, ids: Collection[ConversationId]) -> dict[ConversationId, frozenset[UserId]]:
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return {id_: self.stored[id_] for id_ in ids if id_ in self.stored}

    def looks(self, user_id: UserId) -> Device:
        device = Device(user_id)
        self.signals.focus(device, frozenset([HERE]), frozenset())
        return device

    async def types(self, user_id: UserId, **fields: Any) -> None:
        self.typists.typing(user_id, Typing(conversation_id=HERE, **fields))
        await self.typists.look_up()


@pytest.fixture
def world() -> World:
    return World()


async def test_members_who_look_are_told_and_nobody_else(world: World) -> None:
    own, bob, eve = world.looks(ADA), world.looks(BOB), world.looks(EVE)
    await world.types(ADA, thread_seq=3)
    (told,) = bob.told
    assert (told.conversation_id, told.user_id, told.on, told.thread_seq) == (HERE, ADA, True, 3)
    assert own.told == []
    assert eve.told == [], "she is no member"


async def test_who_is_no_member_is_told_to_nobody(world: World) -> None:
    bob = world.looks(BOB)
    await world.types(EVE)
    assert bob.told == []


async def test_who_hides_is_not_told_to_those_he_hides_from(world: World) -> None:
    world.stored[HERE] = frozenset({ADA, BOB, EVE})
    bob, eve = world.looks(BOB), world.looks(EVE)
    world.hides[ADA] = frozenset({BOB})
    await world.types(ADA)
    assert (len(bob.told), len(eve.told)) == (0, 1)
    world.hides[ADA] = None
    await world.types(ADA)
    assert (len(bob.told), len(eve.told)) == (0, 1)


async def test_where_nobody_looks_nothing_is_looked_up(world: World) -> None:
    await world.types(ADA)
    assert world.asked == 0


async def test_those_who_wait_for_a_roster_share_a_statement_and_are_few(world: World) -> None:
    bob = world.looks(BOB)
    for _ in range(WAITING + 10):
        world.typists.typing(ADA, Typing(conversation_id=HERE))
    await world.typists.look_up()
    assert (world.asked, len(bob.told)) == (1, WAITING)
    world.known[HERE] = world.stored[HERE]
    await world.types(ADA)
    assert (world.asked, len(bob.told)) == (1, WAITING + 1)


async def test_whoever_has_just_come_is_told_when_it_is_known_that_he_does_not_hide(world: World) -> None:
    bob = world.looks(BOB)
    world.known[HERE] = world.stored[HERE]
    world.unknown.add(ADA)
    world.typists.typing(ADA, Typing(conversation_id=HERE))
    assert bob.told == []
    world.unknown.clear()
    await world.typists.look_up()
    assert len(bob.told) == 1


async def test_what_waited_in_vain_is_dropped(world: World) -> None:
    bob = world.looks(BOB)
    world.away = True
    with pytest.raises(Unavailable):
        await world.types(ADA)
    world.away = False
    await world.typists.look_up()
    assert bob.told == []


# -- other gateways


async def test_others_are_told_also_when_nobody_looks_here(world: World) -> None:
    await world.types(ADA)
    assert world.shared == [], "this gateway is alone"
    assert world.asked == 0
    world.others = ["another"]
    world.hides[ADA] = frozenset({EVE})
    await world.types(ADA, on=False, thread_seq=3)
    assert world.shared == [Typed(ADA, HERE, on=False, thread_seq=3, hidden_from=frozenset({EVE}))]


async def test_nothing_is_shared_of_who_is_invisible_no_member_or_not_known_yet(world: World) -> None:
    world.others = ["another"]
    world.hides[ADA] = None
    await world.types(ADA)
    await world.types(EVE)
    world.unknown.add(BOB)
    await world.types(BOB)
    assert world.shared == []


async def test_what_is_heard_is_told_to_members_who_look_but_to_those_he_hides_from(world: World) -> None:
    world.stored[HERE] |= {EVE}
    bob, eve = world.looks(BOB), world.looks(EVE)
    world.typists.heard("another", Typed(ADA, HERE, on=True, thread_seq=None, hidden_from=frozenset({EVE})))
    await world.typists.look_up()
    assert [told.user_id for told in bob.told] == [ADA]
    assert (eve.told, world.shared) == ([], []), "and it is not passed on again"
    world.known[HERE] = frozenset({ADA, EVE})
    world.typists.heard("another", Typed(ADA, HERE, on=True, thread_seq=None, hidden_from=frozenset()))
    assert (len(bob.told), len(eve.told)) == (1, 1), "he left, she looks"
    world.known[HERE] = frozenset({BOB, EVE})
    world.typists.heard("another", Typed(ADA, HERE, on=True, thread_seq=None, hidden_from=frozenset()))
    assert (len(bob.told), len(eve.told)) == (1, 1), "the typist left"


async def test_what_nobody_looks_at_costs_nothing_when_it_is_heard(world: World) -> None:
    world.typists.heard("another", Typed(ADA, HERE, on=True, thread_seq=None, hidden_from=frozenset()))
    await world.typists.look_up()
    assert world.asked == 0
