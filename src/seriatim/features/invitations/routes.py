"""Ways into a conversation over HTTP: links, what they show, following one; requests to join."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Literal, Protocol

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.core.ids import UserId
from seriatim.features.invitations import asking, links, store
from seriatim.protocol.answers import Sent
from seriatim.protocol.commands import Command, Join
from seriatim.protocol.http.invitations import (
    AskToJoin,
    ConversationInvitation,
    ConversationInvitations,
    FollowInvitation,
    InvitationPreview,
    JoinRequests,
    NewInvitation,
)
from seriatim.protocol.http.parameters import Key, ListCursor, PageSize
from seriatim.protocol.http.requests import HTTP_FRAME_ID, cursor_of, id_of, key_of, known, place_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What the server lends a request."""

    async def run(self, command: Command, sender: Sender) -> Any:
        """Return the command's answer, or raise its ChatError."""
        ...

    def charge(self, rate: Literal["invitation"], sender: Sender) -> None:
        """Take a token of this rate, or raise RateLimited."""
        ...

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...

    def changing(
        self, sender: Sender, rate: Literal["change", "report"] = "change"
    ) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...


Given = NamedDependency[SkipValidation[Commands]]
Caller = NamedDependency[Sender]
TAGS: Final = ["invitations"]


@post("/v1/conversations/{conversation_id:int}/invitations", operation_id="make_invitation", tags=TAGS)
async def make(
    conversation_id: FromPath[int], data: JSONBody[NewInvitation], commands: Given, sender: Caller
) -> ConversationInvitation:
    """Make a link into a conversation; its token is told only here."""
    place = known(conversation_id)
    async with commands.changing(sender) as connection:
        return await links.make(connection, sender, place, data)


@get("/v1/conversations/{conversation_id:int}/invitations", operation_id="list_invitations", tags=TAGS)
async def invitations(conversation_id: FromPath[int], commands: Given, sender: Caller) -> ConversationInvitations:
    """Return the links that are still good: one's own, or all to who moderates the conversation."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        return ConversationInvitations(invitations=await links.listed(connection, sender, place))


@delete(
    "/v1/conversations/{conversation_id:int}/invitations/{invitation_id:int}",
    operation_id="revoke_invitation",
    tags=TAGS,
)
async def revoke(conversation_id: FromPath[int], invitation_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """End a link; who came in by it stays."""
    place, number = known(conversation_id), id_of(invitation_id, "$.invitation_id")
    async with commands.changing(sender) as connection:
        await links.revoke(connection, sender, place, number)


@get("/v1/invitations/{token:str}", operation_id="preview_invitation", tags=TAGS)
async def preview(token: FromPath[str], commands: Given, sender: Caller) -> InvitationPreview:
    """Return where a link leads, before one follows it."""
    commands.charge("invitation", sender)
    async with commands.listing(sender) as connection:
        return await links.preview(connection, sender, token)


@post("/v1/invitations/{token:str}", operation_id="follow_invitation", status_code=200, tags=TAGS)
async def follow(
    token: FromPath[str],
    data: JSONBody[FollowInvitation],
    commands: Given,
    sender: Caller,
    idempotency_key: Key = None,
) -> Sent:
    """Join by a link: the command `join` with its token."""
    key = key_of(data.client_id, idempotency_key)
    async with commands.listing(sender) as connection:
        conversation_id = await store.leads_to(connection, links.hash_of(token))
    if conversation_id is None:  # the command, which is charged, will not be run
        commands.charge("invitation", sender)
        raise links.unknown()
    wish = Join(id=HTTP_FRAME_ID, client_id=key, conversation_id=conversation_id, invitation=token)
    return await commands.run(wish, sender)


@post(
    "/v1/conversations/{conversation_id:int}/join-requests",
    operation_id="ask_to_join",
    status_code=204,
    tags=TAGS,
)
async def ask(conversation_id: FromPath[int], data: JSONBody[AskToJoin], commands: Given, sender: Caller) -> None:
    """Ask to be let into a listed channel."""
    place = known(conversation_id)
    async with commands.changing(sender, "report") as connection:
        await asking.ask(connection, sender, place, data.words)


@get("/v1/conversations/{conversation_id:int}/join-requests", operation_id="list_join_requests", tags=TAGS)
async def requests(
    conversation_id: FromPath[int],
    commands: Given,
    sender: Caller,
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> JoinRequests:
    """Return who asks to be let in, by user id; whoever may invite accepts one by `invite`."""
    place = known(conversation_id)
    after = 0 if cursor is None else place_of(cursor, str)[1]
    async with commands.listing(sender) as connection:
        found = await asking.asking(connection, sender, place, after, limit + 1)
    more = cursor_of(("", found[limit - 1].user_id)) if len(found) > limit else None
    return JoinRequests(requests=found[:limit], cursor=more)


@delete(
    "/v1/conversations/{conversation_id:int}/join-requests/{user_id:int}",
    operation_id="refuse_join_request",
    tags=TAGS,
)
async def refuse(conversation_id: FromPath[int], user_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """Refuse a request to join, or take back one's own."""
    place, asker = known(conversation_id), UserId(id_of(user_id, "$.user_id"))
    async with commands.changing(sender) as connection:
        await asking.refuse(connection, sender, place, asker)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    make, invitations, revoke, preview, follow, ask, requests, refuse,
)  # fmt: skip
"""What the HTTP application registers; it gives them `sender` and `commands`."""
