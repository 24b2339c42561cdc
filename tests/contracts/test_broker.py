"""Every broker: news comes to all gateways in the order of its publisher, and what may be lost is said to be."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery.broker import link
from seriatim.delivery.broker.carried import WIRE
from seriatim.delivery.broker.local import LocalBroker
from seriatim.delivery.broker.port import Broker, Hint, Receives, Told
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.delivery.broker.shared import Hurry, Reload, Shared
from seriatim.delivery.broker.waiting import WAITING
from seriatim.protocol.answers import OwnRead, SelfChanged
from seriatim.protocol.entries import MessageSent
from valkey_server import Valkey

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


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


Join = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def join(valkey: Valkey, tmp_path: Path) -> AsyncGenerator[Join]:
    """Let another gateway join those on the real server."""
    async with AsyncExitStack() as stack:

        async def joined(epoch: str = "e") -> Gateway:
            gateway = Gateway()
            gateway.broker = RedisBroker(valkey.url, str(tmp_path), epoch, gateway.receives())
            await stack.enter_async_context(running(gateway))
            await until(lambda: gateway.missed_count == 1)
            return gateway

        yield joined


@pytest.fixture(params=["local", "redis"])
async def gateway(request: pytest.FixtureRequest, join: Join) -> AsyncGenerator[Gateway]:
    """Return a gateway on a broker of each technology."""
    if request.param == "redis":
        yield await join()
        return
    alone = Gateway()
    alone.broker = LocalBroker(alone.receives())
    async with running(alone):
        yield alone


async def test_ones_own_news_arrives_at_once_in_order_and_once(gateway: Gateway) -> None:
    gateway.broker.publish([hint(1), hint(2)])
    gateway.broker.tell(told(5))
    gateway.broker.publish([hint(3)])
    assert gateway.seqs == [1, 2, 3]
    assert gateway.told == [told(5)]
    await asyncio.sleep(0.1)
    assert gateway.seqs == [1, 2, 3], "and does not come back from the others"


async def test_what_is_shared_comes_to_the_others_with_its_gateways_name_and_not_back(
    gateway: Gateway, join: Join
) -> None:
    bob = await join()
    for user_id in range(1, 1_001):
        gateway.broker.share(Reload(UserId(user_id)))
    gateway.broker.share(Hurry())
    if isinstance(gateway.broker, RedisBroker):
        name = gateway.broker.gateway
        await until(lambda: len(bob.shared) == 1_001)
        assert bob.shared == [*((name, Reload(UserId(id_))) for id_ in range(1, 1_001)), (name, Hurry())]
    await asyncio.sleep(0.1)
    assert gateway.shared == []


async def test_all_gateways_hear_each_one_in_its_order(join: Join) -> None:
    ada, bob, eve = [await join() for _ in range(3)]
    for seq in range(1, 1_001):
        ada.broker.publish([hint(seq)])
        bob.broker.publish([hint(10_000 + seq)])
        if seq % 100 == 0:
            ada.broker.tell(told(seq))
            await asyncio.sleep(0)
    await until(lambda: len(ada.hints) == len(bob.hints) == len(eve.hints) == 2_000)
    for one in (ada, bob, eve):
        assert [seq for seq in one.seqs if seq <= 10_000] == list(range(1, 1_001))
        assert [seq for seq in one.seqs if seq > 10_000] == list(range(10_001, 11_001))
    await until(lambda: len(eve.told) == 10)
    assert eve.told == [told(seq) for seq in range(100, 1_001, 100)]
    assert eve.hints[0].entry in (hint(1).entry, hint(10_001).entry), "whole, with time and text"
    assert {one.roster_version for one in eve.hints} == {3}


@pytest.mark.promise("D2")
async def test_a_subscription_that_was_cut_is_noticed_and_comes_back(join: Join, valkey: Valkey) -> None:
    ada, bob = await join(), await join()
    valkey.ask("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: bob.missed_count == 2)
    ada.broker.publish([hint(1)])
    await until(lambda: bob.seqs == [1])


async def test_a_server_that_dies_harms_nobody_and_its_successor_is_found(join: Join, valkey: Valkey) -> None:
    ada, bob = await join(), await join()
    assert isinstance(ada.broker, RedisBroker)
    valkey.kill()
    try:
        ada.broker.publish([hint(1)])
        assert ada.seqs == [1], "its own sessions have it all the same"
        await until(lambda: isinstance(ada.broker, RedisBroker) and ada.broker.why_away)
        await until(lambda: isinstance(ada.broker, RedisBroker) and ada.broker.dropped_count == 1)
    finally:
        valkey.start()
    await until(lambda: ada.missed_count == bob.missed_count == 2)
    ada.broker.publish([hint(2)])
    await until(lambda: 2 in bob.seqs)


async def test_a_server_that_does_not_answer_holds_up_nobody_and_the_queue_is_bounded(
    join: Join, monkeypatch: pytest.MonkeyPatch, valkey: Valkey
) -> None:
    monkeypatch.setattr(link, "ASK_EVERY_S", 0.1)
    monkeypatch.setattr(link, "SILENT_S", 0.5)
    ada = await join()
    assert isinstance(ada.broker, RedisBroker)
    process = valkey.process
    os.kill(process, signal.SIGSTOP)
    try:
        for seq in range(1, WAITING + 1_001):
            ada.broker.publish([hint(seq)])
        assert ada.seqs[-1] == WAITING + 1_000
        assert ada.broker.dropped_count == 1_000, "the oldest went"
        await until(lambda: isinstance(ada.broker, RedisBroker) and ada.broker.why_away)
    finally:
        os.kill(process, signal.SIGCONT)
    await until(lambda: ada.missed_count == 2)


async def test_a_silent_subscription_is_kept_as_long_as_its_pongs_come(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "ASK_EVERY_S", 0.1)
    monkeypatch.setattr(link, "SILENT_S", 0.3)
    ada, bob = await join(), await join()
    await asyncio.sleep(1.0)
    ada.broker.publish([hint(1)])
    await until(lambda: bob.seqs == [1])
    assert bob.missed_count == 1, "it was never lost"


async def test_what_cannot_be_read_is_counted_and_left_to_the_log(join: Join, valkey: Valkey, tmp_path: Path) -> None:
    bob, other_log = await join(), await join("another epoch")
    assert isinstance(bob.broker, RedisBroker)
    newer = msgspec.msgpack.encode((WIRE + 1, "a gateway", "e", [(3, hint(2).entry)], [], []))
    for payload in (b"", b"nonsense", b"\x93\x01", newer):
        valkey.ask("PUBLISH", str(tmp_path), payload)
    other_log.broker.publish([hint(1, "another epoch")])
    ada = await join()
    ada.broker.publish([hint(3)])
    await until(lambda: bob.seqs == [3])
    assert bob.broker.unread_count == 5
    assert other_log.seqs == [1]
