"""Exports that people ask for: who asked, what became of it, and the archive in pieces."""

from seriatim.storage.postgres.revision import execute

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQL = """
-- One a person: it is what keeps him from a second one. `taken_at` names the run that may write; `alive_at` is renewed
-- by it, and a run that is not heard of any more is lost.
create table exports (
    user_id  bigint primary key references users (id) on delete cascade,
    state    text not null,
    reason   text,
    asked_at timestamptz not null,
    taken_at timestamptz,
    alive_at timestamptz,
    bytes    bigint
);
create table export_pieces (
    user_id bigint not null references exports (user_id) on delete cascade,
    number  integer not null,
    content bytea not null,
    primary key (user_id, number)
);
-- Archives are packed already.
alter table export_pieces alter column content set storage external;
"""


def upgrade() -> None:
    """Create the tables."""
    execute(SQL)
