"""Who lends a route a connection to read a page of a list with."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Listing(Protocol):
    """The server's commands, as lists see them."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection at the rate of lists, or raise RateLimited."""
        ...
