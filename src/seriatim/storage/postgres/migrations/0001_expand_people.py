"""People: users, their credentials, devices and sessions, invitations to sign up, and the server's own keys."""

from seriatim.storage.postgres.revision import execute

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = """
create table users (
    id           bigint primary key check (id between 1 and 9007199254740991),
    name         text not null,
    -- folded by features/accounts/rules.py; collation "C" lets the unique index answer searches by prefix
    name_key     text collate "C" not null unique,
    server_admin boolean not null default false,
    created_at   timestamptz not null
);

create table credentials (
    user_id       bigint primary key references users (id) on delete cascade,
    password_hash text not null,
    changed_at    timestamptz not null
);

create table devices (
    id           bigint primary key check (id between 1 and 9007199254740991),
    user_id      bigint not null references users (id) on delete cascade,
    name         text not null,
    kind         text not null,
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    revoked_at   timestamptz
);
-- The first account is the admin; looking for one must not read everybody.
create index users_admins on users (id) where server_admin;

create index devices_by_user on devices (user_id, last_seen_at desc);

-- Only tokens that are still good have a row; a token with a known family and no row was superseded: it is a replay.
create table refresh_tokens (
    token_hash bytea primary key,
    family     bytea not null,
    device_id  bigint not null references devices (id) on delete cascade,
    issued_at  timestamptz not null,
    used_at    timestamptz,
    expires_at timestamptz not null
);
create index refresh_tokens_by_family on refresh_tokens (family);
create index refresh_tokens_by_device on refresh_tokens (device_id);

-- Every gateway reads these with a cursor over xid. A restore gives each row the xid of its own transaction.
create table revocations (
    xid       xid8 not null default pg_current_xact_id(),
    user_id   bigint not null,
    device_id bigint not null,
    at        timestamptz not null
);
create index revocations_by_xid on revocations (xid);
create index revocations_by_time on revocations (at);

create table invitations (
    secret_hash bytea primary key,
    invited_by  bigint not null references users (id) on delete cascade,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    used_by     bigint references users (id) on delete set null,
    used_at     timestamptz
);

create table server_keys (
    kind       text not null,
    kid        text not null,
    sealed     bytea not null,
    created_at timestamptz not null,
    primary key (kind, kid)
);

-- The one way in which a device ends: log-out, revocation and a replayed refresh token share it.
-- Returns the devices ended; those that were ended already change nothing.
create function end_devices_1(p_user_id bigint, p_device_ids bigint[], p_at timestamptz) returns setof bigint
language sql as $$
    select 1 from devices where user_id = p_user_id and id = any (p_device_ids) order by id for update;
    delete from revocations where at < p_at - interval '1 day';
    delete from refresh_tokens where device_id in (
        select id from devices where user_id = p_user_id and id = any (p_device_ids)
    );
    with ended as (
        update devices set revoked_at = p_at
        where user_id = p_user_id and id = any (p_device_ids) and revoked_at is null
        returning id, user_id
    ), told as (
        insert into revocations (user_id, device_id, at) select user_id, id, p_at from ended returning device_id
    )
    select device_id from told;
$$;
"""


def upgrade() -> None:
    """Create the tables."""
    execute(SQL)
