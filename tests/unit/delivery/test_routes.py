from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from seriatim.core.clock import ManualClock
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery.broker.port import TOLD_AGAIN, Hint, Told
from seriatim.delivery.directory.local import LocalDirectory, LocalGateway
from seriatim.delivery.routes import MEMBERS, Routes
from seriatim.protocol.answers import DevicesChanged, SelfChanged
from seriatim.protocol.entries import MemberLeft, MessageSent

ADA, BOB, EVE = UserId(1), UserId(2), UserId(3)
HERE = ConversationId(7)
FIELDS: dict[str, Any] = {
    "conversation_id": HERE,
    "seq": 5,
    "sender_id": ADA,
    "device_id": DeviceId(1),
    "client_id": UUID(int=1),
    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
}


class World:
    """The first of five gateways; the second has Ada, the third Bob."""

    def __init__(self, gateways: int = 5) -> None:
        directory = LocalDirectory(ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
        self.gateways: list[LocalGateway] = [directory.join(lambda *_: None) for _ in range(gateways)]
        for gateway, user_id in zip(self.gateways[1:], (ADA, BOB), strict=False):
            gateway.hold(user_id, True)
        self.roster = frozenset({ADA, BOB})
        self.routes = Routes(self.gateways[0], self._roster)

    def _roster(self, conversation_id: ConversationId, version: int) -> frozenset[UserId] | None:
        return self.roster if (conversation_id, version) == (HERE, 3) else None

    def to(self, version: int = 3) -> Collection[str] | None:
        return self.routes(Hint("e", MessageSent(**FIELDS, ordinal=1, body="hi"), version))


@pytest.fixture
def world() -> World:
    return World()


def test_news_goes_to_the_gateways_that_hold_somebody_concerned(world: World) -> None:
    assert world.to() == ["local 2", "local 3"]
    assert world.routes(Told(BOB, SelfChanged(what=DevicesChanged()))) == ["local 3"]
    assert world.routes(Told(EVE, SelfChanged(what=DevicesChanged()))) == []


def test_up_to_four_gateways_hear_everything() -> None:
    few = World(4)
    assert few.to() is None
    assert few.routes(Told(BOB, SelfChanged(what=DevicesChanged()))) is None


def test_what_is_not_sure_and_what_concerns_many_goes_to_all(world: World) -> None:
    assert world.to(version=4) is None
    assert world.to(version=TOLD_AGAIN) is None
    world.roster = frozenset(UserId(number) for number in range(1, MEMBERS + 1))
    assert world.to() == ["local 2", "local 3"]
    world.roster |= {UserId(MEMBERS + 1)}
    assert world.to() is None


def test_who_comes_and_goes_is_told_to_all_so_that_none_keeps_an_old_roster(world: World) -> None:
    left = MemberLeft(**FIELDS, user_id=BOB, roster_version=3)
    assert world.routes(Hint("e", left, 3)) is None
