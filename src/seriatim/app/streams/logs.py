"""The log this process is on: its epoch, and where pages of it are read."""

from typing import NamedTuple

from seriatim.core.clock import Clock
from seriatim.features.messages.fetch import fetch
from seriatim.log.epoch import epoch
from seriatim.log.replica.replica import Replica, line_of
from seriatim.protocol.answers import Page
from seriatim.protocol.commands import Fetch
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


class Log(NamedTuple):
    """One log, as long as it is this one."""

    database: Database
    epoch: str
    replica: Replica

    async def fetch(self, command: Fetch, sender: Sender) -> Page:
        """See features/messages/fetch."""
        return await fetch(command, sender, self.database, self.epoch, self.replica)


async def log_at(database: Database, replica_url: str | None, clock: Clock) -> Log:
    """Return the log there is now, with its replica if there is one.

    Raises:
        Unavailable: the database does not answer.
    """
    async with database.read() as connection:
        replica = Replica(replica_url, await line_of(connection), clock)
        return Log(database, await epoch(connection), replica)
