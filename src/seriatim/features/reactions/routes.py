"""Who reacted to a message, over HTTP."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation

from seriatim.features.reactions import store
from seriatim.log.access import Action, authorize
from seriatim.log.messages import targets
from seriatim.protocol.http.messages import Reactors
from seriatim.protocol.http.parameters import ListCursor, PageSize
from seriatim.protocol.http.requests import cursor_of, known, place_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.listing import Listing


@get(
    "/v1/conversations/{conversation_id:int}/entries/{seq:int}/reactions",
    operation_id="list_reactions",
    tags=["messages"],
)
async def reactions(
    conversation_id: FromPath[int],
    seq: FromPath[int],
    *,
    commands: NamedDependency[SkipValidation[Listing]],
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Reactors:
    """Return who put which emoji on a message or poll, by emoji and user id."""
    place = known(conversation_id)
    after = ("", 0) if cursor is None else place_of(cursor, str)
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        await targets.target(connection, place, access, seq, targets.MESSAGE, targets.POLL, path="$.seq")
        found = await store.reactors_page(connection, place, seq, until=access.last_seq, after=after, limit=limit + 1)
    more = cursor_of((found[limit - 1].emoji, found[limit - 1].user_id)) if len(found) > limit else None
    return Reactors(reactors=found[:limit], cursor=more)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (reactions,)
