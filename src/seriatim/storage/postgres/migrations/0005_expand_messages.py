"""What happens to messages: edits, deletes, reactions, pins, polls."""

from seriatim.storage.postgres.revision import execute

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = """
select 1;
"""


def upgrade() -> None:
    """Create what it needs."""
    execute(SQL)
