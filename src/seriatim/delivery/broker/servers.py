"""Which Redis or Valkey server holds a channel: the only one there is, or a node of a cluster."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, cast

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import MovedError, RedisError

WITHIN_S = 2.0
"""Longest wait for a server to take a connection or to answer."""
FAULTS = (RedisError, OSError, TimeoutError)
"""What a server that is away, or refuses, looks like."""
SLOTS = 16_384
SHARDED_SINCE = 7
"""First version of Redis whose channels belong to slots; every Valkey calls itself a later one."""
_CLUSTERS = {"redis+cluster": "redis", "rediss+cluster": "rediss"}

Address = tuple[str, int]
Connect = Callable[[Address], AbstractConnection]


class UnfitServer(Exception):
    """The server can never carry what this one has to say; the message says why and what would be right."""


class Verbs(NamedTuple):
    """The commands of a kind of channel."""

    publish: str
    subscribe: str


class Servers(Protocol):
    """Which server holds a channel."""

    verbs: Verbs

    def connection(self, address: Address, /) -> AbstractConnection:
        """Return a connection that is not open yet, and opens once, without retries."""
        ...

    async def holder(self, channel: str) -> Address:
        """Return who holds a channel, looked up if that is not known.

        Raises:
            FAULTS: nobody can be asked, or nobody holds it.
        """
        ...

    def failed(self, address: Address, error: Exception) -> None:
        """Hear what a server answered instead of doing its work: it may not be the holder any more."""
        ...

    async def elsewhere(self, channels: Sequence[str], address: Address) -> bool:
        """Look again who holds these channels, and say whether any of them is held by another server than this one.

        Raises:
            FAULTS: nobody can be asked.
        """
        ...

    async def check(self) -> None:
        """Look whether the servers can do what is asked of them; one that is away is no answer.

        Raises:
            UnfitServer.
        """
        ...


class OneServer:
    """A single server, which holds all channels."""

    verbs = Verbs("PUBLISH", "SUBSCRIBE")

    def __init__(self, connect: Connect) -> None:
        self.connection = connect

    async def holder(self, channel: str) -> Address:  # noqa: ARG002 - it holds them all
        """Return the address that stands for it."""
        return _THE_ONE

    def failed(self, address: Address, error: Exception) -> None:
        """Change nothing: there is no other one."""

    async def elsewhere(self, channels: Sequence[str], address: Address) -> bool:  # noqa: ARG002 - there is no other
        """Say no."""
        return False

    async def check(self) -> None:
        """Accept any: the commands are as old as the product."""


class Cluster:
    """The nodes of a cluster, each of which holds the channels of its slots.

    The map of slots is read from one node after another, seeds and all that were heard of: any may be dead. One that
    calls the cluster down, or is in an older epoch than another one was, is believed last: it may be cut off, with an
    old map, and would take subscriptions all the same. A node that refuses a channel names its holder.
    """

    verbs = Verbs("SPUBLISH", "SSUBSCRIBE")

    def __init__(self, seeds: list[Address], connect: Connect) -> None:
        self.connection = connect
        self._seeds = seeds
        self._nodes = deque(seeds)
        self._holders: list[Address | None] = [None] * SLOTS
        self._epoch = 0
        """The highest that a node was in."""

    async def holder(self, channel: str) -> Address:
        """Return the node of the channel's slot, after a look at the map if it is not known."""
        slot = key_slot(channel.encode())
        if self._holders[slot] is None:
            await self._look_up()
        holder = self._holders[slot]
        if holder is None:
            raise NotConnected(f"no node of the cluster holds slot {slot}")
        return holder

    def failed(self, address: Address, error: Exception) -> None:
        """Take the holder that was named; otherwise forget what this node held."""
        if isinstance(error, MovedError):
            host = cast("str", error.host)  # pyright: ignore[reportUnknownMemberType]: it has no type there
            self._holders[error.slot_id] = (host or address[0], error.port)
        else:
            self._holders = [None if holder == address else holder for holder in self._holders]

    async def elsewhere(self, channels: Sequence[str], address: Address) -> bool:
        """Read the map again, and compare."""
        await self._look_up()
        holders = {self._holders[key_slot(channel.encode())] for channel in channels}
        return not holders <= {address, None}

    async def _look_up(self) -> None:
        error: Exception = NotConnected("the cluster has no node")
        best: tuple[bool, int, list[Any], Address] | None = None
        for _ in range(len(self._nodes)):
            node = self._nodes[0]
            self._nodes.rotate(-1)
            try:
                told, slots = await self._ask(node, ("CLUSTER", "INFO"), ("CLUSTER", "SLOTS"))
            except FAULTS as fault:
                error = fault
                continue
            info = _fields(told)
            is_whole, epoch = info.get("cluster_state") == "ok", int(info.get("cluster_current_epoch", 0))
            if best is None or (is_whole, epoch) > best[:2]:
                best = is_whole, epoch, slots, node
            if is_whole and epoch >= self._epoch:
                break
        if best is None:
            raise error
        _, self._epoch, slots, node = best
        self._read(slots, node)

    async def _ask(self, node: Address, *commands: tuple[str, ...]) -> list[Any]:
        connection = self.connection(node)
        try:
            async with asyncio.timeout(WITHIN_S):
                await connection.connect()
                await connection.send_packed_command(connection.pack_commands(commands))
                return [cast("Any", await connection.read_response()) for _ in commands]
        finally:
            await connection.disconnect(nowait=True)

    def _read(self, answer: list[Any], asked: Address) -> None:
        """Take a map of slots: ranges, each with its master and replicas; who names no host means the one asked."""
        self._holders = [None] * SLOTS
        nodes = dict.fromkeys(self._seeds)
        for first, last, *servers in answer:
            addresses = [((host or asked[0].encode()).decode(), port) for host, port, *_ in servers]
            nodes.update(dict.fromkeys(addresses))
            self._holders[first : last + 1] = [addresses[0]] * (last + 1 - first)
        turn = self._nodes[0]
        self._nodes = deque(nodes)
        if turn in nodes:
            self._nodes.rotate(-self._nodes.index(turn))

    async def check(self) -> None:
        """Refuse nodes without sharded channels, and a server that is no node of a cluster."""
        for seed in self._seeds:
            try:
                (answer,) = await self._ask(seed, ("INFO",))
            except FAULTS:
                continue
            info = _fields(answer)
            version = info.get("redis_version", "0")
            if int(version.partition(".")[0]) < SHARDED_SINCE:
                raise UnfitServer(
                    f"broker_url: the cluster runs version {version}; Redis 7 or newer, or Valkey, can carry the news"
                )
            if info.get("cluster_enabled") != "1":
                raise UnfitServer("broker_url: this server is no node of a cluster; its URL begins with redis://")
            return


def _fields(told: bytes) -> dict[str, str]:
    """Read what a server tells of itself: a field a line."""
    lines = (line.partition(":") for line in told.decode(errors="replace").splitlines())
    return {name: value for name, _, value in lines}


_THE_ONE: Address = ("", 0)


def servers(url: str) -> Servers:
    """Return the servers behind the URL of a broker: `redis://`, `rediss://`, `unix://` or `redis+cluster://`.

    A cluster's URL names one node or several (`redis+cluster://one:6379,two:6379`), from which the others are learnt.
    What follows `?` are options of redis-py's connections, such as `ssl_ca_certs`.

    Raises:
        ValueError: what is wrong with it, in words.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in {"redis", "rediss", "unix", *_CLUSTERS}:
        raise ValueError("it is redis://, rediss://, unix://, redis+cluster:// or rediss+cluster://")
    if scheme not in _CLUSTERS:
        options = _options(url)
        one = OneServer(lambda _: _connection(options))
        _try(one, _THE_ONE)
        return one
    place, mark, query = rest.partition("?")
    user, at, hosts = place.rstrip("/").rpartition("@")
    each = [_options(f"{_CLUSTERS[scheme]}://{user}{at}{host}{mark}{query}") for host in hosts.split(",")]
    if not all("host" in one for one in each):
        raise ValueError("a cluster's URL names its nodes: redis+cluster://host:port,host:port")
    seeds = [(str(one["host"]), int(one.get("port", 6379))) for one in each]
    cluster = Cluster(seeds, lambda address: _connection({**each[0], "host": address[0], "port": address[1]}))
    _try(cluster, seeds[0])
    return cluster


def _options(url: str) -> dict[str, Any]:
    return cast("dict[str, Any]", parse_url(url))


def _connection(options: dict[str, Any]) -> AbstractConnection:
    """Return a connection that neither waits nor retries by itself: who uses it bounds each step."""
    given = {key: value for key, value in options.items() if key != "connection_class"}
    ours = {"socket_timeout": None, "protocol": 2, "retry": Retry(NoBackoff(), 0), "driver_info": None}
    return options.get("connection_class", Connection)(**given | ours)


def _try(found: Servers, address: Address) -> None:
    """Have options that no connection knows refused now."""
    try:
        found.connection(address)
    except TypeError as error:
        raise ValueError(f"an option after `?` is unknown: {str(error).rpartition(' ')[2]}") from None
