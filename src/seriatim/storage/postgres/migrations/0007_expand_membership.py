"""Who comes in, by which link, and what moderators did."""

from seriatim.storage.postgres.revision import execute

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = """
select 1;
"""


def upgrade() -> None:
    """Create what it needs."""
    execute(SQL)
