"""What people are called, besides the names with which they log in."""

from seriatim.storage.postgres.revision import execute

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = """
-- `users.name` is what somebody is called, `name_key` what he logs in with, folded. Who calls himself otherwise has the
-- name that he logs in with here, as it was written, and the other one folded, by which he is found too.
alter table users add column sign_in_name text;
alter table users add column display_key text collate "C";
create unique index users_by_display_key on users (display_key) where display_key is not null;
"""


def upgrade() -> None:
    """Add the columns."""
    execute(SQL)
