"""What the append function looks at besides: threads, mentions, and who may post where."""

from pathlib import Path
from typing import LiteralString, cast

from seriatim.storage.postgres.revision import execute

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = """
-- `restricted` spares the common batch of messages a look at each of the three.
alter table conversations
    add column archived_at timestamptz,
    add column post_role   text not null default 'member' check (post_role in ('member', 'admin', 'owner')),
    add column slow_mode_s integer not null default 0 check (slow_mode_s between 0 and 21600);
alter table conversations
    add column restricted boolean not null
        generated always as (archived_at is not null or post_role <> 'member' or slow_mode_s > 0) stored;

-- sent_at: of his last message in slow mode; all_mentioned_at: when he last mentioned everybody.
alter table members
    add column silenced_until   timestamptz,
    add column sent_at          timestamptz,
    add column all_mentioned_at timestamptz;

-- thread_seq: the message that a reply hangs on. Its ordinal counts the thread's replies, unless it stands in the main
-- timeline too (broadcast).
alter table entries
    add column thread_seq bigint,
    add column broadcast  boolean;
create index entries_by_thread on entries (conversation_id, thread_seq, seq) where thread_seq is not null;

create table threads (
    conversation_id bigint not null,
    thread_seq      bigint not null,
    last_ordinal    bigint not null,
    reply_count     bigint not null,
    last_seq        bigint not null,
    last_at         timestamptz not null,
    xid             xid8 not null default pg_current_xact_id(),
    primary key (conversation_id, thread_seq)
) with (fillfactor = 80);
create index threads_by_activity on threads (conversation_id, last_seq);

-- Of members only: who leaves follows no thread any more. replied_seq: his last reply, 0: none.
create table thread_reads (
    conversation_id bigint not null,
    thread_seq      bigint not null,
    user_id         bigint not null,
    following       boolean not null default true,
    read_seq        bigint not null,
    read_ordinal    bigint not null,
    replied_seq     bigint not null default 0,
    xid             xid8 not null default pg_current_xact_id(),
    primary key (conversation_id, thread_seq, user_id)
) with (fillfactor = 80);
create index thread_reads_by_user on thread_reads (user_id, conversation_id, thread_seq);

-- Unread ones, and those of user 0, who is everybody: one shared row, never one per member. thread_seq 0: it stands in
-- the main timeline, and its conversation counts it; else its thread does.
create table mentions (
    conversation_id bigint not null,
    user_id         bigint not null,
    thread_seq      bigint not null,
    seq             bigint not null,
    primary key (conversation_id, user_id, thread_seq, seq)
);
"""


def upgrade() -> None:
    """Create the tables and the function that appends from now on; append_1 stays for the release before."""
    execute(SQL)
    execute(cast("LiteralString", Path(__file__).with_name("0004_append_2.sql").read_text(encoding="utf-8")))
