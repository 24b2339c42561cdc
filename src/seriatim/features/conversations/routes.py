"""Conversations over HTTP: every command by one rule, and the lists of conversations, members, channels and entries."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated, Any, Final, Protocol

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from seriatim.core.errors import BadRequest, Forbidden
from seriatim.core.ids import MAX_ID
from seriatim.features.conversations import store
from seriatim.log.access import Action, authorize
from seriatim.protocol.answers import Ok, Page, Sent
from seriatim.protocol.commands import HTTP_COMMANDS, Command, Create, EntryCommand, Fetch, Read
from seriatim.protocol.http.parameters import Key, ListCursor, PageSize
from seriatim.protocol.http.requests import (
    HTTP_FRAME_ID,
    body_of,
    command_of,
    cursor_of,
    known,
    place_of,
    tag_of,
)
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.own.commands import SaveDraft, SetMine
from seriatim.protocol.resources import Conversation, Conversations, Members
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What runs a command for a request as it would for a session: it commits, publishes, then answers."""

    async def run(self, command: Command, sender: Sender) -> Any:
        """Return the command's answer, or raise its ChatError."""
        ...

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read a page of a list with, or raise RateLimited."""
        ...


Running = NamedDependency[SkipValidation[Commands]]
Held = Annotated[int | None, QueryParameter(ge=0, le=MAX_ID, description="seq of the last entry held; 0: none")]
Place = Annotated[int | None, QueryParameter(ge=1, le=MAX_ID, description="a seq")]
Instant = Annotated[datetime | None, QueryParameter(description="the page around the first entry of then or later")]
Beginning = Annotated[str, QueryParameter(max_length=LIMITS.title_code_points, pattern=r"^[^\x00]*$")]


def command_route(command: type[Command]) -> HTTPRouteHandler:
    """Return the route `POST /v1/conversations/{conversation_id}/{tag}`: the rule that every command follows."""

    async def handle(
        conversation_id: FromPath[int],
        data: msgspec.Struct,
        commands: Running,
        sender: NamedDependency[Sender],
        idempotency_key: Key = None,
    ) -> Any:
        wish = command_of(command, data, conversation_id=conversation_id, idempotency_key=idempotency_key)
        return await commands.run(wish, sender)

    tag = tag_of(command)
    answer = Sent if issubclass(command, EntryCommand) else Ok
    return _command(handle, command, f"/v1/conversations/{{conversation_id:int}}/{tag}", answer)


def create_route() -> HTTPRouteHandler:
    """Return the route `POST /v1/conversations`, which is the command `create`."""

    async def handle(
        data: msgspec.Struct, commands: Running, sender: NamedDependency[Sender], idempotency_key: Key = None
    ) -> Any:
        return await commands.run(command_of(Create, data, idempotency_key=idempotency_key), sender)

    return _command(handle, Create, "/v1/conversations", Sent)


@get("/v1/conversations/{conversation_id:int}/entries", operation_id="fetch", tags=["commands"])
async def entries(  # noqa: PLR0913 - as many as there are ways to ask
    conversation_id: FromPath[int],
    *,
    commands: Running,
    sender: NamedDependency[Sender],
    after: Held = None,
    before: Place = None,
    around: Place = None,
    at: Instant = None,
    thread_seq: Place = None,
    limit: PageSize = 50,
) -> Page:
    """Return entries of one conversation, at most `limit`: after, before or around a seq, around a time, or the newest.

    With `thread_seq` only this message and the replies to it.
    """
    if at is not None and at.tzinfo is None:
        raise BadRequest("a time says how far from UTC it is", path="$.at", reason="zone")
    wish = Fetch(
        id=HTTP_FRAME_ID,
        conversation_id=known(conversation_id),
        after=after,
        before=before,
        around=around,
        at=at,
        thread_seq=thread_seq,
        limit=limit,
    )
    return await commands.run(wish, sender)


@get("/v1/conversations", operation_id="list_conversations", tags=["conversations"])
async def conversations(
    commands: Running,
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Conversations:
    """Return the caller's conversations, those with the newest message first, also those he has left."""
    after: store.Place = store.NEWEST if cursor is None else place_of(cursor, datetime)
    async with commands.listing(sender) as connection:
        rows = await store.conversations_page(connection, sender.user_id, after, limit + 1)
    return _page(rows, limit, store.place_of)


@get("/v1/channels", operation_id="list_channels", tags=["conversations"])
async def channels(
    commands: Running,
    sender: NamedDependency[Sender],
    *,
    name: Beginning = "",
    word: Beginning = "",
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Conversations:
    """Return the public and listed channels, in the order of their titles.

    Those whose title begins with `name`, and that have `word` somewhere in their title or topic.
    """
    after: store.Place = store.FIRST_TITLE if cursor is None else place_of(cursor, str)
    async with commands.listing(sender) as connection:
        rows = await store.channels_page(connection, sender.user_id, name, after, limit + 1, word=word)
    return _page(rows, limit, store.title_place_of)


@get("/v1/conversations/{conversation_id:int}", operation_id="get_conversation", tags=["conversations"])
async def conversation(
    conversation_id: FromPath[int], commands: Running, sender: NamedDependency[Sender]
) -> Conversation:
    """Return one conversation, as far as the caller may see it."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        await authorize(connection, sender.user_id, place, Action.LOOK)
        return store.conversation_of(await store.one_conversation(connection, sender.user_id, place))


@get("/v1/conversations/{conversation_id:int}/members", operation_id="list_members", tags=["conversations"])
async def members(
    conversation_id: FromPath[int],
    commands: Running,
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 200,
) -> Members:
    """Return the present members by user id; an ex-member may not know who is there now."""
    place = known(conversation_id)
    after = 0 if cursor is None else place_of(cursor, str)[1]
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        if access.role is None and not access.reads:
            raise Forbidden("only members see who is here", path="$.conversation_id")
        found = await store.members_page(connection, place, after, limit + 1)
    more = cursor_of(("", found[limit - 1].user_id)) if len(found) > limit else None
    return Members(members=found[:limit], roster_version=access.roster_version, cursor=more)


def _command(handle: Any, command: type[Command], path: str, answer: type[Sent | Ok]) -> HTTPRouteHandler:
    # Litestar reads a handler's types from its annotations: these are the command's own.
    handle.__doc__ = command.__doc__
    handle.__annotations__ |= {"data": JSONBody[body_of(command)], "return": answer}
    return post(path, operation_id=tag_of(command), status_code=200, tags=["commands"])(handle)


def _page(rows: list[store.Seen], limit: int, place: Any) -> Conversations:
    more = cursor_of(place(rows[limit - 1])) if len(rows) > limit else None
    return Conversations(conversations=[store.conversation_of(row) for row in rows[:limit]], cursor=more)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    create_route(),
    *map(command_route, (*HTTP_COMMANDS, Read, SaveDraft, SetMine)),
    entries,
    conversations,
    channels,
    conversation,
    members,
)
"""What the HTTP application registers; it gives them `sender` and `commands`."""
