"""Vote: what one chooses in a poll replaces what one chose before; nothing chosen takes the vote back."""

from seriatim.features.polls import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Stored
from seriatim.log.messages import targets
from seriatim.log.record import begin, record
from seriatim.protocol.commands import Vote
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def vote(command: Vote, sender: Sender, database: Database) -> Stored:
    """Count the vote and return the committed entry; a retry returns the stored one (promise L2).

    The counts are exact: votes are counted one by one, under the conversation's lock.
    Bounds: seven statements, however many people have voted.

    Raises:
        BadRequest: no such option, one twice, or several where one may be chosen.
        NotFound: no such conversation or poll, or the sender may not know of it.
        Forbidden: the sender is no member, or may only read here.
        Conflict: `closed`, `unchanged`, or `deleted`.
        KeyReused, Unavailable.
    """
    here, seq, wish = command.conversation_id, command.target_seq, rules.vote(command, sender)
    async with database.transaction() as connection:
        begun = await begin(connection, wish, Action.REACT)
        if isinstance(begun, Stored):
            return begun
        await targets.target(connection, here, begun.access, seq, targets.POLL)
        poll = await store.poll(connection, here, seq, sender.user_id)
        change = rules.voted(wish, poll)
        assert change.outcome is not None
        await store.vote(
            connection,
            here,
            seq,
            sender.user_id,
            change.content["options"],
            votes=change.outcome["votes"],
            voters=change.outcome["voters"],
            changed_seq=begun.conversation.last_seq + 1,
        )
        return await record(connection, change)
