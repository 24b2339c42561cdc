"""Bots, their commands, and webhooks in both directions."""

from seriatim.storage.postgres.revision import execute

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = """
alter table users add column bot boolean not null default false;

-- Whether a follower reads all of a restored log again; false where its effects are seen outside of the database.
alter table follower_cursors add column starts_anew boolean not null default true;

-- A bot is a user without a password, on one device, with one token that does not expire. The server's own bot, which
-- tells people what became of their webhooks, has no token.
create table bots (
    user_id    bigint primary key references users (id) on delete cascade,
    device_id  bigint not null unique references devices (id),
    owner_id   bigint,
    token_hash bytea unique,
    scopes     text[] not null,
    created_at timestamptz not null,
    is_server  boolean unique check (is_server)
);

-- What can be called with a slash, wherever its bot is a member; `url` null: the bot is told on its sockets.
create table slash_commands (
    name        text collate "C" primary key,
    bot_id      bigint not null references bots (user_id) on delete cascade,
    description text not null,
    usage       text not null,
    url         text
);
create index slash_commands_by_bot on slash_commands (bot_id);

-- Its id is also the device of what it says, so that the log's own keys make its retries harmless.
create table incoming_webhooks (
    id              bigint primary key check (id between 1 and 9007199254740991),
    conversation_id bigint not null references conversations (id),
    name            text not null,
    secret_hash     bytea not null,
    created_by      bigint not null,
    created_at      timestamptz not null
);
create index incoming_webhooks_by_conversation on incoming_webhooks (conversation_id, id);

-- The key of what was said within the last minute, by its hash.
create table incoming_calls (
    webhook_id bigint not null references incoming_webhooks (id) on delete cascade,
    body_hash  bytea not null,
    client_id  uuid not null,
    at         timestamptz not null,
    primary key (webhook_id, body_hash)
);

-- due_at: when the next delivery is tried; while one is under way, when it counts as lost. Null: nothing waits.
create table outgoing_webhooks (
    id              bigint primary key check (id between 1 and 9007199254740991),
    conversation_id bigint not null references conversations (id),
    name            text not null,
    url             text not null,
    created_by      bigint not null,
    created_at      timestamptz not null,
    first_seq       bigint not null,
    failure_count   integer not null default 0,
    due_at          timestamptz,
    disabled_at     timestamptz,
    disabled_for    text
);
create index outgoing_webhooks_by_conversation on outgoing_webhooks (conversation_id, id);
create index outgoing_webhooks_due on outgoing_webhooks (due_at) where due_at is not null;

-- What is still to be delivered, in the order of seq; the entry itself stays in the log.
create table webhook_deliveries (
    webhook_id bigint not null references outgoing_webhooks (id) on delete cascade,
    seq        bigint not null,
    primary key (webhook_id, seq)
);
"""


def upgrade() -> None:
    """Create what it needs."""
    execute(SQL)
