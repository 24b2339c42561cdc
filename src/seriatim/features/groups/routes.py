"""Groups of people over HTTP."""

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.features.groups import groups
from seriatim.protocol.http.groups import ChangeGroup, Group, Groups, NewGroup
from seriatim.protocol.http.requests import id_of
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What the server lends a request."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...

    def changing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...


Given = NamedDependency[SkipValidation[Commands]]
Caller = NamedDependency[Sender]
TAGS: Final = ["people"]


@get("/v1/groups", operation_id="list_groups", tags=TAGS)
async def listed(commands: Given, sender: Caller) -> Groups:
    """Return all groups of people, in the order of their names."""
    async with commands.listing(sender) as connection:
        return await groups.listed(connection, sender)


@post("/v1/groups", operation_id="make_group", tags=TAGS)
async def make(data: JSONBody[NewGroup], commands: Given, sender: Caller) -> Group:
    """Make a group of people, as an admin of the server."""
    async with commands.changing(sender) as connection:
        return await groups.make(connection, sender, data)


@patch("/v1/groups/{group_id:int}", operation_id="change_group", tags=TAGS)
async def change(group_id: FromPath[int], data: JSONBody[ChangeGroup], commands: Given, sender: Caller) -> Group:
    """Change a group's name, or who is in it, as an admin of the server."""
    number = id_of(group_id, "$.group_id")
    async with commands.changing(sender) as connection:
        return await groups.change(connection, sender, number, data)


@delete("/v1/groups/{group_id:int}", operation_id="delete_group", tags=TAGS)
async def remove(group_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """Delete a group, as an admin of the server."""
    number = id_of(group_id, "$.group_id")
    async with commands.changing(sender) as connection:
        await groups.delete(connection, sender, number)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (listed, make, change, remove)
"""What the HTTP application registers; it gives them `sender` and `commands`."""
