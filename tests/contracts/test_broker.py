"""Every broker: news comes to all gateways in the order of its publisher, and what may be lost is said to be."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from gateways import Gateway, hint, joined, running, told, until
from seriatim.core.ids import UserId
from seriatim.delivery.broker import link
from seriatim.delivery.broker.carried import MOST_BYTES, WIRE
from seriatim.delivery.broker.local import LocalBroker
from seriatim.delivery.broker.port import Hint
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.delivery.broker.shared import Hurry, Reload
from seriatim.delivery.broker.waiting import WAITING
from valkey_cluster import Cluster
from valkey_server import Valkey

Join = Callable[..., Awaitable[Gateway]]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["valkey", "cluster"])
def servers(request: pytest.FixtureRequest) -> Valkey | Cluster:
    """Return a real server, and a real cluster."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def channel(tmp_path: Path) -> str:
    """Return a name that no other test uses; on a cluster its inboxes are where it is."""
    return f"{{{tmp_path}}}"


@pytest.fixture
async def join_at(channel: str) -> AsyncGenerator[Callable[..., Awaitable[Gateway]]]:
    """Let another gateway join those at a URL."""
    async with AsyncExitStack() as stack:

        async def join(url: str, epoch: str = "e") -> Gateway:
            return await stack.enter_async_context(joined(url, channel, epoch))

        yield join


@pytest.fixture
def join(servers: Valkey | Cluster, join_at: Join) -> Join:
    """Let another gateway join those on the real server."""

    async def joined(epoch: str = "e") -> Gateway:
        return await join_at(servers.url, epoch)

    return joined


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


async def test_long_news_goes_in_several_messages_none_of_which_holds_up_who_reads_it(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await join(), await join()
    lengths: list[int] = []
    decode = bob.redis._codec.decode
    monkeypatch.setattr(bob.redis._codec, "decode", lambda payload: lengths.append(len(payload)) or decode(payload))
    long = [Hint("e", replace(hint(seq).entry, body="x" * 16_384), 3) for seq in range(1, 501)]
    ada.broker.publish(long)
    await until(lambda: len(bob.hints) == 500)
    assert bob.seqs == list(range(1, 501))
    assert max(lengths) <= MOST_BYTES
    assert len(lengths) <= 16, "and of few messages"
    huge = Hint("e", replace(hint(501).entry, body="x" * (MOST_BYTES + 1)), 3)
    ada.broker.publish([hint(500), huge, hint(502)])
    await until(lambda: len(bob.hints) == 503)
    assert bob.seqs[-3:] == [500, 501, 502]


async def test_what_was_published_before_a_gateway_stops_has_left_once_it_is_drained(join: Join) -> None:
    ada, bob = await join(), await join()
    await ada.broker.drain()
    ada.broker.publish([hint(seq) for seq in range(1, 2_001)])
    await ada.broker.drain()
    assert isinstance(ada.broker, RedisBroker)
    assert not ada.broker._waiting, "nothing waits any more"
    await until(lambda: len(bob.hints) == 2_000)


@pytest.mark.promise("D2")
async def test_a_connection_that_was_cut_is_noticed_and_comes_back(join: Join, servers: Valkey | Cluster) -> None:
    ada, bob = await join(), await join()
    ada.broker.publish([hint(1)])
    await until(lambda: bob.seqs == [1])
    servers.cut_connections()
    await until(lambda: ada.missed_count == bob.missed_count == 2)
    ada.broker.publish([hint(2)])
    await until(lambda: bob.seqs == [1, 2])


async def test_a_server_that_dies_harms_nobody_and_its_successor_is_found(join_at: Join, valkey: Valkey) -> None:
    ada, bob = await join_at(valkey.url), await join_at(valkey.url)
    valkey.kill()
    try:
        ada.broker.publish([hint(1)])
        assert ada.seqs == [1], "its own sessions have it all the same"
        await until(lambda: ada.why_away is not None)
        await until(lambda: ada.redis.dropped_count == 1)
    finally:
        valkey.start()
    await until(lambda: ada.missed_count == bob.missed_count == 2)
    ada.broker.publish([hint(2)])
    await until(lambda: 2 in bob.seqs)


async def test_a_server_that_does_not_answer_holds_up_nobody_and_the_queue_is_bounded(
    join_at: Join, monkeypatch: pytest.MonkeyPatch, valkey: Valkey
) -> None:
    monkeypatch.setattr(link, "ASK_EVERY_S", 0.1)
    monkeypatch.setattr(link, "SILENT_S", 0.5)
    ada = await join_at(valkey.url)
    process = valkey.process
    os.kill(process, signal.SIGSTOP)
    try:
        for seq in range(1, WAITING + 1_001):
            ada.broker.publish([hint(seq)])
        assert ada.seqs[-1] == WAITING + 1_000
        assert ada.redis.dropped_count == 1_000, "the oldest went"
        await until(lambda: ada.why_away is not None)
    finally:
        os.kill(process, signal.SIGCONT)
    await until(lambda: ada.missed_count == 2)


async def test_a_silent_subscription_is_kept_as_long_as_it_is_confirmed(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "ASK_EVERY_S", 0.1)
    monkeypatch.setattr(link, "SILENT_S", 0.3)
    ada, bob = await join(), await join()
    await asyncio.sleep(1.0)
    ada.broker.publish([hint(1)])
    await until(lambda: bob.seqs == [1])
    assert bob.missed_count == 1, "it was never lost"


async def test_what_cannot_be_read_is_counted_and_left_to_the_log(
    join: Join, servers: Valkey | Cluster, channel: str
) -> None:
    bob, other_log = await join(), await join("another epoch")
    newer = msgspec.msgpack.encode((WIRE + 1, "a gateway", "e", [(3, hint(2).entry)], [], []))
    for payload in (b"", b"nonsense", b"\x93\x01", newer):
        servers.publish(channel, payload)
    other_log.broker.publish([hint(1, "another epoch")])
    ada = await join()
    ada.broker.publish([hint(3)])
    await until(lambda: bob.seqs == [3])
    assert bob.redis.unread_count == 5
    assert other_log.seqs == [1]
