"""The broker port: hints from the gateway that committed an entry to all gateways that may hold its readers."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from seriatim.protocol.encoded import EncodedEvent


class Hint(NamedTuple):
    """News of one committed entry; it may be lost, repeated or late, for the log is the truth."""

    event: EncodedEvent
    roster_version: int
    """Of the conversation from this entry on: a gateway with another version in its cache looks it up."""


class Broker(Protocol):
    """Carries hints: at most once, in the order of each publisher."""

    def publish(self, hints: list[Hint]) -> None:
        """Pass hints on without waiting; after COMMIT only."""
        ...


Received = Callable[[list[Hint]], None]
"""What a gateway does with the hints that arrive, its own included."""
