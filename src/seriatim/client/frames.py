"""Server frames from bytes, tolerant of a newer server: what this version does not know does no harm."""

from collections.abc import Iterator
from typing import Any, cast, get_args, get_type_hints

import msgspec

from seriatim.protocol.answers import Event, Page, SelfChanged, ServerFrame
from seriatim.protocol.entries import ENTRY_TYPES, Entry, EntryFields


class UnsupportedEntry(EntryFields, frozen=True, kw_only=True, tag=False):
    """An entry of a kind this version does not know: it takes its place in the log, and is shown as unsupported."""

    kind: str


def decode(data: bytes | str) -> list[ServerFrame]:
    """Return the frames of one WebSocket message, in order, without those of unknown types.

    Raises:
        msgspec.DecodeError: these are no frames.
    """
    try:
        found = _DECODER.decode(data)
    except msgspec.ValidationError:
        return list(_tolerant(data))
    return found if isinstance(found, list) else [found]


def decode_entry(data: bytes) -> Entry:
    """Return one stored entry; of an unknown kind, an UnsupportedEntry."""
    try:
        return _ENTRY_DECODER.decode(data)
    except msgspec.ValidationError:
        return cast("Entry", cast("object", msgspec.json.decode(data, type=UnsupportedEntry)))


def _tolerant(data: bytes | str) -> Iterator[ServerFrame]:
    found: Any = msgspec.json.decode(data)
    frames = cast("list[dict[str, Any]]", found if isinstance(found, list) else [found])
    for frame in frames:
        is_known = frame.get("type") != "self" or frame["what"].get("change") in _KNOWN_CHANGES
        if frame.get("type") in _KNOWN_TYPES and is_known:
            yield _with_unsupported(frame)


def _with_unsupported(frame: dict[str, Any]) -> ServerFrame:
    """Convert a frame whose entries may be of unknown kinds."""
    if frame["type"] == "event" and frame["entry"].get("kind") not in _KNOWN_KINDS:
        entry = msgspec.convert(frame["entry"], UnsupportedEntry, strict=False)
        return cast("ServerFrame", Event(epoch=frame["epoch"], entry=cast("Any", entry)))
    if frame["type"] in ("welcome", "pong"):
        known = [change for change in frame.get("own", ()) if change.get("change") in _KNOWN_CHANGES]
        return msgspec.convert({**frame, "own": known}, ServerFrame)
    if frame["type"] == "page":
        entries = [
            msgspec.convert(entry, Entry if entry.get("kind") in _KNOWN_KINDS else UnsupportedEntry, strict=False)
            for entry in frame["entries"]
        ]
        page = msgspec.convert({**frame, "entries": []}, Page)
        return msgspec.structs.replace(page, entries=entries)
    return msgspec.convert(frame, ServerFrame)


_DECODER: msgspec.json.Decoder[ServerFrame | list[ServerFrame]] = msgspec.json.Decoder(ServerFrame | list[ServerFrame])
_ENTRY_DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)
_KNOWN_TYPES = frozenset(str(kind.__struct_config__.tag) for kind in get_args(ServerFrame))
_KNOWN_CHANGES = frozenset(str(kind.__struct_config__.tag) for kind in get_args(get_type_hints(SelfChanged)["what"]))
_KNOWN_KINDS = frozenset(str(kind.__struct_config__.tag) for kind in ENTRY_TYPES)
