from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.core.ids import ConversationId
from seriatim.protocol.answers import Compared
from seriatim.protocol.link.epoch import Agreement, Comparison

ONE = ConversationId(1)
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def search(held: list[int], cursor: int, common: int) -> tuple[int, int]:
    """Find the common prefix of a device that holds `held`, with a server that agrees up to `common`."""
    comparison, rounds = Comparison({ONE: cursor}), 0
    while not comparison.done:
        recalled = []
        for conversation_id, probe in comparison.asks():
            below = [seq for seq in held if seq <= probe]
            if below:
                recalled.append((conversation_id, below[-1], UUID(int=below[-1]), WHEN))
        rows = comparison.rows(recalled)
        if rows:
            rounds += 1
            comparison.compared([row for row in rows if row[1] <= common])
    return comparison.found()[ONE], rounds


@pytest.mark.promise("F6")
@given(st.integers(0, 300), st.integers(0, 300))
def test_halving_finds_the_last_seq_in_common(cursor: int, common: int) -> None:
    found, rounds = search(list(range(1, cursor + 1)), cursor, common)
    assert found == min(cursor, common)
    assert rounds <= 11


@given(st.sets(st.integers(1, 200)), st.integers(0, 200))
def test_with_holes_nothing_that_differs_is_kept_and_nothing_in_common_is_lost(held: set[int], common: int) -> None:
    cursor = max(held, default=0)
    found, _ = search(sorted(held), cursor, common)
    assert {seq for seq in held if seq <= found} == {seq for seq in held if seq <= common}


def test_one_frame_compares_at_most_two_hundred_conversations() -> None:
    comparison = Comparison({ConversationId(id_): 3 for id_ in range(1, 500)})
    assert len(comparison.asks()) == 200


def test_a_lost_connection_begins_the_comparison_again() -> None:
    agreement = Agreement()
    agreement.distrust(ONE, 5)
    assert agreement.asks() == ((ONE, 5),)
    agreement.recalled([(ONE, 5, UUID(int=5), WHEN)])
    assert agreement.due(1, 0.0) is not None
    agreement.disconnected()
    assert agreement.is_open
    assert agreement.asks() == ((ONE, 5),)


def test_an_answer_of_an_older_frame_counts_for_nothing() -> None:
    agreement = Agreement()
    agreement.distrust(ONE, 5)
    agreement.asks()
    agreement.recalled([(ONE, 5, UUID(int=5), WHEN)])
    agreement.due(7, 0.0)
    agreement.compared(Compared(id=6, epoch="e", entries=[]))
    assert agreement.found() == {}
    agreement.compared(Compared(id=7, epoch="e", entries=[(ONE, 5, UUID(int=5), WHEN)]))
    assert agreement.found() == {ONE: 5}
    assert not agreement.is_open
