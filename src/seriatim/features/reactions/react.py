"""React: an emoji of one's own on a message or poll."""

from seriatim.core.errors import NotFound
from seriatim.features.reactions import rules, store
from seriatim.log.access import Action
from seriatim.log.draft import Change, Stored
from seriatim.log.messages import targets
from seriatim.log.record import begin, record
from seriatim.protocol.commands import React
from seriatim.protocol.entries import ReactionAdded
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def react(command: React, sender: Sender, database: Database) -> Stored:
    """Add the reaction and return the committed entry; a retry returns the stored one (promise L2).

    Bounds: six statements, however many people have reacted; one more for a `:custom_name:`.

    Raises:
        BadRequest: not one emoji.
        NotFound: no such conversation or message, or the sender may not know of it; no such emoji (`$.emoji`).
        Forbidden: the sender is no member, or may only read here.
        Conflict: `reacted` already, `reaction_kinds` (50 are there), or `deleted`.
        KeyReused, Unavailable.
    """
    rules.emoji(command.emoji)
    here, seq, content = command.conversation_id, command.target_seq, {"emoji": command.emoji}
    change = Change(here, sender, command.client_id, ReactionAdded, content, target_seq=seq)
    async with database.transaction() as connection:
        begun = await begin(connection, change, Action.REACT)
        if isinstance(begun, Stored):
            return begun
        await targets.target(connection, here, begun.access, seq, targets.MESSAGE, targets.POLL)
        if command.emoji.startswith(":") and not await store.is_emoji(connection, command.emoji.strip(":")):
            raise NotFound("this server has no such emoji", path="$.emoji")
        next_seq = begun.conversation.last_seq + 1
        added, kinds = await store.react(connection, here, seq, command.emoji, sender.user_id, changed_seq=next_seq)
        rules.reacted(added=added, kinds=kinds)
        return await record(connection, change)
