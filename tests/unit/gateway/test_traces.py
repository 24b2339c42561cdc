"""Kept traces: found by the place of their message, the oldest forgotten first, each exported once."""

import asyncio
from datetime import UTC, datetime

import pytest

from seriatim.core.errors import NotFound
from seriatim.core.ids import ConversationId, DeviceId, UserId, uuid7
from seriatim.core.trace import Hop, Trace
from seriatim.gateway.outbox import Outboxes
from seriatim.gateway.traces import Traces, hops_of
from seriatim.log.draft import Stored
from seriatim.protocol.entries import Entry, MessageSent

HERE = ConversationId(7)


def stored(seq: int) -> Stored:
    entry = MessageSent(
        conversation_id=HERE,
        seq=seq,
        sender_id=UserId(1),
        device_id=DeviceId(2),
        client_id=uuid7(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        body="hi",
    )
    return Stored(entry, 1)


async def test_the_newest_traces_are_kept_and_each_is_exported_when_it_has_ended() -> None:
    exported: list[tuple[Entry, Trace]] = []
    boxes = Outboxes(asyncio.get_running_loop())
    traces = Traces(boxes, lambda entry, trace: exported.append((entry, trace)), kept=2)
    finished = [(stored(seq), Trace(0)) for seq in (1, 2, 3)]
    for one, trace in finished:
        traces.finish(one, trace)
    assert exported == [], "their tick has not written yet"
    boxes.flush()
    assert exported == [(one.entry, trace) for one, trace in finished]
    with pytest.raises(NotFound):
        traces.find(HERE, 1)
    found = traces.find(HERE, 3)
    assert (found.seq, found.client_id) == (3, finished[2][0].entry.client_id)
    assert [hop.hop for hop in found.hops] == [Hop.RECEIVE, Hop.WRITE]


def test_times_count_in_microseconds_from_the_first_byte() -> None:
    trace = Trace(1_000_000)
    trace.note(Hop.COMMIT, rows=2)
    trace.hops[1] = trace.hops[1]._replace(at_ns=3_500_000)
    assert [(hop.hop, hop.at_us, hop.network, hop.rows) for hop in hops_of(trace)] == [
        ("receive", 0, 1, 0),
        ("commit", 2_500, 0, 2),
    ]
