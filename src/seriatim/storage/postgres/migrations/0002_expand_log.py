"""The log: conversations, their members, their entries, and what readers of the log keep."""

from pathlib import Path
from typing import LiteralString, cast

from seriatim.storage.postgres.revision import execute

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PARTITIONS = 16
"""Entries are partitioned by conversation, so that one index stays small enough to sit in memory."""

TABLES = """
-- Head columns stand in no index and rows leave room, so that a send updates its conversation in place (HOT).
create table conversations (
    id              bigint primary key check (id between 1 and 9007199254740991),
    kind            text not null check (kind in ('direct', 'group', 'channel')),
    visibility      text not null check (visibility in ('private', 'public')),
    title           text,
    topic           text,
    settings        jsonb not null default '{}',
    created_at      timestamptz not null default clock_timestamp(),
    roster_version  integer not null default 0,
    member_count    integer not null default 0,
    last_seq        bigint not null default 0,
    last_ordinal    bigint not null default 0,
    last_message_at timestamptz,
    head_xid        xid8 not null default pg_current_xact_id(),
    first_kept_seq  bigint not null default 1
) with (fillfactor = 70);

create table direct_pairs (
    low_user_id     bigint not null,
    high_user_id    bigint not null check (high_user_id >= low_user_id),
    conversation_id bigint not null unique references conversations (id),
    primary key (low_user_id, high_user_id)
);

-- joined_seq..left_seq is what a member may read; watermarks stand in no index (HOT).
create table members (
    conversation_id bigint not null references conversations (id),
    user_id         bigint not null,
    role            text not null default 'member' check (role in ('member', 'admin', 'owner')),
    joined_seq      bigint not null,
    left_seq        bigint,
    read_seq        bigint not null default 0,
    read_ordinal    bigint not null default 0,
    delivered_seq   bigint not null default 0,
    own_xid         xid8 not null default pg_current_xact_id(),
    primary key (conversation_id, user_id)
) with (fillfactor = 80);
create index members_by_user on members (user_id, conversation_id);

create type entry_kind as enum (
    'message_sent', 'conversation_created', 'member_added', 'member_left', 'role_changed', 'settings_changed'
);

-- `meta` is what the kind holds besides the columns. `xid` is the transaction that stored the entry: followers read
-- by it. The second key is what makes a retry find what it stored.
create table entries (
    conversation_id bigint not null,
    seq             bigint not null,
    sender_id       bigint not null,
    device_id       bigint not null,
    client_id       uuid not null,
    created_at      timestamptz not null,
    xid             xid8 not null default pg_current_xact_id(),
    ordinal         bigint,
    target_seq      bigint,
    roster_version  integer,
    kind            entry_kind not null,
    body            text,
    meta            jsonb,
    primary key (conversation_id, seq),
    unique (conversation_id, device_id, client_id)
) partition by hash (conversation_id);
create index entries_by_xid on entries (xid, conversation_id, seq);

-- Where a follower stands: the last entry it has dealt with, in (xid, conversation_id, seq) order; `fence` rises with
-- every new lease, so that a follower that was only stopped and wakes up cannot write.
create table follower_cursors (
    name            text not null,
    shard           integer not null default 0,
    xid             xid8 not null default '0',
    conversation_id bigint not null default 0,
    seq             bigint not null default 0,
    leased_by       text,
    leased_until    timestamptz,
    fence           bigint not null default 0,
    primary key (name, shard)
);

-- One row, part of the log's epoch; a restore writes another one.
create table epoch_salt (
    only_row boolean primary key default true check (only_row),
    salt     text not null
);
insert into epoch_salt (salt) values (gen_random_uuid()::text);
"""


def upgrade() -> None:
    """Create the tables and the functions that number entries."""
    execute(TABLES)
    for remainder in range(PARTITIONS):
        execute(
            cast("LiteralString", f"create table entries_{remainder:02} partition of entries")
            + cast("LiteralString", f" for values with (modulus {PARTITIONS}, remainder {remainder})")
        )
    # In a file of its own, because editors and readers see SQL there.
    execute(cast("LiteralString", Path(__file__).with_name("0002_append_1.sql").read_text(encoding="utf-8")))
