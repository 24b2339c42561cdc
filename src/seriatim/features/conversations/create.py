"""Create: found a conversation; a retry finds the same one, and two people have one direct conversation."""

from collections.abc import Sequence

from seriatim.core.errors import Unavailable
from seriatim.core.ids import UserId, conversation_id_of
from seriatim.features.conversations import rules, store
from seriatim.features.conversations.rules import Candidate, Founding
from seriatim.log import roster
from seriatim.log.draft import Change, Stored
from seriatim.log.moderation import blocks, guests
from seriatim.log.record import record, recorded
from seriatim.protocol.commands import Create
from seriatim.protocol.fields import ConversationKind, Role
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

ID_ATTEMPTS = 4
"""Ids tried when one is taken by another device's key: each is a collision within 53 bits."""


async def create(command: Create, sender: Sender, database: Database, secret: bytes) -> Stored:
    """Found a conversation and return its first entry, committed; a retry finds the same one (promise L2).

    `secret` makes ids of keys: the same in all processes, for ever. A direct conversation that the pair has already is
    returned as a duplicate, whoever founded it; its entry then carries the founder's key, not this command's.

    Raises:
        BadRequest: what rules.founding refuses.
        NotFound: a named member does not exist (`$.members[i]`), or a guest who creates does not know him.
        Forbidden: `blocked` by a named member; `guest`: a guest begins nothing but direct conversations.
        KeyReused: the key made another conversation.
        Unavailable.
    """
    founding = rules.founding(command, sender.user_id)
    async with database.transaction() as connection:
        conversation_id = conversation_id_of(secret, sender.device_id, command.client_id)
        known = await recorded(connection, rules.founded(founding, command, sender, conversation_id))
        if known is not None:
            return known
        if founding.kind is ConversationKind.DIRECT:
            pair = await store.lock_pair(connection, founding.members)
            if pair is not None:
                return await store.first_entry(connection, pair)
        people = await _people(connection, founding, sender)
        rules.gather(command.members, people)
        founders = [
            (id_, rules.role_of_founder(founding.kind, people[id_], sender.user_id)) for id_ in founding.members
        ]
        for attempt in range(ID_ATTEMPTS):
            conversation_id = conversation_id_of(secret, sender.device_id, command.client_id, attempt)
            change = rules.founded(founding, command, sender, conversation_id)
            if await _founded(connection, founding, change, founders):
                return await record(connection, change)
            known = await recorded(connection, change)
            if known is not None:  # the same command in another session was faster
                return known
    raise Unavailable("no id was free; try again")


async def _people(connection: Connection, founding: Founding, sender: Sender) -> dict[UserId, Candidate]:
    """Return the founders whom the creator knows, under the lock of their pair if they are one."""
    people = await store.candidates(connection, None, founding.members, sender.user_id)
    if people[sender.user_id].is_guest:
        rules.by_guest(founding.kind)
        seen = await guests.seen(connection, sender.user_id, founding.members)
        people = {user_id: candidate for user_id, candidate in people.items() if user_id in seen}
    return people


async def _founded(
    connection: Connection, founding: Founding, change: Change, founders: Sequence[tuple[UserId, Role]]
) -> bool:
    """Write the conversation without its first entry; False: its id is taken."""
    if not await roster.create_conversation(
        connection,
        change.conversation_id,
        kind=founding.kind,
        visibility=founding.visibility,
        title=founding.title,
        founders=founders,
    ):
        return False
    if founding.kind is ConversationKind.DIRECT:
        await store.keep_pair(connection, founding.members, change.conversation_id)
        await blocks.shut(connection, change.conversation_id, founding.members)
    return True
