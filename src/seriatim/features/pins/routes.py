"""What a conversation keeps at hand, over HTTP."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation

from seriatim.core.ids import MAX_ID
from seriatim.features.pins import store
from seriatim.log.access import Action, authorize
from seriatim.protocol.http.messages import Pins
from seriatim.protocol.http.parameters import ListCursor, PageSize
from seriatim.protocol.http.requests import cursor_of, known, place_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.listing import Listing


@get("/v1/conversations/{conversation_id:int}/pins", operation_id="list_pins", tags=["messages"])
async def pins(
    conversation_id: FromPath[int],
    commands: NamedDependency[SkipValidation[Listing]],
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Pins:
    """Return the pinned messages and polls that the caller may read, the last pin first."""
    place = known(conversation_id)
    before = MAX_ID if cursor is None else place_of(cursor, str)[1]
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        found = await store.pins_page(connection, place, access, sender.user_id, before=before, limit=limit + 1)
    more = cursor_of(("", found[limit - 1].pinned_seq)) if len(found) > limit else None
    return Pins(entries=[pin.entry for pin in found[:limit]], cursor=more)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (pins,)
