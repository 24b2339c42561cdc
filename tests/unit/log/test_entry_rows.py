"""Every kind of entry comes back from its row as it was, and is known to the database by the same name."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.log.entry_rows import EntryRow, entry_of, kind_of, meta_of
from seriatim.protocol.entries import ENTRY_TYPES, EntryFields, MessageSent
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.storage.postgres import migrations

CONTENT: dict[str, dict[str, Any]] = {
    "message_sent": {"body": "hi", "target_seq": 3},
    "conversation_created": {
        "conversation_kind": ConversationKind.GROUP,
        "visibility": Visibility.PRIVATE,
        "title": "a title",
        "members": [UserId(1), UserId(2)],
    },
    "member_added": {"user_id": UserId(4), "role": Role.ADMIN},
    "member_left": {"user_id": UserId(4)},
    "role_changed": {"user_id": UserId(4), "role": Role.OWNER},
    "settings_changed": {"topic": "", "visibility": Visibility.PUBLIC},
}


@pytest.mark.parametrize("entry_type", ENTRY_TYPES, ids=lambda one: one.__name__)
def test_an_entry_survives_its_row(entry_type: type[EntryFields]) -> None:
    kind = kind_of(entry_type)  # type: ignore[arg-type]
    content = CONTENT[kind]
    message = entry_type is MessageSent
    row = EntryRow(
        conversation_id=ConversationId(7),
        seq=9,
        kind=kind,
        sender_id=UserId(1),
        device_id=DeviceId(2),
        client_id=uuid4(),
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        ordinal=5 if message else None,
        target_seq=content.get("target_seq"),
        roster_version=None if message else 3,
        body=content.get("body"),
        meta=None if message else msgspec.json.decode(meta_of(content)),
    )
    fields = row._asdict()
    for name in ("kind", "target_seq", "body", "meta"):
        del fields[name]
    assert entry_of(row) == entry_type(**fields, **content)


def test_the_database_knows_the_kinds_of_the_wire() -> None:
    text = Path(migrations.__path__[0], "0002_expand_log.py").read_text(encoding="utf-8")
    found = re.search(r"create type entry_kind as enum \((.*?)\)", text, re.DOTALL)
    assert found is not None
    kinds = re.findall(r"'(\w+)'", found.group(1))
    assert kinds == [kind_of(one) for one in ENTRY_TYPES]  # type: ignore[arg-type]
