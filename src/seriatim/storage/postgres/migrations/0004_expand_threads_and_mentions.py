"""What the append function looks at besides: threads, mentions, and who may post where."""

from seriatim.storage.postgres.revision import execute

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = """
select 1;
"""


def upgrade() -> None:
    """Create what it needs."""
    execute(SQL)
