"""What the lists of conversations need: what an ex-member last saw, and public channels by the beginning of a title."""

from seriatim.storage.postgres.revision import execute

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = """
-- Of ex-members: title, topic, counts and time of the conversation as they were when he left, for he is shown no more.
alter table members add column left_view jsonb;

-- Collation "C" lets a beginning of a title be a range of the index; no head column stands in it (HOT).
create index public_channels on conversations (lower(title) collate "C", id)
    where kind = 'channel' and visibility = 'public';
"""


def upgrade() -> None:
    """Add the column and the index."""
    execute(SQL)
