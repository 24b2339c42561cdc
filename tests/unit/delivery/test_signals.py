from typing import Any

import pytest

from seriatim.core.ids import ConversationId, UserId
from seriatim.delivery.signals import SLOTS, Signals
from seriatim.protocol.answers import PresenceRow, PresenceTold
from seriatim.protocol.fields import PresenceState
from seriatim.protocol.session import Phase, Signal

HERE = ConversationId(7)
NOTHING: frozenset[Any] = frozenset()


class Screen:
    """A session that notes what it is told."""

    def __init__(self, user_id: int) -> None:
        self.user_id = UserId(user_id)
        self.phase = Phase.LIVE
        self.outlet: Any = self
        self.stalled = False
        self.told: list[PresenceTold] = []

    def signal(self, frame: Any, kind: Signal) -> None:
        assert kind is Signal.PRESENCE
        self.told.append(frame)

    @property
    def people(self) -> list[list[int]]:
        return [sorted(row.user_id for row in one.rows) for one in self.told]


def ids(*numbers: int) -> frozenset[UserId]:
    return frozenset(map(UserId, numbers))


def row(_viewer: UserId, user_id: UserId) -> PresenceRow | None:
    return None if user_id == UserId(99) else PresenceRow(user_id, PresenceState.ONLINE)


def a_second(signals: Signals) -> None:
    for slot in range(SLOTS):
        signals.flush(slot, row)


@pytest.fixture
def signals() -> Signals:
    return Signals()


@pytest.mark.promise("D6")
def test_many_changes_of_many_people_are_one_frame_a_second(signals: Signals) -> None:
    ada, bob = Screen(1), Screen(2)
    signals.focus(ada, NOTHING, ids(3, 4))
    signals.focus(bob, NOTHING, ids(4))
    for _ in range(5):
        signals.changed(UserId(3))
        signals.changed(UserId(4))
        signals.changed(UserId(5))
    a_second(signals)
    a_second(signals)
    assert (ada.people, bob.people) == ([[3, 4]], [[4]])


def test_only_those_who_came_onto_the_screen_are_new(signals: Signals) -> None:
    ada = Screen(1)
    assert signals.focus(ada, frozenset([HERE]), ids(3, 4)) == (ids(3, 4), ids())
    assert signals.focus(ada, frozenset([HERE]), ids(4, 5)) == (ids(5), ids(3))
    signals.changed(UserId(3))
    a_second(signals)
    assert ada.people == []
    assert [signals.is_watched(UserId(id_)) for id_ in (3, 4, 5)] == [False, True, True]
    assert signals.forget(ada) == ids(4, 5)
    assert not signals.looking_at(HERE)
    assert not signals.conversations()
    signals.tell_all(ada)
    a_second(signals)
    assert ada.people == []


def test_whoever_does_not_read_is_told_the_latest_when_he_does(signals: Signals) -> None:
    ada = Screen(1)
    signals.focus(ada, NOTHING, ids(3, 4))
    ada.stalled = True
    for user_id in (3, 4, 3):
        signals.changed(UserId(user_id))
        a_second(signals)
    assert ada.told == []
    ada.stalled = False
    a_second(signals)
    assert ada.people == [[3, 4]]


def test_what_was_dropped_is_told_again(signals: Signals) -> None:
    ada = Screen(1)
    signals.focus(ada, frozenset([HERE]), ids(3))
    signals.count(ada, HERE, 251)
    signals.changed(UserId(3))
    a_second(signals)
    signals.tell_all(ada)
    a_second(signals)
    assert ada.told[1] == ada.told[0]
    assert ada.told[0].counts == {HERE: 251}


def test_a_count_is_told_when_it_changed_and_while_it_is_on_screen(signals: Signals) -> None:
    ada = Screen(1)
    signals.focus(ada, frozenset([HERE]), ids())
    for count in (251, 251, 252):
        signals.count(ada, HERE, count)
        a_second(signals)
    assert [one.counts for one in ada.told] == [{HERE: 251}, {HERE: 252}]
    signals.focus(ada, NOTHING, ids(3))
    signals.focus(ada, frozenset([HERE]), ids(3))
    signals.count(ada, HERE, 252)
    a_second(signals)
    assert ada.told[-1].counts == {HERE: 252}


def test_nothing_is_told_of_whom_nothing_is_known_yet(signals: Signals) -> None:
    ada = Screen(1)
    signals.focus(ada, NOTHING, ids(99))
    signals.changed(UserId(99))
    a_second(signals)
    assert ada.told == []
