"""Search over HTTP: `GET /v1/search`."""

import base64
import binascii
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from seriatim.core.errors import BadRequest
from seriatim.core.ids import MAX_ID, ConversationId
from seriatim.features.search.ask import After, Asked, Searching
from seriatim.protocol.http.parameters import ListCursor
from seriatim.protocol.search.results import SEARCH_HITS, SearchResults, SearchSort
from seriatim.protocol.sender import Sender
from seriatim.storage.search.matching import LAST_PLACE

DAY_MIN: Final = 840
"""No place on Earth is further from UTC."""

Text = Annotated[
    str, QueryParameter(name="query", description='words, "phrases", begin*, -without, this OR that, from:ada, ...')
]
Within = Annotated[int | None, QueryParameter(ge=1, le=MAX_ID, description="only here")]
Sort = Annotated[SearchSort, QueryParameter(description="what comes first")]
Limit = Annotated[int, QueryParameter(ge=1, le=SEARCH_HITS)]
Offset = Annotated[int, QueryParameter(ge=-DAY_MIN, le=DAY_MIN, description="minutes that the asker's day is ahead")]


@get("/v1/search", operation_id="search", tags=["search"])
async def search(
    text: Text,
    *,
    searching: NamedDependency[Searching],
    sender: NamedDependency[Sender],
    conversation_id: Within = None,
    sort: Sort = SearchSort.NEWEST,
    utc_offset_min: Offset = 0,
    cursor: ListCursor = None,
    limit: Limit = 20,
) -> SearchResults:
    """Find messages and polls that the caller may read, at most 50 a page, by the query language (docs/search.md)."""
    answer = await searching.search(
        Asked(
            user_id=sender.user_id,
            query=text,
            conversation_id=None if conversation_id is None else ConversationId(conversation_id),
            sort=sort,
            limit=limit,
            after=None if cursor is None else _opened(cursor),
            utc_offset_min=utc_offset_min,
        )
    )
    if answer.after is None:
        return answer.results
    return msgspec.structs.replace(answer.results, cursor=_closed(answer.after))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (search,)
"""What the HTTP application registers; it gives them `sender` and `searching`."""


def _closed(after: After) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(after)).rstrip(b"=").decode()


def _opened(cursor: str) -> After:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        after = msgspec.json.decode(text, type=After)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise BadRequest("no cursor of a search", path="$.cursor", reason="cursor") from None
    if not 0 <= after.place <= LAST_PLACE:
        raise BadRequest("no cursor of a search", path="$.cursor", reason="cursor")
    return after
