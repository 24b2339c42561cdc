"""`bench scale`: what a send costs the broker with ever more servers, counted there, against the formula.

The servers' own parts for delivery stand in one process, over a real Valkey: what is counted does not depend on how
fast they are. Formula: up to `BROADCAST_UP_TO` servers one message to all; with more, one to each other server that
holds a member, and one to all where a conversation has more than `MEMBERS`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

from seriatim.bench.rig.generator import WrongRun
from seriatim.bench.rig.report import Case, Report, Samples
from seriatim.bench.rig.valkey import Valkey, valkey
from seriatim.core.clock import SystemClock
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery.broker.port import Hint, Receives, Told
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.delivery.broker.shared import Shared
from seriatim.delivery.directory.shared import SharedDirectory
from seriatim.delivery.routes import BROADCAST_UP_TO, MEMBERS, Routes
from seriatim.protocol.entries import MessageSent

SERVERS: Final = (2, 4, 6, 8)
PEOPLE: Final = 1_000
SEED: Final = 7
WITHIN_S: Final = 30.0
TICK_S: Final = 0.02
SETTLE_S: Final = 0.5
"""After the last send: what is heard late, or too often, is heard by then."""
ROSTER_VERSION: Final = 1
_START = datetime(2026, 1, 1, tzinfo=UTC)


def published_case(servers: int) -> Case:
    """Return the row of so many servers; the yardstick is the formula, and a run that differs from it is wrong."""
    return Case(f"{servers} servers: published for a send", "messages", 1.0, better="less")


def heard_case(servers: int) -> Case:
    """Return the row that says how many servers took each send in, its own included."""
    return Case(f"{servers} servers: that heard a send", "servers", 1.0, better="less")


CASES: Final = tuple(case for servers in SERVERS for case in (published_case(servers), heard_case(servers)))


@dataclass(frozen=True)
class Size:
    """The sizes of conversations, how many there are of each, and the messages in each."""

    members: tuple[int, ...] = (2, 3, 5, 10, 20, 50, 200, 201)
    each: int = 20
    messages: int = 5


SMALL: Final = Size((2, 5, 201), 3, 2)


class _Server:
    """One server's parts for delivery, and how many sends it heard."""

    def __init__(self, url: str, rosters: Mapping[ConversationId, frozenset[UserId]]) -> None:
        self._rosters = rosters
        self.heard = 0
        receives = Receives(self._hints, self._told, shared=self._shared)
        self.broker = RedisBroker(url, "bench", "e", receives, route=self._to)
        self.directory = SharedDirectory(
            SystemClock(), self.broker.gateway, self.broker.share, lambda _user_id, _activity: None
        )
        self._routes = Routes(self.directory, self._roster)

    def _hints(self, hints: list[Hint]) -> None:
        self.heard += len(hints)

    def _told(self, told: Told) -> None:
        """Nobody is told anything of his own here."""

    def _shared(self, gateway: str, shared: Shared) -> None:
        self.directory.heard(gateway, shared)

    def _to(self, news: Hint | Told) -> Any:
        return self._routes(news)

    def _roster(self, conversation_id: ConversationId, _roster_version: int) -> frozenset[UserId]:
        return self._rosters[conversation_id]


class _Counted(NamedTuple):
    """What the sends of a run came to, and what the formula says."""

    sends: int
    published: int
    published_by_formula: int
    heard: int
    heard_by_formula: int


def run(size: Size) -> Report:
    """Count.

    Raises:
        CannotMeasure: there is no Valkey here.
        WrongRun: one message more or less was published, or heard, than the formula says.
    """
    samples = {case: Samples(case) for case in CASES}
    context: dict[str, Any] = {"servers up to which all hear all": BROADCAST_UP_TO, "members up to which": MEMBERS}
    with valkey() as server:
        for servers in SERVERS:
            counted = asyncio.run(_counted(server, servers, size))
            if (counted.published, counted.heard) != (counted.published_by_formula, counted.heard_by_formula):
                raise WrongRun(f"{servers} servers: not as the formula says: {counted}")
            sends = counted.sends
            samples[published_case(servers)].add(counted.published / sends, counted.published_by_formula / sends)
            samples[heard_case(servers)].add(counted.heard / sends, counted.heard_by_formula / sends)
            context[f"{servers} servers"] = counted._asdict()
    return Report("scale", [one.row() for one in samples.values()], {}, context)


async def _counted(valkey: Valkey, count: int, size: Size) -> _Counted:
    random = Random(SEED)  # noqa: S311 - places people
    place = {UserId(number): random.randrange(count) for number in range(1, PEOPLE + 1)}
    rosters = {
        ConversationId(number): frozenset(random.sample(list(place), members))
        for number, members in enumerate(size.members * size.each, start=1)
    }
    async with _met(valkey, count, rosters, place) as servers:
        before = valkey.published()
        for server in servers:
            server.heard = 0
        published = heard = sends = 0
        for conversation_id, members in rosters.items():
            for seq in range(1, size.messages + 1):
                sender = random.choice(sorted(members))
                server = servers[place[sender]]
                server.broker.publish([_hint(conversation_id, seq, sender)])
                await server.broker.drain()
                holding = {place[member] for member in members} - {place[sender]}
                is_told_to_all = count <= BROADCAST_UP_TO or len(members) > MEMBERS
                published += 1 if is_told_to_all else len(holding)
                heard += count if is_told_to_all else 1 + len(holding)
                sends += 1
        await asyncio.sleep(SETTLE_S)
        found = sum(server.heard for server in servers)
        return _Counted(sends, valkey.published() - before, published, found, heard)


@asynccontextmanager
async def _met(
    valkey: Valkey, count: int, rosters: Mapping[ConversationId, frozenset[UserId]], place: Mapping[UserId, int]
) -> AsyncGenerator[Sequence[_Server]]:
    """Run so many servers, let them say who is where, and then have them say nothing more of it."""
    servers = [_Server(valkey.url, rosters) for _ in range(count)]
    for user_id, number in place.items():
        servers[number].directory.hold(user_id, True)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(server.broker.run()) for server in servers]
        async with asyncio.timeout(WITHIN_S):
            while not _all_is_known(servers, place):
                for server in servers:
                    server.directory.tick()
                await asyncio.sleep(TICK_S)
        for server in servers:
            await server.broker.drain()
        await asyncio.sleep(TICK_S)
        yield servers
        for task in running:
            task.cancel()


def _all_is_known(servers: Sequence[_Server], place: Mapping[UserId, int]) -> bool:
    names = [server.broker.gateway for server in servers]
    return all(
        len(server.directory.others()) == len(servers) - 1
        and all(
            list(server.directory.holding((user_id,))) == [names[there]]
            for user_id, there in place.items()
            if there != here
        )
        for here, server in enumerate(servers)
    )


def _hint(conversation_id: ConversationId, seq: int, sender: UserId) -> Hint:
    entry = MessageSent(
        conversation_id=conversation_id,
        seq=seq,
        sender_id=sender,
        device_id=DeviceId(sender),
        client_id=UUID(int=seq),
        created_at=_START,
        ordinal=seq,
        body="How many hear this?",
    )
    return Hint("e", entry, ROSTER_VERSION)
