"""Create: found a conversation; a retry finds the same one, and two people have one direct conversation."""

from seriatim.core.errors import NotFound, Unavailable
from seriatim.core.ids import conversation_id_of
from seriatim.features.conversations import rules, store
from seriatim.features.conversations.rules import Founding
from seriatim.log import roster
from seriatim.log.draft import Stored
from seriatim.log.record import record, recorded
from seriatim.protocol.commands import Create
from seriatim.protocol.fields import ConversationKind
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
        NotFound: a named member does not exist (`$.members[i]`).
        KeyReused: the key made another conversation.
        Unavailable.
    """
    founding = rules.founding(command, sender.user_id)
    async with database.transaction() as connection:
        conversation_id = conversation_id_of(secret, sender.device_id, command.client_id)
        known = await recorded(connection, rules.founded(founding, command, sender, conversation_id))
        if known is not None:
            return known
        await _all_exist(connection, command, founding)
        if founding.kind is ConversationKind.DIRECT:
            pair = await store.lock_pair(connection, founding.members)
            if pair is not None:
                return await store.first_entry(connection, pair)
        return await _found(connection, founding, command, sender, secret)


async def _all_exist(connection: Connection, command: Create, founding: Founding) -> None:
    known = await store.known_users(connection, founding.members)
    for place, user_id in enumerate(command.members):
        if user_id not in known:
            raise NotFound("no such user", path=f"$.members[{place}]")


async def _found(connection: Connection, founding: Founding, command: Create, sender: Sender, secret: bytes) -> Stored:
    founders = [
        (founder, rules.role_of_founder(founding.kind, founder, sender.user_id)) for founder in founding.members
    ]
    for attempt in range(ID_ATTEMPTS):
        conversation_id = conversation_id_of(secret, sender.device_id, command.client_id, attempt)
        change = rules.founded(founding, command, sender, conversation_id)
        if await roster.create_conversation(
            connection,
            conversation_id,
            kind=founding.kind,
            visibility=founding.visibility,
            title=founding.title,
            founders=founders,
        ):
            if founding.kind is ConversationKind.DIRECT:
                await store.keep_pair(connection, founding.members, conversation_id)
            return await record(connection, change)
        known = await recorded(connection, change)
        if known is not None:  # the same command in another session was faster
            return known
    raise Unavailable("no id was free; try again")
