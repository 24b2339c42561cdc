"""Publishing: what one batch committed leaves in one call, in order; what is told again says so."""

from datetime import UTC, datetime

from seriatim.core.ids import ConversationId, DeviceId, UserId, uuid7
from seriatim.core.trace import Hop, Trace
from seriatim.delivery.broker.port import TOLD_AGAIN, Hint
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


class Carrier:
    """A broker that keeps what it is given."""

    def __init__(self) -> None:
        self.calls: list[list[Hint]] = []

    def publish(self, hints: list[Hint]) -> None:
        self.calls.append(hints)


def test_a_batch_is_one_call_in_the_order_of_its_entries() -> None:
    carrier, trace = Carrier(), Trace(0)
    batch = [stored(4), stored(5, trace=trace), stored(2, duplicate=True)]
    Publisher(carrier, "e").publish(batch)
    [hints] = carrier.calls
    assert [hint.entry for hint in hints] == [one.entry for one in batch]
    assert {hint.epoch for hint in hints} == {"e"}
    assert [hint.roster_version for hint in hints] == [3, 3, TOLD_AGAIN]
    assert [hint.trace for hint in hints] == [None, trace, None]
    assert [passed.hop for passed in trace.hops] == [Hop.RECEIVE, Hop.PUBLISH]
