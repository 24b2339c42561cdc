"""The link to the servers of a broker: one plain connection and reader for each that holds a channel of ours.

The subscribers of redis-py are not used: on a cluster they ask the nodes in turn (p50 5.8 s with traffic on one of
three), and after a cut they subscribe again without a word. A plain connection ends with its subscriptions, so each
first confirmation on one means that news may have been lost before it. Source: decision 0014.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import structlog
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import MovedError, ResponseError

from seriatim.delivery.broker.servers import FAULTS, WITHIN_S, Address, Servers

log = structlog.get_logger()

ASK_EVERY_S = 1.0
"""How often a subscription is asked for again: the answer says that it stands, or where it would."""
SILENT_S = 5.0
"""A subscription that says nothing for so long is dead."""
LOOK_EVERY_S = 3.0
"""How often it is looked up who holds what is subscribed: a node that was cut off knows nothing of its successor."""
RETRY_S = 0.5
MOVED_S = 0.05
"""Pause before a channel is sought at the server that was named as its holder."""
_NOT_YET = "not connected yet"


class Message(NamedTuple):
    """What is published."""

    channel: str
    payload: bytes


class Hears(NamedTuple):
    """What is done with what arrives."""

    received: Callable[[bytes], None]
    missed: Callable[[], None]
    """Called when subscriptions stand (again): what was published before is lost."""


class Link:
    """Listens to channels and publishes, wherever their servers are.

    Each server's messages are heard in their order. Bounds: 2 s for each answer; who is lost is sought twice a second.
    """

    def __init__(self, servers: Servers, channels: Sequence[str], hears: Hears) -> None:
        self._servers = servers
        self._channels = channels
        self._hears = hears
        self._subscriptions: dict[Address, _Subscription] = {}
        self._writers: dict[Address, AbstractConnection] = {}
        self._wake = asyncio.Event()
        self._wake.set()
        self.why_away: str | None = _NOT_YET
        """Why not all channels are heard, in words; None: they are."""

    # -- out

    async def send(self, messages: Sequence[Message]) -> list[Message]:
        """Publish, each channel's in order, and return what was not taken or may not have been.

        None is sent twice, except what a node refused because another one holds its channel: it cannot have arrived.
        """
        lost, moved = await self._send(messages)
        if moved:
            again, still_moved = await self._send(moved)
            lost += again + still_moved
        return lost

    async def _send(self, messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
        lost: list[Message] = []
        moved: list[Message] = []
        by_server: dict[Address, list[Message]] = {}
        for message in messages:
            try:
                by_server.setdefault(await self._servers.holder(message.channel), []).append(message)
            except FAULTS:
                lost.append(message)
        for address, theirs in by_server.items():
            try:
                answers = await self._publish(address, theirs)
            except FAULTS as error:
                self._servers.failed(address, error)
                await self._forget_writer(address)
                lost += theirs
                continue
            for message, refusal in zip(theirs, answers, strict=True):
                if refusal is not None:
                    self._servers.failed(address, refusal)
                    (moved if isinstance(refusal, MovedError) else lost).append(message)
        return lost, moved

    async def _publish(self, address: Address, messages: list[Message]) -> list[ResponseError | None]:
        verb = self._servers.verbs.publish
        async with asyncio.timeout(WITHIN_S):
            writer = await self._writer(address)
            commands = [(verb, message.channel, message.payload) for message in messages]
            await writer.send_packed_command(writer.pack_commands(commands))
            return [await _refusal(writer) for _ in messages]

    async def _writer(self, address: Address) -> AbstractConnection:
        writer = self._writers.get(address)
        if writer is not None and await writer.can_read():  # nothing is due: it was closed
            await self._forget_writer(address)
            writer = None
        if writer is None:
            writer = self._writers[address] = self._servers.connection(address)
            await writer.connect()
        return writer

    async def _forget_writer(self, address: Address) -> None:
        writer = self._writers.pop(address, None)
        if writer is not None:
            await writer.disconnect(nowait=True)

    # -- in

    async def run(self) -> None:
        """Keep every channel subscribed until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch())
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    try:
                        await self._place(tasks)
                    except FAULTS as error:
                        self._lost(error)
                        await asyncio.sleep(RETRY_S)
                        self._wake.set()
        finally:
            self.why_away = "it ended"
            for address in list(self._writers):
                await self._forget_writer(address)

    async def _place(self, tasks: asyncio.TaskGroup) -> None:
        """Subscribe to each channel that no connection has."""
        placed = {channel for one in self._subscriptions.values() for channel in one.channels}
        for channel in self._channels:
            if channel in placed:
                continue
            address = await self._servers.holder(channel)
            subscription = self._subscriptions.get(address)
            if subscription is not None:
                await subscription.add(channel)
            else:
                connection = self._servers.connection(address)
                subscription = _Subscription(connection, self._servers.verbs.subscribe, self._hears, self._confirmed)
                self._subscriptions[address] = subscription
                await subscription.add(channel)
                tasks.create_task(self._listen(address, subscription))

    async def _listen(self, address: Address, subscription: "_Subscription") -> None:
        pause_s = RETRY_S
        try:
            await subscription.run()
        except FAULTS as error:
            self._servers.failed(address, error)
            self._lost(error)
            if isinstance(error, MovedError):
                pause_s = MOVED_S
        finally:
            del self._subscriptions[address]
        await asyncio.sleep(pause_s)
        self._wake.set()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for address, subscription in list(self._subscriptions.items()):
                try:
                    subscription.is_elsewhere = await self._servers.elsewhere(subscription.channels, address)
                except FAULTS:
                    break  # who listens will notice by himself, if it concerns him

    def _confirmed(self) -> None:
        confirmed_count = sum(len(one.confirmed) for one in self._subscriptions.values())
        if confirmed_count == len(self._channels):
            self.why_away = None
            log.info("broker_connected")

    def _lost(self, error: Exception) -> None:
        if self.why_away in (None, _NOT_YET):
            log.warning("broker_away", reason=_words(error))
        self.why_away = _words(error)


class _Subscription:
    """The channels that one server holds, on one connection; it ends when that, or any of them, does."""

    def __init__(self, connection: AbstractConnection, verb: str, hears: Hears, confirmed: Callable[[], None]) -> None:
        self._connection = connection
        self._verb = verb
        self._hears = hears
        self._tell_confirmed = confirmed
        self._is_open = False
        self.channels: list[str] = []
        self.confirmed: set[bytes] = set()
        self.is_elsewhere = False
        """Whether another server is said to hold a channel now."""

    async def add(self, channel: str) -> None:
        """Listen to this one as well."""
        self.channels.append(channel)
        if self._is_open:
            await self._ask(channel)

    async def run(self) -> None:
        """Listen until that ends.

        Raises:
            FAULTS: why it ended.
        """
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._connection.connect()
            self._is_open = True
            await self._hear()
        finally:
            await self._connection.disconnect(nowait=True)

    async def _ask(self, *channels: str) -> None:
        """Ask to hear channels, each in a command of its own: their slots differ."""
        async with asyncio.timeout(WITHIN_S):
            commands = [(self._verb, channel) for channel in channels]
            await self._connection.send_packed_command(self._connection.pack_commands(commands))

    async def _hear(self) -> None:
        now = asyncio.get_running_loop().time
        heard_at = now()
        asked_at = float("-inf")
        while True:
            if now() - asked_at >= ASK_EVERY_S:
                await self._ask(*self.channels)
                asked_at = now()
            answer = cast("list[Any] | None", await self._connection.read_response(timeout=ASK_EVERY_S))
            if answer is not None:
                heard_at = now()
            match answer:
                case [b"message" | b"smessage", _, payload]:
                    self._hears.received(payload)
                case [b"subscribe" | b"ssubscribe", channel, _]:
                    self._stands(channel)
                case [b"unsubscribe" | b"sunsubscribe", *_]:
                    raise NotConnected("a channel went to another server")
                case _ if now() - heard_at > SILENT_S:
                    raise TimeoutError("the server is silent")
                case _:
                    pass
            if self.is_elsewhere:
                raise NotConnected("another server holds a channel now")

    def _stands(self, channel: bytes) -> None:
        if channel in self.confirmed:
            return
        self.confirmed.add(channel)
        if len(self.confirmed) == len(self.channels):
            self._tell_confirmed()
            self._hears.missed()


async def _refusal(connection: AbstractConnection) -> ResponseError | None:
    """Read the answer to one message."""
    try:
        await connection.read_response()
    except ResponseError as error:
        return error
    return None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
