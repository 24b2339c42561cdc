"""Publishing: what one batch committed leaves in one call, in order; what is told again says so."""

from datetime import UTC, datetime

from seriatim.core.ids import ConversationId, DeviceId, UserId, uuid7
from seriatim.core.trace import Hop, Trace
from seriatim.delivery.broker.local import LocalBroker
from seriatim.delivery.broker.port import TOLD_AGAIN, Hint, Receives, Told
from seriatim.delivery.publish import Publisher
from seriatim.log.draft import Stored
from seriatim.protocol.entries import MessageSent


def stored(seq: int, *, duplicate: bool = False, trace: Trace | None = None) -> Stored:
    entry = MessageSent(
        conversation_id=ConversationId(7),
        seq=seq,
        sender_id=UserId(1),
        device_id=DeviceId(2),
        client_id=uuid7(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        body="hi",
    )
    return Stored(entry, 3, duplicate, trace)


def nobody_is_told(_told: Told) -> None:
    raise AssertionError


def test_a_batch_is_one_call_in_the_order_of_its_entries() -> None:
    calls: list[list[Hint]] = []
    trace = Trace(0)
    batch = [stored(4), stored(5, trace=trace), stored(2, duplicate=True)]
    Publisher(LocalBroker(Receives(calls.append, nobody_is_told)), "e").publish(batch)
    [hints] = calls
    assert [hint.entry for hint in hints] == [one.entry for one in batch]
    assert {hint.epoch for hint in hints} == {"e"}
    assert [hint.roster_version for hint in hints] == [3, 3, TOLD_AGAIN]
    assert [hint.trace for hint in hints] == [None, trace, None]
    assert [passed.hop for passed in trace.hops] == [Hop.RECEIVE, Hop.PUBLISH]
