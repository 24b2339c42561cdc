"""Receipts over HTTP: who has received and read what, and marking everything read."""

from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Final, Protocol

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, SkipValidation

from seriatim.core.errors import Forbidden, NotFound
from seriatim.core.ids import MAX_ID
from seriatim.features.receipts import store
from seriatim.log.access import Action, authorize
from seriatim.protocol.answers import Ok
from seriatim.protocol.commands import Command
from seriatim.protocol.http.own import Receipts
from seriatim.protocol.http.requests import HTTP_FRAME_ID, known
from seriatim.protocol.limits import MARKS_MEMBERS
from seriatim.protocol.own.commands import ReadAll
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What runs a command for a request, and lends connections for lists."""

    async def run(self, command: Command, sender: Sender) -> Any:
        """Return the command's answer, or raise its ChatError."""
        ...

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read a list with, or raise RateLimited."""
        ...


Running = NamedDependency[SkipValidation[Commands]]
UpTo = Annotated[int | None, QueryParameter(ge=1, le=MAX_ID, description="a seq; absent: the head")]


@get("/v1/conversations/{conversation_id:int}/receipts", operation_id="list_receipts", tags=["conversations"])
async def list_receipts(
    conversation_id: FromPath[int], commands: Running, sender: NamedDependency[Sender], seq: UpTo = None
) -> Receipts:
    """Return the marks of a conversation's members, where there are at most 50, and how many have read up to `seq`."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        if access.role is None:
            raise Forbidden("only members see who has read", path="$.conversation_id")
        up_to = min(seq or access.head, access.head)
        found = await store.receipts(connection, place, sender.user_id, up_to)
        if found is None:
            raise NotFound("no such conversation", path="$.conversation_id")
        member_count, sees, read_count = found
        marks = await store.marks(connection, place) if member_count <= MARKS_MEMBERS else []
    if not sees:
        marks = [msgspec.structs.replace(mark, read=0) for mark in marks]
    return Receipts(conversation_id=place, seq=up_to, member_count=member_count, members=marks, read_count=read_count)


@post("/v1/me/read-all", operation_id="read_all", status_code=200, tags=["commands"])
async def mark_all_read(commands: Running, sender: NamedDependency[Sender]) -> Ok:
    """The user has read every conversation up to its present head."""  # noqa: D401 - as the command says it
    return await commands.run(ReadAll(id=HTTP_FRAME_ID), sender)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_receipts, mark_all_read)
"""What the HTTP application registers; it gives them `sender` and `commands`."""
