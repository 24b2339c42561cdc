"""Parameters that many routes have, as the documents describe them; bounds as in protocol/fields."""

from typing import Annotated

from litestar.params import HeaderParameter, QueryParameter

from seriatim.protocol.limits import LIMITS

Key = Annotated[str | None, HeaderParameter(name="Idempotency-Key", description="the command's `client_id`")]
ListCursor = Annotated[
    str | None, QueryParameter(max_length=2_048, description="of the page before; absent: the first one")
]
PageSize = Annotated[int, QueryParameter(ge=1, le=LIMITS.page_entries)]
