"""The broker of a single process: a hint arrives in the same call."""

from seriatim.delivery.broker.port import Hint, Received


class LocalBroker:
    """Hands each hint straight to this process's own fan-out."""

    def __init__(self, received: Received) -> None:
        self._received = received

    def publish(self, hints: list[Hint]) -> None:
        """Deliver at once, in order."""
        self._received(hints)
