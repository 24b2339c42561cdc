"""Gateways that only listen: what each has received from its broker, and news to publish."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery.broker.port import Broker, Hint, Receives, Told
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.delivery.broker.shared import Shared
from seriatim.protocol.answers import OwnRead, SelfChanged
from seriatim.protocol.entries import MessageSent

WITHIN_S = 10.0


def hint(seq: int, epoch: str = "e") -> Hint:
    entry = MessageSent(
        conversation_id=ConversationId(7),
        seq=seq,
        sender_id=UserId(1),
        device_id=DeviceId(2),
        client_id=UUID(int=seq),
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC),
        ordinal=seq,
        body=f"message {seq} é",
    )
    return Hint(epoch, entry, 3)


def told(seq: int) -> Told:
    own = OwnRead(conversation_id=ConversationId(7), seq=seq, unread=0, mentions=0)
    return Told(UserId(1), SelfChanged(what=own), DeviceId(2))


@dataclass
class Gateway:
    """What one gateway has received."""

    broker: Broker = field(init=False)
    hints: list[Hint] = field(default_factory=list[Hint])
    told: list[Told] = field(default_factory=list[Told])
    shared: list[tuple[str, Shared]] = field(default_factory=list[tuple[str, Shared]])
    missed_count: int = 0

    def receives(self) -> Receives:
        return Receives(self.hints.extend, self.told.append, self._missed, self._shared)

    def _missed(self) -> None:
        self.missed_count += 1

    def _shared(self, gateway: str, shared: Shared) -> None:
        self.shared.append((gateway, shared))

    @property
    def seqs(self) -> list[int]:
        return [one.entry.seq for one in self.hints]

    @property
    def redis(self) -> RedisBroker:
        assert isinstance(self.broker, RedisBroker)
        return self.broker

    @property
    def why_away(self) -> str | None:
        return self.redis.why_away


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(gateway: Gateway) -> AsyncGenerator[Gateway]:
    task = asyncio.create_task(gateway.broker.run())
    try:
        yield gateway
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def joined(url: str, channel: str, epoch: str = "e") -> AsyncGenerator[Gateway]:
    """Let another gateway join those at the URL, and wait until it hears them."""
    gateway = Gateway()
    gateway.broker = RedisBroker(url, channel, epoch, gateway.receives())
    async with running(gateway):
        await until(lambda: gateway.why_away is None)
        yield gateway
