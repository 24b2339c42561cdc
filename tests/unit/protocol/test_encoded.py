"""Encoding once: a burst's bytes are made at the first use of each subprotocol, then shared."""

from datetime import UTC, datetime

import msgspec

from seriatim.core.ids import ConversationId, DeviceId, UserId, uuid7
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.encoded import EncodedEvents, wires
from seriatim.protocol.entries import MessageSent


def entry(seq: int) -> MessageSent:
    return MessageSent(
        conversation_id=ConversationId(7),
        seq=seq,
        sender_id=UserId(1),
        device_id=DeviceId(2),
        client_id=uuid7(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        body=f"number {seq}",
    )


def test_a_burst_is_encoded_once_for_all_sessions_of_a_subprotocol() -> None:
    made: list[str] = []

    def text(payload: bytes) -> bytes:
        made.append("text")
        return b"T" + payload

    def binary(payload: bytes) -> bytes:
        made.append("binary")
        return b"B" + payload

    ours = wires(text, binary)
    events = EncodedEvents("e", ConversationId(7), [entry(4), entry(5)])
    first = events.framed(ours[Subprotocol.JSON])
    assert events.framed(ours[Subprotocol.JSON]) is first
    packed = events.framed(ours[Subprotocol.MSGPACK])
    assert events.framed(ours[Subprotocol.MSGPACK]) is packed
    assert made == ["text", "text", "binary", "binary"], "one frame an entry, each made once"
    assert events.seq == 5
    told = [msgspec.json.decode(part) for part in first.split(b"T{")[1:] for part in [b"{" + part]]
    assert [(frame["epoch"], frame["entry"]["seq"]) for frame in told] == [("e", 4), ("e", 5)]
