"""What a device makes of later entries, on its disk: folded in order, across holes and truncations."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from seriatim.client.folding import holes_of
from seriatim.client.store import Account, Store
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.commands import Forward, SendMessage
from seriatim.protocol.entries import (
    Entry,
    Forwarded,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ReactionAdded,
    ReactionRemoved,
)
from seriatim.protocol.link import Apply, Position, Truncate

ONE, ME, OTHER, MY_DEVICE = ConversationId(1), UserId(1), UserId(2), DeviceId(11)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def made(kind: type[Any], seq: int, sender: UserId = OTHER, **fields: Any) -> Any:
    device_id = MY_DEVICE if sender == ME else DeviceId(21)
    return kind(
        conversation_id=ONE,
        seq=seq,
        sender_id=sender,
        device_id=device_id,
        client_id=UUID(int=seq),
        created_at=NOW,
        **fields,
    )


def message(seq: int, sender: UserId = OTHER, **fields: Any) -> MessageSent:
    return made(MessageSent, seq, sender, **({"ordinal": seq, "body": f"message {seq}"} | fields))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "device.db")
    store.save_account(Account(url="u", user_id=ME, device_id=MY_DEVICE, name="ada", refresh_token="r"))
    yield store
    store.close()


def apply(store: Store, *entries: Entry, holes: tuple[tuple[int, int], ...] = (), cursor: int) -> None:
    store.write([Apply(ONE, entries, Position(cursor=cursor, head=cursor, holes=holes))])


def held(store: Store, seq: int) -> Any:
    (found,) = [entry for entry in store.history(ONE, before=1_000, limit=1_000) if entry.seq == seq]
    return found


@pytest.mark.promise("L6")
def test_changes_are_written_into_what_is_held(store: Store) -> None:
    apply(store, message(1), message(2), cursor=2)
    apply(store, made(ReactionAdded, 3, target_seq=1, emoji="👍"), cursor=3)
    apply(
        store,
        made(ReactionAdded, 4, ME, target_seq=1, emoji="👍"),
        made(MessageEdited, 5, target_seq=1, body="better", previous="message 1"),
        cursor=5,
    )
    assert (held(store, 1).body, held(store, 1).reactions) == ("better", (("👍", 2, True),))
    apply(store, made(MessageDeleted, 6, target_seq=1), cursor=6)
    assert (held(store, 1).body, held(store, 1).reactions, held(store, 1).deleted_seq) == ("", (), 6)
    assert (held(store, 5).body, held(store, 5).previous) == ("", "")
    assert held(store, 2) == message(2)


@pytest.mark.promise("L6")
def test_what_a_page_told_already_is_not_counted_again(store: Store) -> None:
    apply(store, message(1, changed_seq=3, reactions=(("👍", 1, False),)), message(2), cursor=2)
    apply(store, made(ReactionAdded, 3, target_seq=1, emoji="👍"), cursor=3)
    assert held(store, 1).reactions == (("👍", 1, False),)


@pytest.mark.promise("L6")
def test_below_a_hole_changes_wait_until_it_is_filled_and_meet_in_their_order(store: Store) -> None:
    apply(store, message(1), cursor=1)
    apply(store, message(9), made(ReactionAdded, 10, target_seq=1, emoji="b"), holes=((2, 8),), cursor=10)
    apply(store, made(ReactionAdded, 11, target_seq=9, emoji="c"), holes=((2, 8),), cursor=11)
    assert (held(store, 1).reactions, held(store, 9).reactions) == ((), (("c", 1, False),))
    apply(store, message(6), made(ReactionRemoved, 7, target_seq=1, emoji="a"), message(8), holes=((2, 5),), cursor=11)
    assert held(store, 1).reactions == ()
    older = [made(ReactionAdded, 2, target_seq=1, emoji="a"), message(3), message(4), message(5)]
    apply(store, *older, cursor=11)
    assert (held(store, 1).reactions, held(store, 1).changed_seq) == ((("b", 1, False),), 10)


@pytest.mark.promise("F6")
def test_what_lost_entries_had_changed_is_forgotten_and_fetched_again(store: Store) -> None:
    apply(store, *(message(seq) for seq in range(1, 6)), cursor=5)
    apply(
        store,
        made(ReactionAdded, 6, target_seq=1, emoji="👍"),
        made(ReactionAdded, 7, target_seq=2, emoji="👍"),
        made(ReactionAdded, 8, target_seq=3, emoji="👍"),
        cursor=8,
    )
    written = store.write([Truncate(ONE, 6, Position(cursor=6, head=6))])
    assert written.torn == {ONE: [(2, 3)]}
    position = store.position(ONE)
    assert position is not None
    assert position.holes == ((2, 3),)
    assert [entry.seq for entry in store.history(ONE, before=99, limit=99)] == [1, 4, 5, 6]


@pytest.mark.promise("F6")
def test_lost_messages_are_sent_again_as_they_were_written(store: Store) -> None:
    where = Forwarded(conversation_id=ConversationId(9), seq=4, sender_id=OTHER)
    apply(
        store,
        message(1),
        message(2, ME),
        message(3, ME, mentions=(OTHER,), thread_seq=1),
        message(4, ME, forwarded=where),
        message(5, ME),
        made(MessageEdited, 6, ME, target_seq=2, body="better", previous="message 2"),
        made(MessageEdited, 7, ME, target_seq=2, body="best", previous="better"),
        made(MessageDeleted, 8, ME, target_seq=5),
        cursor=8,
    )
    lost = store.write([Truncate(ONE, 1, Position(cursor=1, head=1))]).lost
    said: dict[str, Any] = {"id": 0, "conversation_id": ONE}
    assert lost == [
        SendMessage(**said, client_id=UUID(int=2), body="message 2"),
        SendMessage(**said, client_id=UUID(int=3), body="message 3", mentions=(OTHER,), thread_seq=1),
        Forward(**said, client_id=UUID(int=4), source_conversation_id=ConversationId(9), source_seq=4),
    ]


def test_a_store_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = Store(path)
    old._db.executescript(
        "drop index entries_by_target; drop index entries_by_change; alter table entries drop column target;"
        "alter table entries drop column changed; update meta set value = x'31' where name = 'schema'"
    )
    old.close()
    store = Store(path)
    apply(store, message(1), made(ReactionAdded, 2, target_seq=1, emoji="👍"), cursor=2)
    assert held(store, 1).reactions == (("👍", 1, False),)
    store.close()
    Store(path).close()


def test_rising_seqs_make_ranges() -> None:
    assert holes_of([1, 2, 3, 5, 7, 8]) == [(1, 3), (5, 5), (7, 8)]
