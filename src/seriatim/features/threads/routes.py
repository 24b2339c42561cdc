"""The threads of a conversation, who follows one of them, and those that the caller follows, over HTTP."""

from datetime import datetime
from typing import Annotated, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, SkipValidation

from seriatim.core.errors import Forbidden
from seriatim.core.ids import MAX_ID
from seriatim.log.access import Action, authorize
from seriatim.log.messages import targets
from seriatim.log.threads.followers import followers_page
from seriatim.log.threads.lists import NEWEST, followed_page, threads_page
from seriatim.protocol.fields import WireConversationId
from seriatim.protocol.http.parameters import ListCursor, PageSize
from seriatim.protocol.http.requests import cursor_of, known, place_of
from seriatim.protocol.http.threads import Followers, Threads
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.listing import Listing


@get("/v1/conversations/{conversation_id:int}/threads", operation_id="list_threads", tags=["messages"])
async def threads(
    conversation_id: FromPath[int],
    commands: NamedDependency[SkipValidation[Listing]],
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Threads:
    """Return the threads of a conversation that the caller may read, the last reply first."""
    place = known(conversation_id)
    before = MAX_ID if cursor is None else place_of(cursor, str)[1]
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        found = await threads_page(connection, access, place, sender.user_id, before=before, limit=limit + 1)
    more = cursor_of(("", found[limit - 1].last_seq)) if len(found) > limit else None
    return Threads(threads=found[:limit], cursor=more)


@get(
    "/v1/conversations/{conversation_id:int}/threads/{seq:int}/followers",
    operation_id="list_followers",
    tags=["messages"],
)
async def followers(
    conversation_id: FromPath[int],
    seq: FromPath[int],
    *,
    commands: NamedDependency[SkipValidation[Listing]],
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Followers:
    """Return who follows the thread of a message, by user id, to members only."""
    place = known(conversation_id)
    after = 0 if cursor is None else place_of(cursor, str)[1]
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        if access.role is None:
            raise Forbidden("only members see who follows a thread", path="$.conversation_id")
        await targets.target(connection, place, access, seq, targets.MESSAGE, targets.POLL, path="$.seq")
        found = await followers_page(connection, place, seq, after=after, limit=limit + 1)
    more = cursor_of(("", found[limit - 1].user_id)) if len(found) > limit else None
    return Followers(followers=found[:limit], cursor=more)


@get("/v1/me/threads", operation_id="list_followed_threads", tags=["messages"])
async def followed(
    commands: NamedDependency[SkipValidation[Listing]],
    sender: NamedDependency[Sender],
    only_unread: Annotated[bool, QueryParameter(description="those with unread replies")] = False,
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Threads:
    """Return the threads that the caller follows, the last reply first; `only_unread`: those with unread replies."""
    before = NEWEST
    if cursor is not None:
        (last_at, place), thread_seq = place_of(cursor, tuple[datetime, WireConversationId])
        before = (last_at, place, thread_seq)
    async with commands.listing(sender) as connection:
        found = await followed_page(connection, sender.user_id, before, limit + 1, only_unread=only_unread)
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        more = cursor_of(((last.last_at, last.conversation_id), last.thread_seq))
    return Threads(threads=found[:limit], cursor=more)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (threads, followers, followed)
