"""Compare: which of the entries that a device holds stand in this log too (client rule 6, after a failover)."""

from seriatim.log import read
from seriatim.protocol.answers import Compared
from seriatim.protocol.commands import Compare
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def compare(command: Compare, sender: Sender, database: Database, epoch: str) -> Compared:
    """Return those of the named entries that are equal here and that the sender may read (promise I1).

    Bounds: one statement; at most 200 entries.
    """
    async with database.read() as connection:
        equal = await read.compare(connection, sender.user_id, command.entries)
    return Compared(id=command.id, epoch=epoch, entries=equal)
