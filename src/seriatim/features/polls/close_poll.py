"""Close a poll: no vote counts any more."""

from seriatim.features.polls import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Change, Stored
from seriatim.log.messages import targets
from seriatim.log.record import begin, record
from seriatim.protocol.commands import ClosePoll
from seriatim.protocol.entries import PollClosed
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def close_poll(command: ClosePoll, sender: Sender, database: Database) -> Stored:
    """Close the poll before its time and return the committed entry; a retry returns the stored one (promise L2).

    Bounds: seven statements.

    Raises:
        NotFound: no such conversation or poll, or the sender may not know of it.
        Forbidden: the poll is another's and the sender no admin, or he may not write here.
        Conflict: `closed`, or `deleted`.
        KeyReused, Unavailable.
    """
    here, seq = command.conversation_id, command.target_seq
    change = Change(here, sender, command.client_id, PollClosed, {}, target_seq=seq)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.EDIT)
        if isinstance(begun, Stored):
            return begun
        await targets.target(connection, here, begun.access, seq, targets.POLL)
        poll = await store.poll(connection, here, seq, sender.user_id)
        rules.close(poll, sender, closes_others=targets.deletes_others(begun.access))
        await store.close(connection, here, seq, begun.conversation.last_seq + 1)
        return await record(connection, change)
