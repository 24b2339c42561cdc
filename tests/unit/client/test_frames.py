import msgspec
import pytest

from seriatim.client.frames import UnsupportedEntry, decode, decode_entry
from seriatim.protocol.answers import Event, Ok, Page

ENTRY = {
    "kind": "hologram_sent",
    "conversation_id": 1,
    "seq": 2,
    "sender_id": 3,
    "device_id": 4,
    "client_id": "01900000-0000-7000-8000-000000000001",
    "created_at": "2026-01-01T00:00:00Z",
    "light": "green",
}
KNOWN = {**ENTRY, "kind": "message_sent", "body": "hi", "seq": 1}


def test_frames_come_alone_or_as_an_array() -> None:
    assert decode(b'{"type":"ok","id":1}') == [Ok(id=1)]
    assert decode(b'[{"type":"ok","id":1},{"type":"ok","id":2}]') == [Ok(id=1), Ok(id=2)]


def test_a_frame_of_an_unknown_type_is_left_out_and_its_neighbours_are_not() -> None:
    assert decode(b'[{"type":"telepathy","id":1},{"type":"ok","id":2}]') == [Ok(id=2)]


def test_an_entry_of_an_unknown_kind_keeps_its_place_in_the_log() -> None:
    (event,) = decode(msgspec.json.encode({"type": "event", "epoch": "e", "entry": ENTRY}))
    assert isinstance(event, Event)
    assert isinstance(event.entry, UnsupportedEntry)
    assert (event.entry.seq, event.entry.kind) == (2, "hologram_sent")
    page = {
        "type": "page",
        "id": 1,
        "conversation_id": 1,
        "epoch": "e",
        "entries": [KNOWN, ENTRY],
        "head": 2,
        "first_kept": 1,
        "complete": True,
    }
    (found,) = decode(msgspec.json.encode(page))
    assert isinstance(found, Page)
    assert [entry.seq for entry in found.entries] == [1, 2]


def test_an_entry_of_an_unknown_kind_survives_the_store() -> None:
    entry = decode_entry(msgspec.json.encode(ENTRY))
    assert decode_entry(msgspec.json.encode(entry)) == entry


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"type":"ok"}'])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)
