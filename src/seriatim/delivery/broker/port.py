"""The broker port: hints from the gateway that committed an entry to all gateways that may hold its readers."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from seriatim.core.trace import Trace
from seriatim.protocol.entries import Entry

TOLD_AGAIN = 0
"""Who is here now may have come after an old entry: its audience is looked up, with what each may read (promise I1)."""


class Hint(msgspec.Struct, gc=False):
    """News of one committed entry of the log of `epoch`; it may be lost, repeated or late, for the log is the truth.

    `roster_version` is the conversation's from this entry on: a gateway that knows another one looks it up. Of an entry
    that is told again it is `TOLD_AGAIN`, which no gateway knows.
    """

    epoch: str
    entry: Entry
    roster_version: int
    trace: Trace | None = None
    """Of a sampled send, on the gateway that took it."""


class Broker(Protocol):
    """Carries hints: at most once, in the order of each publisher."""

    def publish(self, hints: list[Hint]) -> None:
        """Pass hints on without waiting; after COMMIT only."""
        ...


Received = Callable[[list[Hint]], None]
"""What a gateway does with the hints that arrive, its own included."""
