"""Rows of `entries` to the entries that go on the wire, and back to what their kind keeps in `meta`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString, NamedTuple, cast
from uuid import UUID

import msgspec

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.entries import Entry, MessageSent

COLUMNS: LiteralString = (
    "e.conversation_id, e.seq, e.kind, e.sender_id, e.device_id, e.client_id, e.created_at, e.ordinal, e.target_seq,"
    " e.roster_version, e.body, e.meta"
)
"""The columns of an EntryRow, in its order, of `entries e`."""


class EntryRow(NamedTuple):
    """One row of `entries`."""

    conversation_id: ConversationId
    seq: int
    kind: str
    sender_id: UserId
    device_id: DeviceId
    client_id: UUID
    created_at: datetime
    ordinal: int | None
    target_seq: int | None
    roster_version: int | None
    body: str | None
    meta: dict[str, Any] | None


def entry_of(row: EntryRow) -> Entry:
    """Return the entry of this row."""
    if row.kind == "message_sent":
        return message_of(row)
    fields: dict[str, Any] = {
        **(row.meta or {}),
        "kind": row.kind,
        "conversation_id": row.conversation_id,
        "seq": row.seq,
        "sender_id": row.sender_id,
        "device_id": row.device_id,
        "client_id": row.client_id,
        "created_at": row.created_at,
        "ordinal": row.ordinal,
        "roster_version": row.roster_version,
    }
    return msgspec.convert(fields, Entry)  # pyright: ignore[reportArgumentType] - a union is a type to msgspec


def message_of(row: EntryRow) -> MessageSent:
    """Return the message of a row that is one."""
    return MessageSent(
        conversation_id=row.conversation_id,
        seq=row.seq,
        sender_id=row.sender_id,
        device_id=row.device_id,
        client_id=row.client_id,
        created_at=row.created_at,
        ordinal=row.ordinal,
        body=row.body or "",
        target_seq=row.target_seq,
    )


def kind_of(entry_type: type[Entry]) -> str:
    """Return the `kind` of an entry type, on the wire and in its column."""
    return cast("str", entry_type.__struct_config__.tag)


def meta_of(content: Mapping[str, Any]) -> str:
    """Return the JSON of what a kind holds, as its column keeps and compares it."""
    return msgspec.json.encode(content).decode()
