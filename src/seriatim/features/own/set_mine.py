"""How one conversation is for one user: level, mute, pinned, hidden, marked unread, threads followed."""

from seriatim.core.errors import NotFound
from seriatim.features.own import rules, store
from seriatim.log.threads.reads import follow
from seriatim.protocol.own.changes import OwnThread, Tell
from seriatim.protocol.own.commands import SetMine
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database


async def set_mine(command: SetMine, sender: Sender, database: Database, tell: Tell) -> None:
    """Set what the command names, and tell the user's other devices how it is now. One statement.

    Who has left may still hide what is left of a conversation, but follows no thread of it.

    Raises:
        NotFound: the sender is no member and has never been one, or he sees no such message.
        BadRequest: it names nothing, or a thread and more.
    """
    rules.check_mine(command)
    async with database.transaction() as connection:
        if command.thread_seq is None:
            change = await store.set_mine(connection, sender.user_id, command)
        else:
            change = await _follow(connection, command, command.thread_seq, sender)
    if change is None:
        raise NotFound("no such conversation", path="$.conversation_id")
    tell(sender.user_id, change, sender.device_id)


async def _follow(connection: Connection, command: SetMine, thread_seq: int, sender: Sender) -> OwnThread | None:
    following = bool(command.following)
    mark = await follow(connection, sender.user_id, command.conversation_id, thread_seq, following=following)
    if mark is None:
        return None
    return OwnThread(
        conversation_id=mark.conversation_id,
        thread_seq=mark.thread_seq,
        following=following,
        read=mark.read_seq,
        unread=mark.unread,
        mentions=mark.mentions,
    )
