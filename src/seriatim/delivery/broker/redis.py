"""The broker of several servers: one broadcast channel of a Redis or Valkey server.

What the log needs of it is little: news of any other gateway, soon, mostly. Whatever is lost on the way (a full queue,
a server that is away, a subscription that was cut) is found in the log: by the heads check at once when the channel is
back, and by each heartbeat in any case (promise D2).
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from seriatim.delivery.broker.carried import Codec, Unreadable
from seriatim.delivery.broker.port import Hint, Receives, Told
from seriatim.delivery.broker.shared import Shared
from seriatim.delivery.broker.waiting import Waiting

log = structlog.get_logger()

WITHIN_S = 2.0
"""Longest wait for the server to take a connection or a message."""
PING_EVERY_S = 5.0
"""A subscription that is silent for so long is asked whether it is there ..."""
SILENT_S = 12.0
"""... and after so long, pongs included, it is dead."""
RETRY_S = 0.5
_FAULTS = (RedisError, OSError, TimeoutError)


class RedisBroker:
    """Broadcasts to every gateway that listens to `channel`, a name that keeps several systems on one server apart.

    Whoever can read or write there is trusted, as whoever reads the database is.

    Bounds: 10,000 news wait while the server does not answer (`Waiting`); one message is on its way at a time
    and carries what has come meanwhile, so the order of a publisher is kept and a busy gateway sends few messages.
    """

    def __init__(self, url: str, channel: str, epoch: str, receives: Receives) -> None:
        self._redis: Any = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]: its arguments have no types
            url, socket_timeout=WITHIN_S, socket_connect_timeout=WITHIN_S, protocol=2, retry=Retry(NoBackoff(), 0)
        )
        self._channel = channel
        self.gateway = secrets.token_urlsafe(12)
        self._codec = Codec(self.gateway, epoch)
        self._receives = receives
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self.is_connected = False
        """Whether this gateway hears the others."""
        self.unread_count = 0
        """Messages of others that could not be read: another version, another epoch, or broken."""

    @property
    def dropped_count(self) -> int:
        """News that never left: too many waited, or the server did not take them."""
        return self._waiting.dropped_count

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
        self._wake.set()

    def _queue(self, news: Sequence[Hint | Told]) -> None:
        self._waiting.put(news)
        self._wake.set()

    async def run(self) -> None:
        """Send and listen until cancelled; a server that is away is tried again every half second."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send())
                tasks.create_task(self._listen())
        finally:
            self.is_connected = False
            await self._redis.aclose()

    # -- out

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                news = self._waiting.take()
                try:
                    await self._redis.publish(self._channel, self._codec.encode(news))
                except _FAULTS:
                    # Whether it arrived is unknown. It is not sent again: a hint may be lost, and those who listen
                    # look into the log as soon as the server is back.
                    self._waiting.dropped_count += len(news)
                    await asyncio.sleep(RETRY_S)

    # -- in

    async def _listen(self) -> None:
        while True:
            connection = self._redis.connection_pool.make_connection()
            try:
                await connection.connect()
                await connection.send_command("SUBSCRIBE", self._channel)
                await self._hear(connection)
            except _FAULTS as error:
                self._lost(error)
            finally:
                await connection.disconnect(nowait=True)
            await asyncio.sleep(RETRY_S)

    async def _hear(self, connection: AbstractConnection) -> None:
        now = asyncio.get_running_loop().time
        heard_at = now()
        while True:
            answer = cast("list[Any] | None", await connection.read_response(timeout=PING_EVERY_S))
            if answer is not None:
                heard_at = now()
            match answer:
                case [b"message", _, payload]:
                    self._received(payload)
                case [b"subscribe", *_]:
                    self.is_connected = True
                    log.info("broker_connected")
                    self._receives.missed()
                case None if now() - heard_at > SILENT_S:
                    raise TimeoutError("not even a pong came")
                case None:
                    await connection.send_command("PING")
                case _:  # a pong
                    pass

    def _lost(self, error: Exception) -> None:
        if self.is_connected:
            log.warning("broker_lost", reason=str(error))
        self.is_connected = False

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
