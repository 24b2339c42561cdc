"""How people want to look, and when they were last here."""

from seriatim.storage.postgres.revision import execute

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = """
-- A row exists for whoever chose something or was here. That somebody comes, goes or turns away writes nothing at once;
-- last_seen_at is written many at a time and stands in no index (HOT).
create table presence (
    user_id      bigint primary key references users (id) on delete cascade,
    state        text not null default 'auto' check (state in ('auto', 'away', 'do_not_disturb', 'invisible')),
    text         text not null default '',
    expires_at   timestamptz,
    last_seen_at timestamptz,
    last_seen_to text not null default 'everyone' check (last_seen_to in ('everyone', 'contacts', 'nobody'))
) with (fillfactor = 70);

-- The contacts of somebody: the other half of his pairs.
create index direct_pairs_by_high on direct_pairs (high_user_id);
"""


def upgrade() -> None:
    """Create the table and the index."""
    execute(SQL)
