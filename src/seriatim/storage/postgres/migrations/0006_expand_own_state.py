"""What is a user's own: drafts, levels, saved and scheduled messages."""

from seriatim.storage.postgres.revision import execute

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = """
select 1;
"""


def upgrade() -> None:
    """Create what it needs."""
    execute(SQL)
