"""A pooler before PostgreSQL, such as PgBouncer in transaction mode: what it cannot carry, the role has to bring."""

import psycopg
from psycopg import sql

from seriatim.storage.postgres.database import CONNECT_WITHIN_S, SESSION

# Two URLs may lead to two servers, or to two databases of one.
PLACE = (
    "select s.system_identifier, d.oid from pg_control_system() s, pg_database d where d.datname = current_database()"
)
CURRENT = "select current_user, name, current_setting(name) from unnest(%(names)s::text[]) name"


class UnfitPooler(Exception):
    """The pooled URL does not lead where the direct one does, or not with the bounds we need; the message says more."""


def require_fit(pooled: str, direct: str) -> None:
    """Require that both URLs lead to one database, and that sessions through the pooler begin as ours would.

    A pooler hands no options of ours to the server, so bounds and the like have to be set for the role. (PgBouncer
    keeps its connections to the server: after ALTER ROLE it needs a RECONNECT.)

    Raises: UnfitPooler; psycopg.OperationalError when one of them does not answer.
    """
    with (
        psycopg.connect(pooled, autocommit=True, connect_timeout=CONNECT_WITHIN_S, prepare_threshold=None) as through,
        psycopg.connect(direct, autocommit=True, connect_timeout=CONNECT_WITHIN_S) as beside,
    ):
        if through.execute(PLACE).fetchone() != beside.execute(PLACE).fetchone():
            raise UnfitPooler("database_url and database_direct_url lead to different databases")
        found = through.execute(CURRENT, {"names": list(SESSION)}).fetchall()
        missing = [
            sql.SQL("alter role {} set {} = {};")
            .format(sql.Identifier(role), sql.SQL(name), sql.Literal(SESSION[name]))
            .as_string(beside)
            for role, name, value in found
            if value != SESSION[name]
        ]
    if missing:
        raise UnfitPooler(f"database_url leads to a pooler: run there, then let it connect anew: {' '.join(missing)}")
