"""The broker of a single process: news arrives in the same call."""

import asyncio

from seriatim.delivery.broker.port import Hint, Receives, Told
from seriatim.delivery.broker.shared import Shared


class LocalBroker:
    """Hands all news straight to this process's own fan-out."""

    def __init__(self, receives: Receives) -> None:
        self._receives = receives
        self.gateway = "alone"
        self.why_away = None

    def publish(self, hints: list[Hint]) -> None:
        """Deliver at once, in order."""
        self._receives.hints(hints)

    def tell(self, told: Told) -> None:
        """Deliver at once, in order."""
        self._receives.told(told)

    def share(self, shared: Shared) -> None:
        """Do nothing: there is no other gateway."""

    async def check(self) -> None:
        """Do nothing: nobody carries anything."""

    async def drain(self) -> None:
        """Return at once."""

    async def run(self) -> None:
        """Wait for nobody: there is no other gateway."""
        await asyncio.Event().wait()
