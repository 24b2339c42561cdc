"""The broker of several servers: channels of Redis or Valkey, on one server or on a cluster.

What the log needs of it is little: news of any other gateway, soon, mostly. Whatever is lost on the way (a full queue,
a server that is away, a subscription that was cut) is found in the log: by the heads check at once when the channel is
back, and by each heartbeat in any case (promise D2).
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence

from seriatim.delivery.broker.carried import Codec, Unreadable
from seriatim.delivery.broker.link import RETRY_S, Hears, Link, Message
from seriatim.delivery.broker.port import Hint, Receives, Told
from seriatim.delivery.broker.servers import servers
from seriatim.delivery.broker.shared import Shared
from seriatim.delivery.broker.waiting import Going, Waiting, bundled

Route = Callable[[Hint | Told], Collection[str] | None]
"""Returns the gateways that news goes to; None: all of them."""


class RedisBroker:
    """Broadcasts to every gateway that listens to `channel`, a name that keeps several systems on one server apart.

    Each gateway listens to an inbox of its own as well, for what concerns few of them. Whoever can read or write there
    is trusted, as whoever reads the database is.

    Bounds: 10,000 news wait while the server does not answer (`Waiting`); at most one message to each channel is on its
    way, but where the order of a conversation or `MOST_BYTES` needs more, and carries what has come meanwhile. So a
    busy gateway sends few messages, and each channel has the order of its publishers; on a cluster each lies on its own
    node, and who changes from one to the other may be overtaken: clients put that right by seq.
    """

    def __init__(
        self, url: str, channel: str, epoch: str, receives: Receives, *, route: Route = lambda _news: None
    ) -> None:
        self.gateway = secrets.token_urlsafe(12)
        self._servers = servers(url)
        self._channel = channel
        self._link = Link(self._servers, (channel, self.inbox(self.gateway)), Hears(self._received, receives.missed))
        self._codec = Codec(self.gateway, epoch)
        self._receives = receives
        self._route = route
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.unread_count = 0
        """Messages of others that could not be read: another version, another epoch, or broken."""
        self.published_count = 0
        """Messages handed to the servers."""

    @property
    def why_away(self) -> str | None:
        """Why this gateway does not hear the others, in words; None: it does."""
        return self._link.why_away

    @property
    def dropped_count(self) -> int:
        """News that never left: too many waited, or the server did not take them."""
        return self._waiting.dropped_count

    def inbox(self, gateway: str) -> str:
        """Return the channel that only this gateway listens to."""
        return f"{self._channel}.{gateway}"

    def publish(self, hints: list[Hint]) -> None:
        """Deliver to this gateway's own sessions at once, and to the others soon."""
        self._receives.hints(hints)
        self._queue(hints)

    def tell(self, told: Told) -> None:
        """Deliver to this gateway's own sessions at once, and to the others soon."""
        self._receives.told(told)
        self._queue([told])

    def share(self, shared: Shared) -> None:
        """Deliver to the others soon."""
        self._waiting.put_shared(shared)
        self._wakes()

    def _queue(self, news: Sequence[Hint | Told]) -> None:
        self._waiting.put([Going(one, self._route(one)) for one in news])
        self._wakes()

    def _wakes(self) -> None:
        self._idle.clear()
        self._wake.set()

    async def drain(self) -> None:
        """Return once all that was passed on has left this gateway, or was dropped."""
        await self._idle.wait()

    async def check(self) -> None:
        """Refuse servers without what is needed of them."""
        await self._servers.check()

    async def run(self) -> None:
        """Send and listen until cancelled; a server that is away is tried again every half second."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            tasks.create_task(self._link.run())

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                going = {
                    Message(self._channel if to is None else self.inbox(to), payload): news_count
                    for to, news in bundled(self._waiting.take())
                    for payload, news_count in self._codec.messages(news)
                }
                self.published_count += len(going)
                lost = await self._link.send(list(going))
                if lost:
                    # Whether it arrived is unknown. It is not sent again: a hint may be lost, and those who listen
                    # look into the log as soon as the server is back.
                    self._waiting.dropped_count += sum(going[message] for message in lost)
                    await asyncio.sleep(RETRY_S)
            self._idle.set()

    def _received(self, payload: bytes) -> None:
        try:
            carried = self._codec.decode(payload)
        except Unreadable:
            self.unread_count += 1
            return
        if carried is None:
            return
        if carried.hints:
            self._receives.hints(carried.hinted())
        for one in carried.told:
            self._receives.told(one)
        for one in carried.shared:
            self._receives.shared(carried.gateway, one)
