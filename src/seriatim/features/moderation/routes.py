"""Moderation over HTTP: silences, bans, blocks, the queue of reports, the audit."""

from contextlib import AbstractAsyncContextManager
from typing import Final, Literal, Protocol

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.core.ids import MAX_ID, ConversationId, UserId
from seriatim.features.moderation import blocking, members, reports
from seriatim.log.access import Action, authorize
from seriatim.log.moderation.admins import require_server_admin
from seriatim.log.moderation.audit import audit_page
from seriatim.protocol.http.moderation import (
    Audit,
    Bans,
    Blocks,
    NewReport,
    Report,
    Reports,
    Resolve,
    Silence,
    Silences,
)
from seriatim.protocol.http.parameters import ListCursor, PageSize
from seriatim.protocol.http.requests import cursor_of, id_of, known, place_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What the server lends a request."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...

    def changing(
        self, sender: Sender, rate: Literal["change", "report"] = "change"
    ) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...


class Presence(Protocol):
    """Who is told what of whom (features/presence)."""

    def reload(self, user_id: UserId) -> None:
        """Read again from whom somebody hides."""
        ...


Given = NamedDependency[SkipValidation[Commands]]
Seen = NamedDependency[SkipValidation[Presence]]
Caller = NamedDependency[Sender]
TAGS: Final = ["moderation"]
HERE: Final = "/v1/conversations/{conversation_id:int}"


@put(f"{HERE}/silences/{{user_id:int}}", operation_id="silence", status_code=204, tags=TAGS)
async def silence(
    conversation_id: FromPath[int],
    user_id: FromPath[int],
    data: JSONBody[Silence],
    commands: Given,
    sender: Caller,
) -> None:
    """Let a member only read until then; only moderators see it."""
    place, other = known(conversation_id), _person(user_id)
    async with commands.changing(sender) as connection:
        await members.silence(connection, sender, place, other, data.until)


@delete(f"{HERE}/silences/{{user_id:int}}", operation_id="unsilence", tags=TAGS)
async def unsilence(conversation_id: FromPath[int], user_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """Let a silenced member speak."""
    place, other = known(conversation_id), _person(user_id)
    async with commands.changing(sender) as connection:
        await members.silence(connection, sender, place, other, None)


@get(f"{HERE}/silences", operation_id="list_silences", tags=TAGS)
async def silences(conversation_id: FromPath[int], commands: Given, sender: Caller) -> Silences:
    """Return the members who are silenced now, at most 200, those with the longest time left first."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        return Silences(silences=await members.silenced(connection, sender, place))


@put(f"{HERE}/bans/{{user_id:int}}", operation_id="ban", status_code=204, tags=TAGS)
async def ban(conversation_id: FromPath[int], user_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """Keep somebody out who is not in; a member is removed with `ban`."""
    place, other = known(conversation_id), _person(user_id)
    async with commands.changing(sender) as connection:
        await members.ban_stranger(connection, sender, place, other)


@delete(f"{HERE}/bans/{{user_id:int}}", operation_id="unban", tags=TAGS)
async def unban(conversation_id: FromPath[int], user_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """Let somebody be invited and join again."""
    place, other = known(conversation_id), _person(user_id)
    async with commands.changing(sender) as connection:
        await members.lift_ban(connection, sender, place, other)


@get(f"{HERE}/bans", operation_id="list_bans", tags=TAGS)
async def bans(
    conversation_id: FromPath[int], commands: Given, sender: Caller, cursor: ListCursor = None, limit: PageSize = 50
) -> Bans:
    """Return who is banned, by user id."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        found = await members.banned(connection, sender, place, _after(cursor), limit + 1)
    more = cursor_of(("", found[limit - 1].user_id)) if len(found) > limit else None
    return Bans(bans=found[:limit], cursor=more)


@put("/v1/blocks/{user_id:int}", operation_id="block", status_code=204, tags=TAGS)
async def block(user_id: FromPath[int], commands: Given, presence: Seen, sender: Caller) -> None:
    """Let a person neither write to the caller directly nor add him anywhere, nor see his presence; he is not told."""
    other = _person(user_id)
    async with commands.changing(sender) as connection:
        await blocking.block(connection, sender, other)
    presence.reload(sender.user_id)


@delete("/v1/blocks/{user_id:int}", operation_id="unblock", tags=TAGS)
async def unblock(user_id: FromPath[int], commands: Given, presence: Seen, sender: Caller) -> None:
    """Take a block back."""
    other = _person(user_id)
    async with commands.changing(sender) as connection:
        await blocking.unblock(connection, sender, other)
    presence.reload(sender.user_id)


@get("/v1/blocks", operation_id="list_blocks", tags=TAGS)
async def blocks(commands: Given, sender: Caller) -> Blocks:
    """Return whom the caller has blocked, in the order of names."""
    async with commands.listing(sender) as connection:
        return await blocking.blocked(connection, sender)


@post(f"{HERE}/reports", operation_id="report", status_code=204, tags=TAGS)
async def report(conversation_id: FromPath[int], data: JSONBody[NewReport], commands: Given, sender: Caller) -> None:
    """Let moderators look at a message."""
    place = known(conversation_id)
    async with commands.changing(sender, "report") as connection:
        await reports.report(connection, sender, place, data)


@get(f"{HERE}/reports", operation_id="list_reports", tags=TAGS)
async def queue(
    conversation_id: FromPath[int], commands: Given, sender: Caller, cursor: ListCursor = None, limit: PageSize = 50
) -> Reports:
    """Return a conversation's open reports, the oldest first."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        return _reports(await reports.queue(connection, sender, place, _after(cursor), limit + 1), limit)


@get("/v1/admin/reports", operation_id="list_all_reports", tags=TAGS)
async def whole_queue(commands: Given, sender: Caller, cursor: ListCursor = None, limit: PageSize = 50) -> Reports:
    """Return the open reports of all conversations, the oldest first, to an admin of the server: an audited look."""
    async with commands.changing(sender) as connection:
        return _reports(await reports.whole_queue(connection, sender, _after(cursor), limit + 1), limit)


@post("/v1/reports/{report_id:int}/take", operation_id="take_report", status_code=204, tags=TAGS)
async def take(report_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """Say that one deals with a report."""
    number = id_of(report_id, "$.report_id")
    async with commands.changing(sender) as connection:
        await reports.take(connection, sender, number)


@post("/v1/reports/{report_id:int}/resolve", operation_id="resolve_report", status_code=204, tags=TAGS)
async def resolve(report_id: FromPath[int], data: JSONBody[Resolve], commands: Given, sender: Caller) -> None:
    """Take a report out of the queue."""
    number = id_of(report_id, "$.report_id")
    async with commands.changing(sender) as connection:
        await reports.resolve(connection, sender, number, data.resolution)


@get(f"{HERE}/audit", operation_id="list_audit", tags=TAGS)
async def audit(
    conversation_id: FromPath[int], commands: Given, sender: Caller, cursor: ListCursor = None, limit: PageSize = 50
) -> Audit:
    """Return what moderators did in a conversation, the newest first."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        await authorize(connection, sender.user_id, place, Action.MODERATE)
        return await _audit(connection, place, cursor, limit)


@get("/v1/admin/audit", operation_id="list_all_audit", tags=TAGS)
async def whole_audit(commands: Given, sender: Caller, cursor: ListCursor = None, limit: PageSize = 50) -> Audit:
    """Return what moderators and admins did anywhere, the newest first, to an admin of the server."""
    async with commands.listing(sender) as connection:
        await require_server_admin(connection, sender.user_id)
        return await _audit(connection, None, cursor, limit)


async def _audit(
    connection: Connection, conversation_id: ConversationId | None, cursor: str | None, limit: int
) -> Audit:
    before = MAX_ID if cursor is None else place_of(cursor, str)[1]
    found = await audit_page(connection, conversation_id, before, limit + 1)
    more = cursor_of(("", found[limit - 1].audit_id)) if len(found) > limit else None
    return Audit(acts=list(found[:limit]), cursor=more)


def _reports(found: list[Report], limit: int) -> Reports:
    more = cursor_of(("", found[limit - 1].report_id)) if len(found) > limit else None
    return Reports(reports=found[:limit], cursor=more)


def _person(number: int) -> UserId:
    return UserId(id_of(number, "$.user_id"))


def _after(cursor: str | None) -> int:
    return 0 if cursor is None else place_of(cursor, str)[1]


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    silence, unsilence, silences, ban, unban, bans, block, unblock, blocks, report, queue, whole_queue, take, resolve,
    audit, whole_audit,
)  # fmt: skip
"""What the HTTP application registers; it gives them `sender` and `commands`."""
