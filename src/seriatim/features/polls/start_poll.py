"""Start a poll: a question to everybody in the conversation, which counts as a message."""

from seriatim.core.errors import Forbidden
from seriatim.features.polls import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.record import begin, record
from seriatim.protocol.commands import StartPoll
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def start_poll(command: StartPoll, sender: Sender, database: Database) -> Stored:
    """Ask, and return the committed entry; a retry returns the stored one (promise L2).

    Bounds: seven statements.

    Raises:
        BadRequest: a blank text, two equal options, or it would close in the past or after more than 30 days.
        NotFound: no such conversation, or the sender may not know of it.
        Forbidden: the sender may not write here (now): he is no member, `silenced`, `slow_mode`, `archived`.
        KeyReused, Unavailable.
    """
    here, change = command.conversation_id, rules.start(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.SEND)
        if isinstance(begun, Stored):
            return begun
        rules.lasting(await store.time_left(connection, command.closes_at))
        wait_ms = await store.wait_ms(connection, here, sender.user_id)
        if wait_ms:
            raise Forbidden(
                "slow mode: wait between two messages",
                path="$.conversation_id",
                reason="slow_mode",
                retry_after_ms=wait_ms,
            )
        await store.start(connection, here, begun.conversation.last_seq + 1, len(command.options))
        return await record(connection, change)
