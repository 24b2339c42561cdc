"""When people were last seen."""

from seriatim.storage.postgres.revision import execute

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = """
select 1;
"""


def upgrade() -> None:
    """Create what it needs."""
    execute(SQL)
