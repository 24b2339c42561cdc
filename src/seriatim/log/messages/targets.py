"""The message or poll that a command speaks of: looked up under its conversation's lock, if its sender may read it."""

from typing import Any, LiteralString

from seriatim.core.errors import Conflict, NotFound
from seriatim.core.ids import ConversationId
from seriatim.log.access import Access, Action, Settings, allowed
from seriatim.log.draft import Target
from seriatim.storage.postgres.database import Connection

MESSAGE, POLL = "message_sent", "poll_started"

TARGET: LiteralString = """-- target
select e.deleted_seq, e.seq, e.kind, e.sender_id, e.body, e.meta, e.pinned_seq
from entries e where e.conversation_id = %(conversation_id)s and e.seq = %(seq)s"""


async def target(
    connection: Connection,
    conversation_id: ConversationId,
    access: Access,
    seq: int,
    *kinds: str,
    path: str = "$.target_seq",
) -> Target:
    """Return the entry `seq` if it is of one of these kinds, the reader may see it, and nobody has deleted it.

    Raises:
        NotFound: there is none that he may see; the same answer.
        Conflict: `deleted`.
    """
    row: tuple[Any, ...] | None = None
    if access.first_seq <= seq <= access.last_seq:
        cursor = await connection.execute(TARGET, {"conversation_id": conversation_id, "seq": seq})
        row = await cursor.fetchone()
    if row is None or row[2] not in kinds:
        raise NotFound("no such message", path=path)
    deleted_seq, *found = row
    if deleted_seq is not None:
        raise Conflict("this message was deleted", path=path, reason="deleted")
    return Target(*found)


def deletes_others(access: Access) -> bool:
    """Say whether a present member may delete and close what others have written."""
    return access.role is not None and allowed(access.role, access.kind, Action.DELETE_OTHERS, Settings())
