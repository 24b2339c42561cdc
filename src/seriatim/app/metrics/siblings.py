"""Processes under one supervisor tell their metrics together: whichever is asked on the common port asks the others.

Each listens on a unix socket in the data folder, which only its user can enter, and tells who connects what it counts.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

FOLDER = "metrics"
WITHIN_S = 1.0
"""Longest wait for what another process counts; who says nothing is left out."""


class Siblings:
    """One process among those of its supervisor; `name` None: there is no supervisor, and nobody else to ask."""

    def __init__(self, data: Path, name: str | None, own: Callable[[], bytes]) -> None:
        self._folder = data.resolve() / FOLDER
        self._name = name
        self._own = own

    async def all(self) -> bytes:
        """Return what all processes count, each under its name; of one alone, what it counts."""
        if self._name is None:
            return self._own()
        with _short(self._folder) as folder:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - the folder is a descriptor
            async with asyncio.TaskGroup() as tasks:
                asked = {name: tasks.create_task(_said(folder / name)) for name in names}
        return _together({name.rpartition(".")[0]: one.result() for name, one in asked.items() if one.result()})

    async def run(self) -> None:
        """Tell who connects, until cancelled."""
        if self._name is None:
            await asyncio.Event().wait()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        with _short(self._folder) as folder:
            place = folder / f"{self._name}.{os.getpid()}"  # its predecessor may still be there
            try:
                async with await asyncio.start_unix_server(self._tell, place) as server:
                    await server.serve_forever()
            finally:
                place.unlink(missing_ok=True)

    async def _tell(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(WITHIN_S):
                writer.write(self._own())
                writer.close()
                await writer.wait_closed()


async def _said(place: Path) -> str:
    """Return what a process says of itself; nothing, if it does not answer, and its place goes when it is dead."""
    try:
        async with asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(place)
            try:
                return (await reader.read(-1)).decode()
            finally:
                writer.close()
    except ConnectionRefusedError:
        with suppress(FileNotFoundError):
            os.unlink(place)  # noqa: PTH108 - at once, in a folder of sockets
    except (OSError, TimeoutError):
        pass
    return ""


@contextmanager
def _short(folder: Path) -> Generator[Path]:
    """Lend a short path to a folder, where the system has one: the kernel takes 107 bytes for a socket."""
    if sys.platform != "linux":
        yield folder
        return
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _together(texts: dict[str, str]) -> bytes:
    families: dict[str, Family] = {}
    for process, text in texts.items():
        for family in text_string_to_metric_families(text):
            whole = families.setdefault(family.name, Family(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.add_sample(sample.name, {"process": process, **sample.labels}, sample.value)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(families.values()))
    return generate_latest(registry)


class _Read(Collector):
    """What was read before."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        """Return it."""
        return self._families
