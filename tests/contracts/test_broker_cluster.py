"""The broker on a cluster whose nodes die, hang and hand slots on: it finds its channels, and says when it cannot."""

import itertools
from pathlib import Path

import pytest

from gateways import hint, joined, until
from seriatim.delivery.broker import link
from valkey_cluster import Cluster, Node
from valkey_cluster import until as until_settled


@pytest.mark.promise("D2")
async def test_channels_are_followed_to_the_node_that_their_slot_went_to(cluster: Cluster, tmp_path: Path) -> None:
    channel = f"{{{tmp_path}}}"
    async with joined(cluster.url, channel) as ada, joined(cluster.url, channel) as bob:
        ada.broker.publish([hint(1)])
        await until(lambda: bob.seqs == [1])
        source = cluster.holder(channel)
        cluster.move(channel, next(node for node in cluster.masters if node is not source))
        heard_there = cluster.holder(channel).listening(channel)
        ada.broker.publish([hint(2)])
        await until(lambda: ada.missed_count == bob.missed_count == 2)
        assert b"message 2" in next(heard_there), "what the old one refused went to the new one"
        for seq in range(3, 103):
            ada.broker.publish([hint(seq)])
        await until(lambda: bob.seqs[-100:] == [*range(3, 103)])
        assert ada.redis.dropped_count == 0


async def test_one_channel_that_moves_takes_no_other_along(cluster: Cluster, tmp_path: Path) -> None:
    async with joined(cluster.url, str(tmp_path)) as ada:
        inbox = ada.redis.inbox(ada.redis.gateway)
        source = cluster.holder(inbox)
        others = [node for node in cluster.masters if node is not source]
        cluster.move(inbox, others[0])
        await until(lambda: cluster.holder(inbox) is others[0] and listeners(others[0], inbox) == 1)
        await until(lambda: ada.why_away is None)
        assert listeners(cluster.holder(str(tmp_path)), str(tmp_path)) == 1
        cluster.publish(inbox, b"unreadable")
        cluster.publish(str(tmp_path), b"unreadable")
        await until(lambda: ada.redis.unread_count == 2)


def listeners(node: Node, channel: str) -> object:
    """Return how many connections listen to a channel there."""
    answer = node.ask("PUBSUB", "SHARDNUMSUB", channel)
    assert isinstance(answer, list)
    return answer[1]


async def test_a_node_that_was_cut_off_and_knows_of_no_successor_is_left(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(link, "ASK_EVERY_S", 0.05)
    channel = f"{{{tmp_path}}}"
    async with joined(cluster.url, channel) as ada:
        source = cluster.holder(channel)
        source.cut_off()
        try:
            # Not the one in the newest epoch: only another one begins an epoch, as an elected successor does.
            target = min((node for node in cluster.masters if node is not source), key=lambda node: node.epoch)
            cluster.move(channel, target, unnoticed=True)
            await until(lambda: ada.missed_count == 2)
            assert listeners(source, channel) == 0
            async with joined(cluster.url, channel) as bob:
                seqs = itertools.count(1)

                def heard() -> bool:
                    bob.broker.publish([hint(next(seqs))])  # he may have met the old one first
                    return bool(ada.seqs)

                await until(heard)
                # Until it notices, the old one says that all is well, and that it has the channel.
                await until(lambda: source.holds("cluster_state:fail", "cluster"))
            assert ada.missed_count == 2, "what the old one said of itself brought nobody back"
        finally:
            source.join_again()
            cluster.settled()


@pytest.mark.long  # 10 s: nodes that come back wait before they are believed
async def test_without_a_majority_it_says_that_it_is_away_and_returns_when_the_nodes_do(
    cluster: Cluster, tmp_path: Path
) -> None:
    channel = f"{{{tmp_path}}}"
    async with joined(cluster.url, channel) as ada, joined(cluster.url, channel) as bob:
        holder = cluster.holder(channel)
        others = [node for node in cluster.masters if node is not holder]
        for node in others:
            node.hang()
        until_settled(lambda: holder.holds("cluster_state:fail", "cluster"))
        ada.broker.publish([hint(1)])
        await until(lambda: bob.seqs == [1])
        assert bob.missed_count == 1, "its node is there, and carries news by default"
        holder.ask("CONFIG", "SET", "cluster-allow-pubsubshard-when-down", "no")
        await until(lambda: "cluster is down" in f"{bob.why_away}")
        ada.broker.publish([hint(2)])
        assert ada.seqs == [1, 2]
        await until(lambda: ada.redis.dropped_count == 1)
        for node in others:
            node.carry_on()
        until_settled(lambda: holder.holds("cluster_state:ok", "cluster"))
        holder.ask("CONFIG", "SET", "cluster-allow-pubsubshard-when-down", "yes")
        await until(lambda: ada.why_away is bob.why_away is None)
        assert bob.missed_count > 1
        ada.broker.publish([hint(3)])
        await until(lambda: bob.seqs == [1, 3])


@pytest.mark.long  # 10 s with what comes after: until it was replaced, and until it is a replica
async def test_a_master_that_hangs_is_left_once_it_was_replaced(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SILENT_S", 2.0)
    channel = f"{{{tmp_path}}}"
    async with joined(cluster.url, channel) as ada, joined(cluster.url, channel) as bob:
        cluster.holder(channel).hang()
        await until(lambda: bob.why_away is not None)
        await until(lambda: ada.why_away is bob.why_away is None)
        ada.broker.publish([hint(1)])
        await until(lambda: 1 in bob.seqs)


@pytest.mark.promise("D2")
async def test_a_killed_master_is_replaced_and_everybody_meets_at_its_successor(
    cluster: Cluster, tmp_path: Path
) -> None:
    channel = f"{{{tmp_path}}}"
    async with joined(cluster.url, channel) as ada, joined(cluster.url, channel) as bob:
        cluster.holder(channel).kill()
        ada.broker.publish([hint(1)])
        assert ada.seqs == [1], "its own sessions have it all the same"
        await until(lambda: ada.missed_count == bob.missed_count == 2)
        for seq in range(2, 102):
            ada.broker.publish([hint(seq)])
        await until(lambda: bob.seqs[-1:] == [101])
        assert bob.seqs == sorted(set(bob.seqs))
