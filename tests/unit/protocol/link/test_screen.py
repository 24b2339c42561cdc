from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.answers import PresenceRow, PresenceTold, TypingTold
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.fields import PresenceState
from seriatim.protocol.link.screen import Screen

HERE, THERE = ConversationId(1), ConversationId(2)
ADA, BOB = UserId(11), UserId(12)
ONLINE = PresenceState.ONLINE


@pytest.fixture
def screen() -> Screen:
    screen = Screen()
    screen.focus([HERE], [ADA, BOB], inactive=False)
    return screen


def typing(user_id: UserId, *, on: bool = True, thread_seq: int | None = None) -> TypingTold:
    return TypingTold(conversation_id=HERE, user_id=user_id, on=on, thread_seq=thread_seq)


def message(sender: UserId) -> MessageSent:
    author: dict[str, Any] = {"sender_id": sender, "device_id": DeviceId(1), "client_id": UUID(int=1)}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return MessageSent(conversation_id=HERE, seq=1, ordinal=1, body="x", created_at=at, **author)


@pytest.mark.promise("D7")
def test_nobody_types_for_longer_than_six_seconds_after_the_last_news_of_it(screen: Screen) -> None:
    screen.told(typing(ADA), 1.0)
    screen.told(typing(BOB), 2.0)
    screen.told(typing(ADA), 4.0)
    assert screen.next_at() == 8.0
    screen.overdue(7.9)
    assert screen.typists(HERE) == [ADA, BOB]
    screen.overdue(8.0)
    assert screen.typists(HERE) == [ADA]
    screen.overdue(10.0)
    assert screen.typists(HERE) == []
    assert screen.next_at() is None


@pytest.mark.promise("D7")
def test_whoever_stops_or_sends_types_no_more(screen: Screen) -> None:
    screen.told(typing(ADA), 1.0)
    screen.told(typing(BOB, thread_seq=3), 1.0)
    assert (screen.typists(HERE), screen.typists(HERE, 3)) == ([ADA], [BOB])
    screen.told(typing(ADA, on=False), 2.0)
    screen.entry(message(BOB))
    assert (screen.typists(HERE), screen.typists(HERE, 3)) == ([], [])


def test_this_device_says_once_in_three_seconds_that_its_user_types(screen: Screen) -> None:
    def said(now: float, *, on: bool = True) -> list[bool]:
        return [action.frame.on for action in screen.type((HERE, None), now, on=on)]  # type: ignore[union-attr]

    assert [said(1.0), said(2.0), said(3.9), said(4.0)] == [[True], [], [], [True]]
    assert [said(4.1, on=False), said(4.2, on=False)] == [[False], []]


def test_what_is_off_the_screen_or_not_told_any_more_is_not_known(screen: Screen) -> None:
    rows = [PresenceRow(ADA, ONLINE), PresenceRow(BOB, ONLINE), PresenceRow(UserId(13), ONLINE)]
    screen.told(PresenceTold(rows=rows, counts={HERE: 251}), 1.0)
    assert screen.presence(UserId(13)) is None, "it was asked for no more"
    screen.focus([], [BOB], inactive=False)
    assert (screen.presence(ADA), screen.online(HERE)) == (None, None)
    assert screen.presence(BOB) == rows[1]
    screen.changes()
    screen.disconnected()
    assert screen.presence(BOB) is None
    assert len(screen.changes()) == 1
    assert screen.changes() == []


def test_after_coming_back_the_people_on_screen_are_named_again(screen: Screen) -> None:
    assert screen.greeting().conversation_ids == [HERE]
    (action,) = screen.connected()
    assert action.frame == screen.frame()
    screen.focus([HERE], [], inactive=True)
    assert screen.greeting().inactive
    assert screen.connected() == [], "hello said it all"
    screen.focus([THERE], [], inactive=True)
    (action,) = screen.connected()
    assert action.frame == screen.frame(), "changed while hello was on its way"


def test_conversations_and_people_on_screen_are_a_hundred_together(screen: Screen) -> None:
    frame = screen.focus(map(ConversationId, range(60)), map(UserId, range(60)), inactive=True)
    assert (len(frame.conversation_ids), len(frame.user_ids), frame.inactive) == (60, 40, True)
