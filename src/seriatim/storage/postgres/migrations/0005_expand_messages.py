"""What happens to messages: edits, deletes, reactions, pins, polls."""

from pathlib import Path
from typing import LiteralString, cast

from seriatim.storage.postgres.revision import execute

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = """
alter type entry_kind add value 'message_edited';
alter type entry_kind add value 'message_deleted';
alter type entry_kind add value 'reaction_added';
alter type entry_kind add value 'reaction_removed';
alter type entry_kind add value 'message_pinned';
alter type entry_kind add value 'message_unpinned';
alter type entry_kind add value 'poll_started';
alter type entry_kind add value 'poll_voted';
alter type entry_kind add value 'poll_closed';
"""

TABLES = """
-- The state of a message or poll: which entries changed it. It stands in the row, so that a page reads it with the row.
-- `changed_seq` is the last of them all, `outcome` what an entry found out: the body before an edit, the counts of a
-- vote.
alter table entries add column changed_seq bigint;
alter table entries add column edited_seq bigint;
alter table entries add column deleted_seq bigint;
alter table entries add column pinned_seq bigint;
alter table entries add column outcome jsonb;

-- The edits of a message. Of other entries only votes have an outcome.
create index entries_by_target on entries (conversation_id, target_seq, seq) where outcome is not null;

-- A conversation's pins, at most 100.
create index entries_pinned on entries (conversation_id, pinned_seq) where pinned_seq is not null;

-- Who reacted with what; `reaction_seq` is the entry that says so.
create table reactions (
    conversation_id bigint not null,
    seq             bigint not null,
    emoji           text collate "C" not null,
    user_id         bigint not null,
    reaction_seq    bigint not null,
    primary key (conversation_id, seq, emoji, user_id)
);

-- The same, counted under the lock of the conversation: a page of messages with 10,000 reactions each stays one scan.
create table reaction_counts (
    conversation_id bigint not null,
    seq             bigint not null,
    emoji           text collate "C" not null,
    count           integer not null check (count > 0),
    primary key (conversation_id, seq, emoji)
);

-- How a poll stands; its question is its entry.
create table polls (
    conversation_id bigint not null,
    seq             bigint not null,
    votes           integer[] not null,
    voters          integer not null default 0,
    closed_seq      bigint,
    primary key (conversation_id, seq)
);

create table poll_votes (
    conversation_id bigint not null,
    seq             bigint not null,
    user_id         bigint not null,
    options         smallint[] not null,
    primary key (conversation_id, seq, user_id)
);
"""


def upgrade() -> None:
    """Add kinds, columns and tables, and the function that records entries with a target."""
    execute(KINDS)
    execute(TABLES)
    # In a file of its own, because editors and readers see SQL there.
    execute(cast("LiteralString", Path(__file__).with_name("0005_record_2.sql").read_text(encoding="utf-8")))
