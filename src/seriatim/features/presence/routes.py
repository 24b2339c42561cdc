"""Presence over HTTP: `/v1/me/presence`."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, SkipValidation

from seriatim.core.clock import Clock
from seriatim.features.presence import set_presence as chosen
from seriatim.protocol.commands import Command, SetPresence
from seriatim.protocol.http.presence import MyPresence
from seriatim.protocol.http.requests import HTTP_FRAME_ID, body_of, tag_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What the server lends a request."""

    async def run(self, command: Command, sender: Sender) -> Any:
        """Run a command as a socket's would be."""
        ...

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...


class Presence(Protocol):
    """The presence of this process (presence.py)."""

    clock: Clock
    """By which what somebody chose ends."""


Given = NamedDependency[SkipValidation[Commands]]
Timed = NamedDependency[SkipValidation[Presence]]
Caller = NamedDependency[Sender]
TAGS: Final = ["people"]


@get("/v1/me/presence", operation_id="my_presence", summary="How the caller wants to look", tags=TAGS)
async def mine(commands: Given, presence: Timed, sender: Caller) -> MyPresence:
    """Return what the caller chose, as far as it still holds, and whom he lets know."""
    async with commands.listing(sender) as connection:
        return await chosen.mine(connection, sender.user_id, presence.clock.now())


def _choosing() -> HTTPRouteHandler:
    async def choose(data: Any, commands: Given, sender: Caller) -> None:
        await commands.run(SetPresence(id=HTTP_FRAME_ID, **msgspec.structs.asdict(data)), sender)

    # Litestar reads a handler's types from its annotations: these are the command's own.
    choose.__doc__ = SetPresence.__doc__
    choose.__annotations__["data"] = JSONBody[body_of(SetPresence)]
    return put("/v1/me/presence", operation_id=tag_of(SetPresence), status_code=204, tags=TAGS)(choose)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (mine, _choosing())
