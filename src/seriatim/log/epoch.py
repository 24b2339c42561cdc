"""The epoch: which incarnation of the log this is; it changes when acked entries may have been lost."""

import hashlib
from typing import LiteralString

from seriatim.storage.postgres.database import Connection

# An ordinary role may read all three. The timeline is the first eight digits of a WAL file's name.
EPOCH: LiteralString = """-- epoch
select s.system_identifier::text, left(pg_walfile_name(pg_current_wal_lsn()), 8), e.salt
from pg_control_system() s, epoch_salt e"""

_DIGITS = 24


class LogReplaced(Exception):
    """The database answers again with another log than this process began with: restored, or failed over to."""


async def epoch(connection: Connection) -> str:
    """Return the epoch of this log: a hash of system identifier, timeline and the salt that `restore` changes.

    A promoted standby has a new timeline, a restored dump a new salt: clients then compare what they hold (client rule
    6). A rolled-back volume keeps all three, which is why a restore must change the salt.
    """
    cursor = await connection.execute(EPOCH)
    row = await cursor.fetchone()
    assert row is not None
    return hashlib.sha256("|".join(row).encode()).hexdigest()[:_DIGITS]


async def require_epoch(connection: Connection, known: str) -> None:
    """Require that this is the log known.

    Raises:
        LogReplaced: it is another one.
    """
    if await epoch(connection) != known:
        raise LogReplaced("the database came back with another log than this process began with")
