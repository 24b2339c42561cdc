"""Who comes in, by which link, and what moderators did."""

from seriatim.storage.postgres.revision import execute

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = """
-- A guest sees only the conversations that he was invited to, and who is in them.
alter table users add column guest boolean not null default false;
alter table invitations add column guest boolean not null default false;

-- history null: as the visibility says, everything where it is public. What append looks at stands in 0004.
alter table conversations
    add column history text check (history in ('all', 'joined')),
    add column invite_role text not null default 'admin' check (invite_role in ('member', 'admin', 'owner')),
    add column pin_role text not null default 'admin' check (pin_role in ('member', 'admin', 'owner')),
    drop constraint conversations_visibility_check,
    add constraint conversations_visibility_check check (visibility in ('private', 'listed', 'public'));
alter table members
    drop constraint members_role_check,
    add constraint members_role_check check (role in ('guest', 'member', 'admin', 'owner'));
-- public_channels, which the old code reads by, goes in the next contract step.
create index found_channels on conversations (lower(title) collate "C", id)
    where kind = 'channel' and visibility <> 'private';

-- Links into a conversation. A row outlives its link: who came in by it retries with the same token.
create table conversation_invitations (
    id              bigint primary key check (id between 1 and 9007199254740991),
    conversation_id bigint not null references conversations (id),
    token_hash      bytea not null unique,
    role            text not null check (role in ('guest', 'member', 'admin')),
    created_by      bigint not null,
    created_at      timestamptz not null,
    expires_at      timestamptz not null,
    most_uses       integer,
    use_count       integer not null default 0,
    revoked_at      timestamptz
);
create index conversation_invitations_by_conversation on conversation_invitations (conversation_id, id);

-- Open ones only: accepted, refused and taken back ones are gone.
create table join_requests (
    conversation_id bigint not null references conversations (id),
    user_id         bigint not null,
    words           text not null,
    created_at      timestamptz not null,
    primary key (conversation_id, user_id)
);

create table bans (
    conversation_id bigint not null references conversations (id),
    user_id         bigint not null,
    banned_by       bigint not null,
    created_at      timestamptz not null,
    primary key (conversation_id, user_id)
);

create table blocks (
    user_id         bigint not null,
    blocked_user_id bigint not null,
    created_at      timestamptz not null,
    primary key (user_id, blocked_user_id)
);
create index blocks_by_blocked on blocks (blocked_user_id, user_id);

-- A report names the message and copies nothing of it: what is deleted is gone from here too.
create table reports (
    id              bigint generated always as identity primary key,
    conversation_id bigint not null references conversations (id),
    seq             bigint not null,
    reporter_id     bigint not null,
    words           text not null,
    created_at      timestamptz not null,
    taken_by        bigint,
    resolved_by     bigint,
    resolved_at     timestamptz,
    resolution      text check (resolution in ('nothing', 'deleted', 'member')),
    unique (conversation_id, seq, reporter_id)
);
create index reports_open on reports (id) where resolved_at is null;
create index reports_open_by_conversation on reports (conversation_id, id) where resolved_at is null;

-- Only ever grows. `details` is what the act's name and its people do not say.
create table audit (
    id              bigint generated always as identity primary key,
    at              timestamptz not null default clock_timestamp(),
    actor_id        bigint not null,
    act             text not null,
    conversation_id bigint,
    user_id         bigint,
    details         jsonb not null default '{}'
);
create index audit_by_conversation on audit (conversation_id, id) where conversation_id is not null;

-- Groups of people that are mentioned by one name.
create table user_groups (
    id         bigint primary key check (id between 1 and 9007199254740991),
    name       text not null,
    name_key   text collate "C" not null unique,
    created_at timestamptz not null
);
create table user_group_members (
    group_id bigint not null references user_groups (id) on delete cascade,
    user_id  bigint not null,
    primary key (group_id, user_id)
);
"""


def upgrade() -> None:
    """Create what it needs."""
    execute(SQL)
