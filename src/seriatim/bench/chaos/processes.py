"""The processes of a chaos run: one server that is killed and started again on the same port, and the clients."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from seriatim.bench.chaos import database
from seriatim.bench.chaos.plan import Plan
from seriatim.bench.chaos.worker import Heads
from seriatim.protocol.limits import Rate, Rates

READY_WITHIN_S = 90.0
STOP_WITHIN_S = 40.0
POLL_S = 0.05
UNLIMITED = Rates(**dict.fromkeys(Rates.__struct_fields__, Rate(1e6, 1_000_000)))


class NotReady(Exception):
    """A process of the run did not come up; the message says where it told why."""


class Server:
    """`seriatim serve` on a data folder and a port of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.dsn = ""
        self.log = folder / "server.log"
        self.stops = self.kills = self.postmaster_kills = 0
        self._data = folder / "data"
        self._command = (*plan.server, "serve", "--port", str(self.port), "--data", str(self._data))
        self._environment = {
            **os.environ,
            "SERIATIM_DATA": str(self._data),
            "SERIATIM_RATES": msgspec.json.encode(UNLIMITED).decode(),
            **dict(plan.environment),
        }
        self._plan = plan
        self._process: asyncio.subprocess.Process | None = None
        self._postmaster = Path()
        self._is_killing = False

    async def start(self) -> None:
        """Start it unless it runs, and wait until it is ready.

        Raises: NotReady.
        """
        if self._process is None or self._process.returncode is not None:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, env=self._environment, stderr=log, stdout=log
                )
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
            try:
                async with asyncio.timeout(READY_WITHIN_S):
                    await self._ready(self._process, http)
            except TimeoutError:
                raise NotReady(f"the server is not ready after {READY_WITHIN_S:.0f} s: see {self.log}") from None
        if not self.dsn:
            await self._find_database()

    async def _ready(self, process: asyncio.subprocess.Process, http: httpx.AsyncClient) -> None:
        while not await self._answers(http):
            if process.returncode == -signal.SIGKILL:
                return  # at a crash point, before it was seen ready: `died` tells of that
            if process.returncode is not None:
                raise NotReady(f"the server ended with {process.returncode}: see {self.log}")
            await asyncio.sleep(POLL_S)

    async def _answers(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}/health")).is_success
        except httpx.HTTPError:
            return False

    async def _find_database(self) -> None:
        asking = await asyncio.create_subprocess_exec(
            *self._plan.server, "db", "url", env=self._environment, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asking.communicate()
        self.dsn = out.decode().strip()
        self._postmaster = await database.folder(self.dsn) / "postmaster.pid"

    async def kill(self) -> None:
        """Kill -9 the gateway and start another one."""
        assert self._process is not None
        self._is_killing = True
        try:
            self._process.kill()
            await self._process.wait()
            self.kills += 1
            await self.start()
        finally:
            self._is_killing = False

    async def died(self) -> None:
        """Wait until it has ended though nobody here killed it."""
        while self._is_killing or self._process is None or self._process.returncode is None:  # noqa: ASYNC110 - as below
            await asyncio.sleep(POLL_S)

    async def hold(self, seconds: float) -> None:
        """Stop the gateway's process for a while, then let it go on."""
        assert self._process is not None
        self.stops += 1
        self._process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill_postmaster(self) -> None:
        """Kill -9 PostgreSQL; the gateway starts it again."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._postmaster_pid(), signal.SIGKILL)
            self.postmaster_kills += 1

    def _postmaster_pid(self) -> int:
        try:
            return int(self._postmaster.read_text(encoding="ascii").splitlines()[0])
        except (OSError, ValueError, IndexError):
            raise ProcessLookupError from None

    async def stop(self) -> None:
        """Stop it and its PostgreSQL, surely."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_WITHIN_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._postmaster_pid(), signal.SIGINT)


class Worker:
    """One client process and its lives."""

    def __init__(self, folder: Path, number: int, plan: Plan) -> None:
        self.number = number
        self.kills = self.crashes = 0
        self.said: set[str] = set()
        self._folder = folder
        self._plan = plan
        self._life = 0
        self._process: asyncio.subprocess.Process | None = None
        self._is_wanted = True
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Keep it alive: read what it says, start it again when it ended without our doing; until `end`."""
        while self._is_wanted:
            self._life += 1
            self.said = set()
            with (self._folder / f"client-{self.number}.log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._plan.client, str(self._folder), str(self.number), str(self._life),
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                )  # fmt: skip
            assert self._process.stdout is not None
            while line := await self._process.stdout.readline():
                self.said.add(line.decode().strip())
                self._changed.set()
            if await self._process.wait() != -signal.SIGKILL:
                self.crashes += 1
                await asyncio.sleep(1.0)

    async def says(self, word: str) -> None:
        """Wait until its present life has said this."""
        while word not in self.said:
            self._changed.clear()
            await self._changed.wait()

    def tell(self, heads: Heads) -> None:
        """Let it say `settled` when its devices hold all this."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(heads) + b"\n")

    def kill(self) -> None:
        """Kill -9; `run` starts the next life."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            self.kills += 1

    async def hold(self, seconds: float) -> None:
        """Stop the process for a while, then let it go on."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill it for good: what counts is what its stores hold."""
        self._is_wanted = False
        if self._process is not None and self._process.returncode is None:
            self._process.kill()


@asynccontextmanager
async def running(workers: Sequence[Worker]) -> AsyncGenerator[None]:
    """Run the client processes; all are killed on leaving."""
    async with asyncio.TaskGroup() as tasks:
        for worker in workers:
            tasks.create_task(worker.run())
        try:
            yield
        finally:
            for worker in workers:
                worker.end()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
