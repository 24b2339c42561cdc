"""Who voted for what in a poll, over HTTP."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation

from seriatim.core.errors import Forbidden
from seriatim.features.polls import store
from seriatim.log.access import Action, authorize
from seriatim.log.messages import targets
from seriatim.protocol.http.messages import Voters
from seriatim.protocol.http.parameters import ListCursor, PageSize
from seriatim.protocol.http.requests import cursor_of, known, place_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.listing import Listing


@get(
    "/v1/conversations/{conversation_id:int}/entries/{seq:int}/votes",
    operation_id="list_votes",
    tags=["messages"],
)
async def votes(
    conversation_id: FromPath[int],
    seq: FromPath[int],
    *,
    commands: NamedDependency[SkipValidation[Listing]],
    sender: NamedDependency[Sender],
    cursor: ListCursor = None,
    limit: PageSize = 50,
) -> Voters:
    """Return who chose what in a poll, by user id; of an anonymous poll nobody is told, nor is an ex-member."""
    place = known(conversation_id)
    after = 0 if cursor is None else place_of(cursor, str)[1]
    async with commands.listing(sender) as connection:
        access = await authorize(connection, sender.user_id, place, Action.READ)
        poll = await targets.target(connection, place, access, seq, targets.POLL, path="$.seq")
        if access.role is None or (poll.meta or {}).get("anonymous"):
            raise Forbidden("nobody is told who voted what", path="$.seq", reason="anonymous")
        found = await store.voters_page(connection, place, seq, after=after, limit=limit + 1)
    more = cursor_of(("", found[limit - 1].user_id)) if len(found) > limit else None
    return Voters(voters=found[:limit], cursor=more)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (votes,)
