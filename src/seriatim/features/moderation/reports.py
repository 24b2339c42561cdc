"""Reports: a message goes into the queue of those who moderate its conversation, and of the server's admins."""

from seriatim.core.errors import Conflict, Forbidden, NotFound
from seriatim.core.ids import ConversationId
from seriatim.features.moderation import store
from seriatim.features.moderation.store import ReportRow
from seriatim.log.access import Action, authorize
from seriatim.log.moderation.admins import is_server_admin, require_server_admin
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.http.moderation import NewReport, Report, Resolution
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


async def report(connection: Connection, sender: Sender, conversation_id: ConversationId, wish: NewReport) -> None:
    """Put a message that one may read into the queue; each person does it once a message.

    Raises:
        NotFound, Forbidden: as for reading; or (`$.seq`) there is no such message, or one may not read it.
    """
    access = await authorize(connection, sender.user_id, conversation_id, Action.READ)
    readable = access.first_seq <= wish.seq <= access.last_seq
    if not readable or not await store.is_message(connection, conversation_id, wish.seq):
        raise NotFound("there is no such message", path="$.seq")
    await store.add_report(connection, conversation_id, wish.seq, sender.user_id, wish.words)


async def queue(
    connection: Connection, sender: Sender, conversation_id: ConversationId, after: int, limit: int
) -> list[Report]:
    """Return the open reports of a conversation after this one, the oldest first.

    Raises:
        NotFound, Forbidden: the sender does not moderate here.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.MODERATE)
    return await store.reports_page(connection, conversation_id, after, limit)


async def whole_queue(connection: Connection, sender: Sender, after: int, limit: int) -> list[Report]:
    """Return the open reports of all conversations after this one, the oldest first.

    They show messages of conversations that the admin is not in: so each look is in the audit.

    Raises:
        Forbidden: the sender is no admin of the server.
    """
    await require_server_admin(connection, sender.user_id)
    found = await store.reports_page(connection, None, after, limit)
    shown = [one.report_id for one in found]
    await audited(connection, sender.user_id, Act.READ_REPORTS, details={"reports": shown})
    return found


async def take(connection: Connection, sender: Sender, report_id: int) -> None:
    """Say that one deals with this report; the same moderator may say so again.

    Raises:
        NotFound: no such report, or the sender may not know of it.
        Conflict: `taken` by another, or `resolved`.
    """
    row = await _open(connection, sender, report_id)
    if row.taken_by not in (None, sender.user_id):
        raise Conflict("another moderator has taken this report", path="$.report_id", reason="taken")
    if row.taken_by is None:
        await store.take_report(connection, report_id, sender.user_id)
        details = {"report_id": report_id}
        await audited(connection, sender.user_id, Act.TAKE_REPORT, row.conversation_id, details=details)


async def resolve(connection: Connection, sender: Sender, report_id: int, resolution: Resolution) -> None:
    """Take a report out of the queue, whoever had taken it.

    Raises:
        NotFound: no such report, or the sender may not know of it.
        Conflict: `resolved`.
    """
    row = await _open(connection, sender, report_id)
    await store.resolve_report(connection, report_id, sender.user_id, resolution.value)
    details = {"report_id": report_id, "resolution": resolution}
    await audited(connection, sender.user_id, Act.RESOLVE_REPORT, row.conversation_id, details=details)


async def _open(connection: Connection, sender: Sender, report_id: int) -> ReportRow:
    row = await store.lock_report(connection, report_id)
    if row is None or not await _moderates(connection, sender, row.conversation_id):
        raise NotFound("no such report", path="$.report_id")
    if row.is_resolved:
        raise Conflict("this report is resolved", path="$.report_id", reason="resolved")
    return row


async def _moderates(connection: Connection, sender: Sender, conversation_id: ConversationId) -> bool:
    if await is_server_admin(connection, sender.user_id):
        return True
    try:
        await authorize(connection, sender.user_id, conversation_id, Action.MODERATE)
    except (NotFound, Forbidden):
        return False
    return True
