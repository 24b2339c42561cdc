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
from seriatim.protocol.entries import ENTRY_TYPES, EntryFields, MessageSent, PollStarted, PollVoted
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.storage.postgres import migrations

CONTENT: dict[str, dict[str, Any]] = {
    "message_sent": {"body": "hi", "target_seq": 3},
    "message_edited": {"target_seq": 3, "body": "better", "previous": "hi"},
    "message_deleted": {"target_seq": 3},
    "reaction_added": {"target_seq": 3, "emoji": "👍"},
    "reaction_removed": {"target_seq": 3, "emoji": "👍"},
    "message_pinned": {"target_seq": 3},
    "message_unpinned": {"target_seq": 3},
    "poll_started": {"question": "when", "options": ["now", "then"], "closes_at": datetime(2026, 1, 3, tzinfo=UTC)},
    "poll_voted": {"target_seq": 3, "options": (1,), "votes": (0, 1), "voters": 1},
    "poll_closed": {"target_seq": 3},
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


COLUMNS = {"target_seq", "body"}
OUTCOME = {"previous", "votes", "voters"}


@pytest.mark.parametrize("entry_type", ENTRY_TYPES, ids=lambda one: one.__name__)
def test_an_entry_survives_its_row(entry_type: type[EntryFields]) -> None:
    kind = kind_of(entry_type)  # type: ignore[arg-type]
    content = CONTENT[kind]
    common: dict[str, Any] = {
        "conversation_id": ConversationId(7),
        "seq": 9,
        "sender_id": UserId(1),
        "device_id": DeviceId(2),
        "client_id": uuid4(),
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "ordinal": 5,
        "roster_version": None if entry_type is MessageSent else 3,
    }
    meta = {name: value for name, value in content.items() if name not in COLUMNS | OUTCOME}
    outcome = {name: value for name, value in content.items() if name in OUTCOME}
    row = EntryRow(
        **common,
        kind=kind,
        target_seq=content.get("target_seq"),
        body=content.get("body"),
        meta=msgspec.json.decode(meta_of(meta)) if meta else None,
        outcome=msgspec.json.decode(meta_of(outcome)) if outcome else None,
    )
    assert entry_of(row) == entry_type(**common, **content)


def test_a_page_s_row_tells_what_became_of_it() -> None:
    common: dict[str, Any] = dict.fromkeys(EntryRow._fields[:12])
    common |= {"conversation_id": 7, "seq": 9, "sender_id": 1, "device_id": 2, "client_id": uuid4()}
    common["created_at"] = datetime(2026, 1, 2, tzinfo=UTC)
    state: dict[str, Any] = {"changed_seq": 14, "pinned_seq": 12, "reactions": [["👍", 2, True]]}
    told = entry_of(EntryRow(**common | {"kind": "message_sent", "body": "better"}, **state, edited_seq=13))
    assert isinstance(told, MessageSent)
    assert (told.body, told.edited_seq, told.reactions) == ("better", 13, (("👍", 2, True),))
    meta = {"question": "when", "options": ["now", "then"]}
    poll = {"votes": [0, 0], "voters": 0, "chosen": [], "closed_seq": 14}
    asked = entry_of(EntryRow(**common | {"kind": "poll_started", "meta": meta}, **state, poll=poll))
    assert isinstance(asked, PollStarted)
    assert (asked.votes, asked.closed_seq, asked.pinned_seq, asked.reactions) == ((), 14, 12, (("👍", 2, True),))


def test_an_anonymous_vote_is_nobody_s() -> None:
    common: dict[str, Any] = dict.fromkeys(EntryRow._fields[:12])
    common |= {"conversation_id": 7, "seq": 9, "sender_id": 1, "device_id": 2, "client_id": uuid4(), "target_seq": 3}
    common |= {"created_at": datetime(2026, 1, 2, tzinfo=UTC), "kind": "poll_voted", "meta": {"options": [1]}}
    told = entry_of(EntryRow(**common, outcome={"votes": [0, 1], "voters": 1, "anonymous": True}))
    assert isinstance(told, PollVoted)
    assert (told.sender_id, told.device_id, told.options, told.votes) == (0, 0, (), (0, 1))


def test_the_database_knows_the_kinds_of_the_wire() -> None:
    first, more = (
        Path(migrations.__path__[0], name).read_text(encoding="utf-8")
        for name in ("0002_expand_log.py", "0005_expand_messages.py")
    )
    found = re.search(r"create type entry_kind as enum \((.*?)\)", first, re.DOTALL)
    assert found is not None
    kinds = re.findall(r"'(\w+)'", found.group(1)) + re.findall(r"add value '(\w+)'", more)
    assert set(kinds) == {kind_of(one) for one in ENTRY_TYPES}  # type: ignore[arg-type]
    assert len(kinds) == len(ENTRY_TYPES)
