"""`set_presence`: how somebody wants to look, on all of his devices; and whom he lets know when he was last here."""

from datetime import datetime

from seriatim.core.clock import Clock
from seriatim.core.ids import UserId
from seriatim.features.presence import rules, store
from seriatim.features.presence.rules import Chosen
from seriatim.protocol.commands import SetPresence
from seriatim.protocol.http.presence import MyPresence
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database


async def set_presence(command: SetPresence, sender: Sender, database: Database, clock: Clock) -> Chosen:
    """Store what the command chooses and return it once that is committed.

    Raises:
        BadRequest: `expires_at` is not within a year from now.
    """
    chosen = rules.chosen(command, clock.now())
    async with database.transaction() as connection:
        await store.choose(connection, sender.user_id, chosen, command.last_seen_to)
    return chosen


async def mine(connection: Connection, user_id: UserId, now: datetime) -> MyPresence:
    """Return what this user chose, as far as it still holds, and whom he lets know."""
    found = (await store.people(connection, [user_id]))[user_id]
    chosen = found.chosen.at(now)
    return MyPresence(
        state=chosen.state, text=chosen.text, expires_at=chosen.expires_at, last_seen_to=found.last_seen.to
    )
