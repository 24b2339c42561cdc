"""Rows of `entries` to the entries that go on the wire, and back to what their kind keeps in `meta`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString, NamedTuple, cast
from uuid import UUID

import msgspec

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.entries import Entry, Forwarded, MessageSent, ThreadState

COLUMNS: LiteralString = (
    "e.conversation_id, e.seq, e.kind, e.sender_id, e.device_id, e.client_id, e.created_at, e.ordinal, e.target_seq,"
    " e.roster_version, e.body, e.meta, e.changed_seq, e.edited_seq, e.deleted_seq, e.pinned_seq, e.outcome,"
    " e.thread_seq, e.broadcast"
)
"""The columns of an EntryRow, in its order, of `entries e`; what it has besides is joined to them in a page."""


class EntryRow(NamedTuple):
    """One row of `entries`, and what stands in other tables about it."""

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
    changed_seq: int | None = None
    edited_seq: int | None = None
    deleted_seq: int | None = None
    pinned_seq: int | None = None
    outcome: dict[str, Any] | None = None
    thread_seq: int | None = None
    broadcast: bool | None = None
    reactions: list[Any] | None = None
    poll: dict[str, Any] | None = None
    thread: dict[str, Any] | None = None


def entry_of(row: EntryRow) -> Entry:
    """Return the entry of this row."""
    if row.kind == "message_sent":
        return message_of(row)
    fields: dict[str, Any] = {
        **(row.meta or {}),
        **(row.outcome or {}),
        **(row.poll or {}),
        "kind": row.kind,
        "conversation_id": row.conversation_id,
        "seq": row.seq,
        "sender_id": row.sender_id,
        "device_id": row.device_id,
        "client_id": row.client_id,
        "created_at": row.created_at,
        "ordinal": row.ordinal,
        "roster_version": row.roster_version,
        "target_seq": row.target_seq,
        "body": row.body,
        "changed_seq": row.changed_seq,
        "deleted_seq": row.deleted_seq,
        "pinned_seq": row.pinned_seq,
        "reactions": row.reactions or (),
        "thread": row.thread,
    }
    if row.kind == "poll_started" and not fields.get("voters"):
        fields["votes"] = ()  # as in the entry that started it
    if row.kind == "poll_voted" and fields.pop("anonymous", False):
        fields |= {"sender_id": 0, "device_id": 0, "options": ()}
    return msgspec.convert(fields, Entry)  # pyright: ignore[reportArgumentType] - a union is a type to msgspec


def as_sent(row: EntryRow) -> EntryRow:
    """Return the row as its event told it: what became of it since is told by later entries."""
    return row._replace(changed_seq=None, edited_seq=None, deleted_seq=None, pinned_seq=None)


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
        changed_seq=row.changed_seq,
        deleted_seq=row.deleted_seq,
        pinned_seq=row.pinned_seq,
        reactions=tuple(map(tuple, row.reactions)) if row.reactions else (),
        body=row.body or "",
        target_seq=row.target_seq,
        edited_seq=row.edited_seq,
        thread_seq=row.thread_seq,
        broadcast=bool(row.broadcast),
        mentions=tuple(row.meta.get("mentions", ())) if row.meta else (),
        thread=None if row.thread is None else msgspec.convert(row.thread, ThreadState),
        forwarded=msgspec.convert(row.meta["forwarded"], Forwarded) if row.meta and "forwarded" in row.meta else None,
        via=row.meta.get("via") if row.meta else None,
        sent_at=datetime.fromisoformat(row.meta["sent_at"]) if row.meta and "sent_at" in row.meta else None,
    )


def kind_of(entry_type: type[Entry]) -> str:
    """Return the `kind` of an entry type, on the wire and in its column."""
    return cast("str", entry_type.__struct_config__.tag)


def meta_of(content: Mapping[str, Any]) -> str:
    """Return the JSON of what a kind holds, as its column keeps and compares it."""
    return msgspec.json.encode(content).decode()
