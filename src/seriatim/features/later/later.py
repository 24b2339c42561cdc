"""What the verbs of this feature are given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from seriatim.core.clock import Clock
from seriatim.protocol.answers import Sent
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.own.changes import Tell
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database


@dataclass(frozen=True, kw_only=True)
class Later:
    """The database and the time; how a message is sent, by the same way as any other; how its user is told."""

    database: Database
    clock: Clock
    check: Callable[[SendMessage, Sender], object]
    """Raises what a message shows to be wrong by itself."""
    send: Callable[[SendMessage, Sender], Awaitable[Sent]]
    tell: Tell
