"""`set_presence`: how somebody wants to look, on all of his devices; and whom he lets know when he was last here."""

from seriatim.core.clock import Clock
from seriatim.core.ids import UserId
from seriatim.features.presence import rules, store
from seriatim.features.presence.rules import Chosen
from seriatim.features.presence.store import Stored
from seriatim.protocol.commands import SetPresence
from seriatim.protocol.fields import LastSeenTo
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def set_presence(command: SetPresence, sender: Sender, database: Database, clock: Clock) -> Chosen:
    """Store what the command chooses and return it once that is committed.

    Raises:
        BadRequest: `expires_at` is not within a year from now.
    """
    chosen = rules.chosen(command, clock.now())
    async with database.transaction() as connection:
        await store.choose(connection, sender.user_id, chosen)
    return chosen


async def let_know(to: LastSeenTo, user_id: UserId, database: Database) -> None:
    """Store who is told when this user was last here."""
    async with database.transaction() as connection:
        await store.let_know(connection, user_id, to)


async def stored(user_id: UserId, database: Database, clock: Clock) -> Stored:
    """Return what this user chose, as far as it still holds, and whom he lets know."""
    async with database.read() as connection:
        found = (await store.people(connection, [user_id]))[user_id]
    return found._replace(chosen=found.chosen.at(clock.now()))
