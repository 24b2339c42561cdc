import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from seriatim.client.store import Account, Store
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.link import Acked, Apply, Keep, Kept, Position, SaveToken, Settled, Truncate

ONE, ME, OTHER = ConversationId(1), UserId(1), UserId(2)
MY_DEVICE, THEIR_DEVICE = DeviceId(11), DeviceId(21)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def entry(seq: int, device: DeviceId = THEIR_DEVICE) -> MessageSent:
    return MessageSent(
        conversation_id=ONE,
        seq=seq,
        sender_id=ME if device == MY_DEVICE else OTHER,
        device_id=device,
        client_id=UUID(int=seq),
        created_at=NOW,
        ordinal=seq,
        body=f"message {seq}",
    )


def wish(number: int) -> SendMessage:
    return SendMessage(id=0, client_id=UUID(int=number), conversation_id=ONE, body=f"message {number}")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "device.db")


def reopened(store: Store, tmp_path: Path) -> Store:
    store.close()
    return Store(tmp_path / "device.db")


@pytest.mark.promise("D4")
def test_entries_position_and_token_are_there_after_reopening(store: Store, tmp_path: Path) -> None:
    position = Position(cursor=2, head=5, unread=2)
    store.write([Keep(wish(9), ordered=True), Apply(ONE, (entry(1), entry(2)), position), SaveToken("e", "t")])
    store = reopened(store, tmp_path)
    held = store.held()
    assert (held.epoch, held.token, held.positions) == ("e", "t", {ONE: position})
    assert held.outbox == [Kept(wish(9), ordered=True)]
    assert store.history(ONE, before=9, limit=9) == [entry(1), entry(2)]
    store.close()


@pytest.mark.promise("D4")
def test_a_batch_that_fails_changes_nothing(store: Store) -> None:
    store.write([Apply(ONE, (entry(1),), Position(cursor=1, head=1))])
    with pytest.raises(sqlite3.IntegrityError):
        store.write([SaveToken("e", "t"), Apply(ONE, (entry(2), entry(1)), Position(cursor=2, head=2))])
    assert store.held().token is None
    assert store.position(ONE) == Position(cursor=1, head=1)
    assert store.history(ONE, before=9, limit=9) == [entry(1)]
    store.close()


@pytest.mark.promise("I1")
def test_what_is_served_no_more_is_dropped(store: Store) -> None:
    store.write([Apply(ONE, (entry(1), entry(2)), Position(cursor=2, head=2))])
    store.write([Apply(ONE, (entry(5),), Position(cursor=5, head=5, first=5))])
    assert store.history(ONE, before=9, limit=9) == [entry(5)]
    store.close()


def test_an_acked_command_stays_until_its_entry_is_held(store: Store) -> None:
    store.write([Keep(wish(5), ordered=False)])
    store.write([Acked(UUID(int=5), ONE, 3, NOW, duplicate=False, awaits_entry=True)])
    assert store.held().outbox == [Kept(wish(5), ordered=False, seq=3)]
    store.write([Keep(wish(5), ordered=False)])
    assert store.held().outbox == [Kept(wish(5), ordered=False)]
    store.write([Settled(UUID(int=5))])
    assert store.held().outbox == []
    store.close()


@pytest.mark.promise("F6")
def test_own_messages_that_a_truncation_removes_are_in_the_outbox_again(store: Store) -> None:
    account = Account(url="u", user_id=ME, device_id=MY_DEVICE, name="ada", refresh_token="r")
    store.save_account(account)
    entries = (entry(1), entry(2, MY_DEVICE), entry(3), entry(4, MY_DEVICE))
    store.write([Apply(ONE, entries, Position(cursor=4, head=4))])
    lost = store.write([Truncate(ONE, 2, Position(cursor=2, head=2))]).lost
    assert lost == [wish(4)]
    assert store.held().outbox == [Kept(wish(4), ordered=True)]
    assert store.history(ONE, before=9, limit=9) == [entry(1), entry(2, MY_DEVICE)]
    store.close()


def test_entries_are_handled_in_the_order_of_arrival_without_those_that_fill_the_past(store: Store) -> None:
    store.write([Apply(ONE, (entry(8), entry(9)), Position(cursor=9, head=9, holes=((1, 7),)))])
    store.write([Apply(ONE, (entry(7),), Position(cursor=9, head=9, holes=((1, 6),)))])
    store.write([Apply(ONE, (entry(10),), Position(cursor=10, head=10))])
    assert [seen.seq for _, seen in store.applied_after(0)] == [8, 9, 10]
    store.handled = store.applied_after(0)[1][0]
    assert [seen.seq for _, seen in store.applied_after(store.handled)] == [10]
    store.close()


def test_the_newest_held_entry_at_or_below_a_seq_is_recalled(store: Store) -> None:
    store.write([Apply(ONE, (entry(2), entry(5)), Position(cursor=5, head=5))])
    assert store.recall([(ONE, 4), (ConversationId(2), 4)]) == [(ONE, 2, UUID(int=2), entry(2).created_at)]
    assert store.recall([(ONE, 1)]) == []
    store.close()


def test_a_reply_in_a_thread_is_unread_there_and_not_in_the_main_timeline(store: Store) -> None:
    replies = [replace(entry(2), thread_seq=1, ordinal=1), replace(entry(3), thread_seq=1, broadcast=True)]
    store.write([Apply(ONE, (entry(1), *replies), Position(cursor=3, head=3))])
    assert store.unread_above(ONE, 0, ME) == 2


def test_a_second_process_is_refused_and_the_file_is_private(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "device.db"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Store(path)
    store.close()


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store import Apply, Keep, ONE, Position, Store, entry, wish
store = Store(Path(sys.argv[1]))
for seq in range(1, 100_000):
    store.write([Keep(wish(1_000_000 + seq), ordered=True), Apply(ONE, (entry(seq),), Position(cursor=seq, head=seq))])
    print(seq, flush=True)
"""


@pytest.mark.promise("D4")
@pytest.mark.promise("F7")
def test_a_killed_process_leaves_all_it_had_committed_and_nothing_torn(tmp_path: Path) -> None:
    path = tmp_path / "device.db"
    arguments = [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env={**os.environ}) as writer:
        assert writer.stdout is not None
        told = 0
        while told < 50:
            told = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in writer.stdout.read().splitlines() if line.isdigit())])
    store = Store(path)
    held = store.held()
    cursor = held.positions[ONE].cursor
    assert cursor is not None
    assert cursor >= told - 1
    assert [found.seq for found in store.history(ONE, before=10**6, limit=10**6)] == list(range(1, cursor + 1))
    assert len(held.outbox) == cursor
    store.close()
