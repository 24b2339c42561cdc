"""What a message said before, over HTTP."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation

from seriatim.features.messages import store
from seriatim.log.access import Action, authorize
from seriatim.log.messages import targets
from seriatim.protocol.http.messages import Versions
from seriatim.protocol.http.parameters import ListCursor, PageSize
from seriatim.protocol.http.requests import cursor_of, known, place_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.listing import Listing


@get(
    "/v1/conversations/{conversation_id:int}/entries/{seq:int}/versions",
    operation_id="list_versions",
    tags=["messages"],
)
async def versions(
    conversation_id: FromPath[int],
    seq: FromPath[int],
    *,
    commands: NamedDependency[SkipValidation[Listing]],
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Versions:
    """Return all that a message has said, from what was sent to the last edit."""
    place = known(conversation_id)
    after = 0 if cursor is None else place_of(cursor, str)[1]
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        await targets.target(connection, place, access, seq, targets.MESSAGE, path="$.seq")
        found = await store.versions_page(connection, place, seq, until=access.last_seq, after=after, limit=limit + 1)
    more = cursor_of(("", found[limit - 1].seq)) if len(found) > limit else None
    return Versions(versions=found[:limit], cursor=more)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (versions,)
