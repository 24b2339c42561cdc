"""Fetch: a page of one conversation's log, as far as the asker may read it."""

from msgspec.structs import replace

from seriatim.core.errors import BadRequest
from seriatim.log.access import Action, authorize
from seriatim.log.read import page, seq_at
from seriatim.log.replica.replica import Replica
from seriatim.log.threads.page import thread_page
from seriatim.protocol.answers import Page
from seriatim.protocol.commands import Fetch
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database


async def fetch(command: Fetch, sender: Sender, database: Database, epoch: str, replica: Replica | None = None) -> Page:
    """Return every entry of the asked range that the sender may read, oldest first, at most `limit` (promise I1).

    Rights and the head are the primary's; the page is a replica's where there is one that has come that far.

    Bounds: two statements whatever the limit, three where a time is named; one more on a replica.

    Raises:
        BadRequest: more than one of `after`, `before`, `around`, `at` is named.
        NotFound: no such conversation, or the sender may not know of it.
    """
    if sum(place is not None for place in (command.after, command.before, command.around, command.at)) > 1:
        raise BadRequest("name one of after, before, around, at", path="$", reason="one_place")
    async with database.read() as connection:
        access = await authorize(connection, sender.user_id, command.conversation_id, Action.READ)
        if command.at is not None:
            seq = await seq_at(connection, access, command.conversation_id, command.at)
            command = replace(command, at=None, around=seq)
        read = page if command.thread_seq is None else thread_page
        if replica is None or not replica.is_there:
            return await read(connection, access, command, sender.user_id, epoch)

    async def on(connection: Connection) -> Page:
        return await read(connection, access, command, sender.user_id, epoch)

    found = await replica.read(command.conversation_id, access.head, on)
    if found is None:
        async with database.read() as connection:
            found = await on(connection)
    return found
