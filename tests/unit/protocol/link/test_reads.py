from seriatim.core.ids import ConversationId
from seriatim.protocol.link.reads import SPACING_S, Reads

ONE, TWO = ConversationId(1), ConversationId(2)


def test_the_last_watermark_of_a_conversation_wins_and_one_is_told_at_a_time() -> None:
    reads = Reads({})
    reads.want(ONE, 3)
    reads.want(ONE, 5)
    reads.want(TWO, 1)
    first = reads.due(1, 0.0)
    assert first is not None
    assert (first.conversation_id, first.seq) == (ONE, 5)
    assert reads.due(2, 0.0) is None
    assert reads.answered(1, 0.1, retry_after_ms=None) == ONE
    assert reads.due(2, 0.2) is None
    second = reads.due(2, 0.1 + SPACING_S)
    assert second is not None
    assert second.conversation_id == TWO


def test_a_watermark_that_moved_while_it_was_told_is_told_again() -> None:
    reads = Reads({ONE: 3})
    reads.due(1, 0.0)
    reads.want(ONE, 4)
    assert reads.answered(1, 0.1, retry_after_ms=None) is None
    again = reads.due(2, 1.0)
    assert again is not None
    assert again.seq == 4


def test_a_refusal_for_now_waits_as_long_as_the_server_says() -> None:
    reads = Reads({ONE: 3})
    reads.due(1, 0.0)
    assert reads.answered(1, 0.1, retry_after_ms=2_000) is None
    assert reads.due(2, 2.0) is None
    assert reads.due(2, 2.1) is not None
