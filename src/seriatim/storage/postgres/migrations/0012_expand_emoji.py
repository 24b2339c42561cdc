"""Emoji of the server's own: their names and their pictures."""

from seriatim.storage.postgres.revision import execute

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQL = """
-- `digest`: of the picture, in hexadecimal; part of the picture's address, so that caches keep it for ever.
create table custom_emoji (
    name       text collate "C" primary key,
    picture    bytea not null,
    digest     text not null,
    media_type text not null,
    width      integer not null,
    height     integer not null,
    added_by   bigint not null,
    created_at timestamptz not null
);
-- Pictures are packed already.
alter table custom_emoji alter column picture set storage external;
"""


def upgrade() -> None:
    """Create the table."""
    execute(SQL)
