"""What the body of a migration may use: SQL run exactly as it is written."""

from typing import TYPE_CHECKING, LiteralString, cast

from alembic import op

if TYPE_CHECKING:
    import psycopg


def execute(sql: LiteralString) -> None:
    """Run one or more SQL statements in the migration's transaction.

    The text reaches PostgreSQL unchanged: neither `:name` nor `%` means anything here.
    """
    connection = cast("psycopg.Connection", op.get_bind().connection.driver_connection)
    connection.execute(sql)
