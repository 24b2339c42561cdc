"""A server of several processes as an operator runs it, and which of its processes a connection fell to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from world import UNLIMITED, Device, Server

SERIATIM = Path(sys.executable).parent / "seriatim"
WITHIN_S = 60.0
LISTENING, ESTABLISHED = "0A", "01"


class Fleet:
    """A supervisor with two gateways and a worker."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log
        self.url = str(self.until("ready")["url"])

    def lines(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """Return the lines of the log that tell of this event."""
        found: list[dict[str, Any]] = []
        for line in self._log.read_bytes().splitlines():
            if line.startswith(b"{"):
                told = msgspec.json.decode(line)
                if told["event"] == event and told.items() >= fields.items():
                    found.append(told)
        return found

    def until(self, event: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """Wait for the line that tells of an event for the `count`th time, and return it."""
        deadline = time.monotonic() + WITHIN_S
        while len(found := self.lines(event, **fields)) < count:
            ended = self.process.poll()
            assert ended is None, f"it ended with {ended}: {self._log.read_text()}"
            assert time.monotonic() < deadline, f"no {event} {fields} in {self._log.read_text()}"
            time.sleep(0.02)
        return found[count - 1]

    def pid(self, name: str) -> int:
        """Return the process id of who has this place now."""
        return int(self.lines("process_ready", name=name)[-1]["pid"])

    @property
    def pids(self) -> dict[str, int]:
        return {name: self.pid(name) for name in ("broker", "gateway-1", "gateway-2", "worker")}

    def gateway_of(self, device: Device) -> str:
        """Return the name of the process that has this device's connection."""
        assert device._socket is not None
        theirs = device._socket.transport.get_extra_info("sockname")[1]
        ours = int(self.url.rpartition(":")[2])
        inode = next(inode for state, *ports, inode in _sockets() if (state, *ports) == (ESTABLISHED, ours, theirs))
        return next(name for name, pid in self.pids.items() if f"socket:[{inode}]" in _open_files(pid))

    def people(self) -> Server:
        """Return the way to people who speak to it."""
        http = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=WITHIN_S)
        return Server(self.url, None, http)  # type: ignore[arg-type] - other processes have the parts

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait(WITHIN_S)


def _sockets() -> Iterator[tuple[str, int, int, str]]:
    """Yield state, own port, the other's port and inode of each TCP socket."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        own, other = (int(words[place].rpartition(":")[2], 16) for place in (1, 2))
        yield words[3], own, other, words[9]


def _open_files(pid: int) -> set[str]:
    return {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}


def is_listened_to(port: int) -> bool:
    return any((state, own) == (LISTENING, port) for state, own, _, _ in _sockets())


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def fleet(folder: Path, **settings: str) -> Iterator[Fleet]:
    """Run a server of two gateways on this data folder."""
    environment = {**os.environ, "SERIATIM_RATES": msgspec.json.encode(UNLIMITED).decode()}
    environment |= {f"SERIATIM_{name.upper()}": value for name, value in settings.items()}
    command = [SERIATIM, "serve", "--port", "0", "--data", str(folder), "--processes", "2"]
    log = folder.with_name(f"{folder.name}-{time.monotonic_ns()}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stderr=output)
    try:
        yield Fleet(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(WITHIN_S)
