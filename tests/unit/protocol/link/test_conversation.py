from datetime import UTC, datetime
from uuid import UUID

import pytest

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.answers import (
    FLAG_HIDDEN,
    FLAG_LEFT,
    FLAG_MARKED_UNREAD,
    FLAG_PINNED,
    HeadRow,
    OwnRead,
    Page,
)
from seriatim.protocol.entries import Entry, MessageSent
from seriatim.protocol.limits import HOLD_BACK_ENTRIES, HOLD_BACK_S
from seriatim.protocol.link.actions import Position
from seriatim.protocol.link.conversation import BARREN_PAGES, Conversation, Direction, History
from seriatim.protocol.own.changes import OwnMine
from seriatim.protocol.own.settings import Level

CONVERSATION, ME, OTHER = ConversationId(7), UserId(1), UserId(2)


def entry(seq: int, sender: UserId = OTHER) -> Entry:
    return MessageSent(
        conversation_id=CONVERSATION,
        seq=seq,
        sender_id=sender,
        device_id=DeviceId(9),
        client_id=UUID(int=seq),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ordinal=seq,
        body="x",
    )


def page(seqs: range, head: int, first: int = 1) -> Page:
    return Page(
        id=1,
        conversation_id=CONVERSATION,
        epoch="e",
        entries=[entry(seq) for seq in seqs],
        head=head,
        first_kept=first,
        complete=True,
    )


def at(cursor: int | None, history: History = History.NEWEST, **fields: int) -> Conversation:
    return Conversation(CONVERSATION, ME, Position(cursor=cursor, head=cursor or 0, **fields), history)


def seqs(entries: list[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


def mine(**flags: bool) -> OwnMine:
    named = {"pinned": False, "hidden": False, "marked_unread": False} | flags
    return OwnMine(conversation_id=CONVERSATION, level=Level.DEFAULT, muted_until=None, **named)


def test_a_message_shows_a_hidden_conversation_and_whatever_is_read_or_written_ends_that_it_is_marked_unread() -> None:
    conversation = at(5, flags=FLAG_LEFT)
    assert conversation.own(mine(pinned=True, hidden=True, marked_unread=True))
    assert conversation.flags == FLAG_LEFT | FLAG_PINNED | FLAG_HIDDEN | FLAG_MARKED_UNREAD
    conversation.event(entry(6), 0)
    assert conversation.flags == FLAG_LEFT | FLAG_PINNED | FLAG_MARKED_UNREAD
    assert conversation.has_read(6, 0)
    assert not conversation.has_read(6, 0)
    assert conversation.flags == FLAG_LEFT | FLAG_PINNED
    for end in (
        lambda: conversation.event(entry(7, ME), 0),
        lambda: conversation.own(OwnRead(conversation_id=CONVERSATION, seq=7, unread=0, mentions=0)),
    ):
        conversation.own(mine(marked_unread=True))
        end()
        assert conversation.flags == FLAG_LEFT


@pytest.mark.promise("L3")
def test_the_successor_is_applied_and_frees_what_was_held_behind_it() -> None:
    conversation = at(5)
    assert conversation.event(entry(8), 0) == conversation.event(entry(7), 0) == []
    assert seqs(conversation.event(entry(6), 0)) == [6, 7, 8]
    assert conversation.cursor == 8
    assert conversation.fetch_at is None


@pytest.mark.promise("D4")
def test_what_is_at_or_below_the_cursor_is_dropped() -> None:
    conversation = at(5)
    assert conversation.event(entry(5), 0) == conversation.event(entry(1), 0) == []
    assert conversation.wants(9) is None


@pytest.mark.promise("D1")
def test_a_gap_is_fetched_after_the_hold_back_time_and_not_before() -> None:
    conversation = at(5)
    conversation.event(entry(7), 10.0)
    assert conversation.wants(10.0 + HOLD_BACK_S - 0.01) is None
    assert conversation.wants(10.0 + HOLD_BACK_S) is Direction.AFTER


def test_later_events_do_not_put_the_fetch_off() -> None:
    conversation = at(5)
    conversation.event(entry(7), 10.0)
    conversation.event(entry(8), 10.1)
    assert conversation.wants(10.0 + HOLD_BACK_S) is Direction.AFTER


def test_at_most_five_hundred_entries_are_held_back_and_the_rest_is_fetched() -> None:
    conversation = at(5)
    for seq in range(7, 7 + HOLD_BACK_ENTRIES + 50):
        conversation.event(entry(seq), 0)
    assert len(conversation.held) == HOLD_BACK_ENTRIES
    taken = conversation.page(page(range(6, 7), 600), Direction.AFTER, 1)
    assert conversation.cursor == 6 + HOLD_BACK_ENTRIES == taken[-1].seq
    assert conversation.wants(1) is Direction.AFTER


@pytest.mark.parametrize(("behind", "direction"), [(1_000, Direction.AFTER), (1_001, Direction.NEWEST)])
def test_a_gap_over_a_thousand_loads_the_newest_page_first(behind: int, direction: Direction) -> None:
    conversation = at(5)
    conversation.heard_of(5 + behind, 0)
    assert conversation.wants(0) is direction


def test_a_leap_leaves_a_hole_that_fills_from_its_top() -> None:
    conversation = at(5)
    conversation.heard_of(2_000, 0)
    assert seqs(conversation.page(page(range(1_991, 2_001), 2_000), Direction.NEWEST, 0)) == list(range(1_991, 2_001))
    assert conversation.holes == [(6, 1_990)]
    conversation.fill_before = 1_991
    assert seqs(conversation.page(page(range(1_981, 1_991), 2_000), Direction.BEFORE, 0)) == list(range(1_981, 1_991))
    assert conversation.holes == [(6, 1_980)]
    assert conversation.cursor == 2_000


def test_a_fill_never_gives_what_is_held_already() -> None:
    conversation = Conversation(CONVERSATION, ME, Position(cursor=20, head=20, holes=((5, 8),)), History.NEWEST)
    conversation.fill_before = 9
    assert seqs(conversation.page(page(range(1, 9), 20), Direction.BEFORE, 0)) == [5, 6, 7, 8]
    assert conversation.holes == []


def test_a_fill_into_the_middle_leaves_two_holes() -> None:
    conversation = Conversation(CONVERSATION, ME, Position(cursor=90, head=90, holes=((10, 50),)), History.NEWEST)
    conversation.fill_before = 31
    conversation.page(page(range(21, 31), 90), Direction.BEFORE, 0)
    assert conversation.holes == [(10, 20), (31, 50)]


def test_what_retention_removed_is_no_hole() -> None:
    conversation = at(None)
    conversation.page(page(range(40, 51), 50, first=40), Direction.NEWEST, 0)
    assert (conversation.cursor, conversation.holes, conversation.first) == (50, [], 40)


def test_a_device_that_wants_all_history_walks_from_the_first_kept_entry() -> None:
    conversation = at(None, History.ALL)
    conversation.heard_of(5_000, 0)
    assert conversation.wants(0) is Direction.AFTER
    assert seqs(conversation.page(page(range(40, 51), 5_000, first=40), Direction.AFTER, 0)) == list(range(40, 51))
    assert conversation.holes == []


def test_a_head_that_does_not_exist_is_given_up_after_a_few_empty_pages() -> None:
    conversation = at(5)
    conversation.heard_of(9, 0)
    for _ in range(BARREN_PAGES + 1):
        conversation.page(page(range(0), 5), Direction.AFTER, 0)
    assert conversation.wants(99) is None
    assert not conversation.is_behind()


@pytest.mark.promise("D5")
def test_unread_is_the_servers_number_and_one_more_for_each_later_message_of_others() -> None:
    conversation = at(5)
    conversation.row(HeadRow(CONVERSATION, 6, 3, 0, 2, 0, 0), 0)
    conversation.event(entry(6), 0)
    assert conversation.unread == 2
    conversation.event(entry(7), 0)
    assert conversation.unread == 3
    conversation.event(entry(8, ME), 0)
    assert (conversation.unread, conversation.read) == (0, 8)


def test_a_head_below_the_cursor_asks_for_a_comparison() -> None:
    assert not at(5).row(HeadRow(CONVERSATION, 4, 0, 0, 0, 0, 0), 0)
    assert at(5).row(HeadRow(CONVERSATION, 5, 0, 0, 0, 0, 0), 0)


def test_nothing_moves_while_the_logs_are_compared() -> None:
    conversation = at(5)
    conversation.comparing = True
    assert conversation.event(entry(6), 0) == []
    assert conversation.wants(9) is None
    conversation.truncate(3, 9)
    assert conversation.wants(9) is Direction.AFTER


@pytest.mark.parametrize("cursor", [None, 0, 3])
def test_another_log_begins_with_its_own_numbers_unless_something_held_must_be_compared_first(
    cursor: int | None,
) -> None:
    conversation = at(cursor, read=5, unread=2, counted=7)
    conversation.restart()
    conversation.comparing = bool(cursor)
    conversation.row(HeadRow(CONVERSATION, 4, 0, 0, 4, 0, 0), 0)
    assert (conversation.read, conversation.unread, conversation.counted) == ((5, 2, 7) if cursor else (0, 4, 4))
