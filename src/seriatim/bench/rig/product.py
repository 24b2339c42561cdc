"""The product as its operator runs it: `seriatim serve` with its own PostgreSQL and fsync, in a folder of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from seriatim.bench.rig import usage
from seriatim.bench.rig.lines import Child, ChildFailed

START_WITHIN_S = 60.0
SEED_WITHIN_S = 1_800.0
_RATE = {"per_s": 1e6, "burst": 1_000_000}
_RATES = dict.fromkeys(("send", "conversation_send", "fetch", "frames", "create", "lists", "search_users"), _RATE)
RAISED: dict[str, str] = {
    "SERIATIM_RATES": msgspec.json.encode(_RATES).decode(),
    "SERIATIM_TOKEN_LIFE_S": "86400",
    "SERIATIM_UNAUTHENTICATED_SOCKETS_PER_ADDRESS": "20000",
    "SERIATIM_HANDSHAKES_PER_S": "100000",
}
"""Limits of the front door that a load from one machine would meet first; every bench reports them."""


class Seeded(msgspec.Struct):
    """What `seriatim seed` answers, as far as benches look at it."""

    class Person(msgspec.Struct):
        user_id: int
        device_id: int
        token: str

    class Conversation(msgspec.Struct):
        conversation_id: int
        members: list[int]

    people: list[Person]
    conversations: list[Conversation]


class Product:
    """A running server: its port, its database, its people, and what it uses of the machine."""

    def __init__(self, folder: Path, environment: Mapping[str, str], command: Sequence[str]) -> None:
        self._folder = folder
        self._command = command
        self._environment = {"SERIATIM_DATA": str(folder / "data"), **environment}
        self.people_file = folder / "people"
        self.seeded = Seeded([], [])
        self._server: Child | None = None
        self.port = 0
        self.dsn = ""
        self._postgres = 0

    def seed(self, *arguments: str) -> None:
        """Fill the database of the running server."""
        out = self._folder / "seeded.json"
        self._run("seed", *arguments, "--out", str(out))
        self.seeded = msgspec.json.decode(out.read_bytes(), type=Seeded)
        people, conversations = self.seeded.people, self.seeded.conversations
        lines = [f"people {len(people)}"]
        lines += [f"{person.user_id} {person.device_id} {person.token}" for person in people]
        lines.append(f"conversations {len(conversations)}")
        lines += [
            f"{one.conversation_id} {len(one.members)} {' '.join(map(str, one.members))}" for one in conversations
        ]
        self.people_file.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start the server and wait until it is ready.

        Raises:
            ChildFailed: it does not start.
        """
        self._server = Child([*self._command, "serve", "--port", "0"], environment=self._environment, log=True)
        end = time.monotonic() + START_WITHIN_S
        while True:
            line = self._server.line(max(end - time.monotonic(), 0.1))
            if line.startswith("{") and '"ready"' in line:  # a traceback may show the line that logs it
                url = msgspec.json.decode(line)["url"]
                self.port = int(url.rpartition(":")[2])
                break
        self.dsn = self._run("db", "url").strip()
        self._postgres = next(pid for pid in usage.descendants(self._server.pid) if usage.name(pid) == "postgres")

    @property
    def postgres_pid(self) -> int:
        """The process of its PostgreSQL that is the parent of the others."""
        return self._postgres

    def stop(self) -> None:
        """Stop it, its PostgreSQL too."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def used(self) -> "Used":
        """Return what the gateway and PostgreSQL have used so far."""
        assert self._server is not None
        self._server.drop()
        return Used(usage.cpu_s(self._server.pid), usage.tree_cpu_s(self._postgres), usage.rss_bytes(self._server.pid))

    def _run(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own command
            [*_COMMAND, *words],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=SEED_WITHIN_S,
        )
        if done.returncode != 0:
            raise ChildFailed(f"seriatim {words[0]}: {done.stderr.strip()[-1000:]}")
        return done.stdout


class Used(msgspec.Struct):
    """CPU seconds and memory at one moment."""

    gateway_cpu_s: float
    postgres_cpu_s: float
    gateway_rss_bytes: int

    def since(self, before: "Used") -> "Used":
        """Return the difference."""
        return Used(
            self.gateway_cpu_s - before.gateway_cpu_s,
            self.postgres_cpu_s - before.postgres_cpu_s,
            self.gateway_rss_bytes - before.gateway_rss_bytes,
        )


_COMMAND = (str(Path(sys.executable).with_name("seriatim")),)
"""The command that was installed beside this interpreter."""


@contextmanager
def product(
    *seed: str, environment: Mapping[str, str] = RAISED, command: Sequence[str] = _COMMAND
) -> Generator[Product]:
    """Run a server on a fresh database and seed it; everything is gone afterwards.

    `command` is what stands before `serve`: another one than the product's is a yardstick.

    Raises: ChildFailed.
    """
    with tempfile.TemporaryDirectory(prefix="seriatim-bench-", ignore_cleanup_errors=True) as folder:
        one = Product(Path(folder), environment, command)
        try:
            one.start()
            one.seed(*seed)
            yield one
        finally:
            one.stop()
