"""`GET /v1/conversations/{id}/entries/{seq}/trace`: the hops of one sampled message, for its readers."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from seriatim.core.errors import NotFound
from seriatim.core.ids import MAX_ID, ConversationId
from seriatim.gateway.traces import Traces
from seriatim.log.access import Action, authorize
from seriatim.protocol.resources import MessageTrace
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

PathNumber = Annotated[int, PathParameter(ge=1, le=MAX_ID)]


@get("/v1/conversations/{conversation_id:int}/entries/{seq:int}/trace", operation_id="get_trace", tags=["messages"])
async def message_trace(
    conversation_id: PathNumber,
    seq: PathNumber,
    sender: NamedDependency[Sender],
    database: NamedDependency[Database],
    traces: NamedDependency[Traces],
) -> MessageTrace:
    """Return the hops one message passed, with times and costs; it was sent here with `trace`, and lately."""
    async with database.read() as connection:
        access = await authorize(connection, sender.user_id, ConversationId(conversation_id), Action.READ)
    if not access.first_seq <= seq <= access.last_seq:
        raise NotFound("no such entry")
    return traces.find(ConversationId(conversation_id), seq)
