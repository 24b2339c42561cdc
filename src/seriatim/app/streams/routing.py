"""With many gateways: which of them news goes to, and what newcomers may have missed before all gateways knew them."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from seriatim.core.ids import UserId
from seriatim.delivery.broker.port import Hint, Told
from seriatim.delivery.directory.port import Directory
from seriatim.delivery.fanout import FanOut
from seriatim.delivery.routes import Routes
from seriatim.protocol.session import Phase, Session

KNOWN_AFTER_S: Final = 1.0
"""Who comes is known to the other gateways by then: the next tick tells them."""
LOOK_EVERY_S: Final = 0.25


class Routing:
    """Tells the directory who is here, and checks the heads of newcomers once the others know of them.

    Until then news that is sent to single gateways is not sent here for their sake. Without a directory, as a worker
    is, all news goes to all.
    """

    def __init__(self, fan_out: FanOut, check_heads: Callable[[Session], None], broadcast_up_to: int) -> None:
        self._fan_out = fan_out
        self._check_heads = check_heads
        self._broadcast_up_to = broadcast_up_to
        self._routes: Routes | None = None
        self._newcomers: deque[tuple[float, UserId]] = deque()

    def know(self, directory: Directory) -> None:
        """Go by this directory from now on."""
        self._routes = Routes(directory, self._fan_out.roster_at, broadcast_up_to=self._broadcast_up_to)

        def held(user_id: UserId, holds: bool) -> None:
            directory.hold(user_id, holds)
            if holds:
                self._newcomers.append((asyncio.get_running_loop().time() + KNOWN_AFTER_S, user_id))

        self._fan_out.when_held(held)

    def route(self, news: Hint | Told) -> Collection[str] | None:
        """Return the gateways that news goes to; None: all of them."""
        return None if self._routes is None else self._routes(news)

    async def run(self) -> None:
        """Check the newcomers' heads in time, until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            while self._newcomers and self._newcomers[0][0] <= now():
                _, user_id = self._newcomers.popleft()
                if self._routes is None or not self._routes.are_used:  # only now: at its start a gateway knows no other
                    continue
                for session in self._fan_out.sessions_of(user_id):
                    if isinstance(session, Session) and session.phase is Phase.LIVE:
                        self._check_heads(session)
