"""The other gateways: what carries news between all of them, and who here hears what they share of a moment."""

from collections.abc import Callable
from typing import Any

from seriatim.app.streams.routing import Routing
from seriatim.delivery.broker.local import LocalBroker
from seriatim.delivery.broker.port import Broker, Receives
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.delivery.broker.shared import Shared


class Others:
    """Brings what another gateway shares to the part that asked for its kind, and tells when some may be lost."""

    broker: Broker

    def __init__(self, routing: Routing) -> None:
        self.routing = routing
        self._heard_by: dict[type[Shared], Callable[[str, Any], None]] = {}
        self._missed: list[Callable[[], None]] = []

    def meet(self, url: str | None, channel: str, epoch: str, receives: Receives) -> None:
        """Take the broker at `url` or, without one, be alone."""
        receives = self._all_that_is_heard(receives)
        if url:
            self.broker = RedisBroker(url, channel, epoch, receives, route=self.routing.route)
        else:
            self.broker = LocalBroker(receives)

    def share(self, shared: Shared) -> None:
        """Tell the other gateways, not this one."""
        self.broker.share(shared)

    def hear(self, *kinds: type[Shared], by: Callable[[str, Any], None]) -> None:
        """Have these kinds brought there, with the name of the gateway that shares them."""
        self._heard_by |= dict.fromkeys(kinds, by)

    def when_missed(self, call: Callable[[], None]) -> None:
        """Have this called when something of the others may have been lost."""
        self._missed.append(call)

    def _all_that_is_heard(self, receives: Receives) -> Receives:
        return receives._replace(missed=self._miss, shared=self._hear)

    def _hear(self, gateway: str, shared: Shared) -> None:
        by = self._heard_by.get(type(shared))
        if by is not None:
            by(gateway, shared)

    def _miss(self) -> None:
        for call in self._missed:
            call()


class Unheard(Others):
    """A worker's way to the gateways: it tells them. What they tell concerns sessions, and it has none."""

    def _all_that_is_heard(self, receives: Receives) -> Receives:
        return receives._replace(hints=_nothing, told=_nothing)


def _nothing(_news: object) -> None: ...
