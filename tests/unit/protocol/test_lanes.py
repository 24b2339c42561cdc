"""The order of commands within one session."""

from seriatim.core.ids import ConversationId
from seriatim.protocol.lanes import Lanes

HERE, THERE = ConversationId(1), ConversationId(2)


def test_sends_of_one_conversation_overlap() -> None:
    lanes: Lanes[str] = Lanes()
    assert lanes.enter(HERE, "first", send=True)
    assert lanes.enter(HERE, "second", send=True)


def test_another_command_waits_for_the_sends_before_it_and_holds_back_those_after_it() -> None:
    lanes: Lanes[str] = Lanes()
    lanes.enter(HERE, "send", send=True)
    assert not lanes.enter(HERE, "leave", send=False)
    assert not lanes.enter(HERE, "late send", send=True)
    assert lanes.leave(HERE, send=True) == ["leave"]
    assert lanes.leave(HERE, send=False) == ["late send"]
    assert not lanes.leave(HERE, send=True)
    assert lanes.enter(HERE, "leave again", send=False)


def test_a_run_of_sends_starts_together_after_the_command_before_it() -> None:
    lanes: Lanes[str] = Lanes()
    assert lanes.enter(HERE, "fetch", send=False)
    for name in ("a", "b", "fetch again", "c"):
        assert not lanes.enter(HERE, name, send=name in "abc")
    assert lanes.leave(HERE, send=False) == ["a", "b"]
    assert not lanes.leave(HERE, send=True)
    assert lanes.leave(HERE, send=True) == ["fetch again"]
    assert lanes.leave(HERE, send=False) == ["c"]


def test_conversations_do_not_wait_for_each_other() -> None:
    lanes: Lanes[str] = Lanes()
    assert lanes.enter(HERE, "leave", send=False)
    assert lanes.enter(THERE, "leave", send=False)
    assert lanes.enter(None, "create", send=False)


def test_an_idle_session_remembers_nothing() -> None:
    lanes: Lanes[str] = Lanes()
    lanes.enter(HERE, "a", send=True)
    lanes.enter(HERE, "b", send=False)
    lanes.leave(HERE, send=True)
    lanes.leave(HERE, send=False)
    assert (lanes._sending, lanes._waiting) == ({}, {})
