"""Addresses, one-time links and the mail that waits to be sent."""

from seriatim.storage.postgres.revision import execute

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = """
-- Confirmed ones only: one that is not confirmed yet stands in its link. digest_at: when the last digest was queued.
create table mail_addresses (
    user_id     bigint primary key references users (id) on delete cascade,
    address     text not null,
    address_key text collate "C" not null unique,
    digest      boolean not null default false,
    digest_at   timestamptz
);
create index mail_addresses_with_digest on mail_addresses (digest_at nulls first) where digest;

-- A row is what its link is worth; whoever uses the link takes the row.
create table one_time_links (
    secret_hash bytea primary key,
    purpose     text not null,
    user_id     bigint not null references users (id) on delete cascade,
    address     text,
    expires_at  timestamptz not null
);
create index one_time_links_by_user on one_time_links (user_id, purpose);
create index one_time_links_by_time on one_time_links (expires_at);

-- What is to be written, never the text: a secret is made when the mail is, and is in no row. asked: the name or the
-- address whose password is to be reset, looked up by who sends; so asking costs the same whoever it names.
create table mails (
    id            bigint generated always as identity primary key,
    kind          text not null,
    user_id       bigint references users (id) on delete cascade,
    asked         text,
    guest         boolean not null default false,
    created_at    timestamptz not null default clock_timestamp(),
    due_at        timestamptz not null default clock_timestamp(),
    failure_count integer not null default 0
);
create index mails_due on mails (due_at);
"""


def upgrade() -> None:
    """Create the tables."""
    execute(SQL)
