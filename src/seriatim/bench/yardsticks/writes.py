"""What a server wrote into its tables, by PostgreSQL's own count."""

import time

import psycopg

_WRITES = "select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables"
_SETTLED_S = 2.0
"""Each backend tells its counts a second after it used them."""


def rows_written(dsn: str) -> dict[str, int]:
    """Return how many rows were inserted, updated and deleted so far, by table."""
    time.sleep(_SETTLED_S)
    with psycopg.connect(dsn, autocommit=True) as connection:
        return dict(connection.execute(_WRITES).fetchall())
