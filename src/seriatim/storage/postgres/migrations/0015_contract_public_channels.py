"""No index that nothing reads by: 0007 made found_channels, which holds the listed channels too."""

from seriatim.storage.postgres.revision import execute

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SQL = """
drop index if exists public_channels;
"""


def upgrade() -> None:
    """Drop it."""
    execute(SQL)
