"""Forward: what a message says is sent on, as a message that tells where it is from and who wrote it."""

from seriatim.core.errors import Conflict, Forbidden, KeyReused, NotFound
from seriatim.features.messages import store
from seriatim.log.access import Action, authorize
from seriatim.log.draft import Draft, Extras, Stored
from seriatim.protocol.commands import Forward
from seriatim.protocol.entries import Forwarded
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


async def forward(command: Forward, sender: Sender, database: Database) -> Draft | Stored:
    """Return the message to append, or the one stored under this key, whatever became of its source (promise L2).

    The source is read as the sender may read it; the words are its author's, also when it was forwarded itself.
    Bounds: three statements.

    Raises:
        NotFound: no such source that the sender may read.
        Conflict: the source is `deleted`.
        KeyReused: the key was stored with other content.
        Unavailable.
    """
    async with database.read() as connection:
        known = await store.forwarded(connection, command, sender)
        if known is not None:
            if not known.same:
                raise KeyReused("this client_id was stored with other content", path="$.client_id")
            return known.stored
        try:
            access = await authorize(connection, sender.user_id, command.source_conversation_id, Action.READ)
        except (NotFound, Forbidden):
            raise NotFound("no such conversation to read", path="$.source_conversation_id") from None
        source = await store.source(connection, command.source_conversation_id, access, command.source_seq)
    if source is None:
        raise NotFound("no such message", path="$.source_seq")
    if source.deleted_seq is not None:
        raise Conflict("this message was deleted", path="$.source_seq", reason="deleted")
    author = source.sender_id if source.forwarded is None else source.forwarded.sender_id
    where = Forwarded(conversation_id=command.source_conversation_id, seq=source.seq, sender_id=author)
    return Draft(
        command.conversation_id,
        sender.user_id,
        sender.device_id,
        command.client_id,
        source.body,
        extras=Extras(forwarded=where),
    )
