"""The supervisor: opens the port and keeps it, runs the database and the broker, and keeps the processes alive.

It starts this very command again, once for each process, so that what is started after an upgrade is the new program.
"""

import asyncio
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial

import structlog

from seriatim.app.front import Front
from seriatim.app.postgres import postgres
from seriatim.app.processes.broker import broker
from seriatim.app.processes.child import CannotStart, Child
from seriatim.app.processes.ends import first_of
from seriatim.app.processes.handover import READY, Handover
from seriatim.app.processes.slot import Slot, kept
from seriatim.app.settings import Settings
from seriatim.app.streams.loops import Role
from seriatim.gateway.transport.server import listening_socket

log = structlog.get_logger()

STOP_WITHIN_S = 20.0
"""What a process may take to end beyond the time for its sends in flight; then it is killed."""


async def supervise(settings: Settings, command: Sequence[str]) -> None:
    """Run as many gateways as the settings say, a worker, a broker and the database until SIGTERM or SIGINT.

    SIGHUP restarts the processes one after the other; each ends when its successor is ready.

    Raises:
        ProcessFailed, NoPostgres, DataFolderInUse, ServerFailed, OSError: the start failed; the message says why.
    """
    stop, roll = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for name, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, roll)):
        loop.add_signal_handler(name, event.set)
    with ExitStack() as stack:
        listeners = [stack.enter_context(closing(one)) for one in _listeners(settings)]
        scheme = "https" if settings.tls_certificate else "http"
        url = f"{scheme}://{settings.host}:{listeners[0].getsockname()[1]}"
        log.info("listening", url=url)
        try:
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(_work(settings, command, listeners, roll, url))
                stopping = tasks.create_task(stop.wait())
                await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                stack.close()  # who comes now is refused at once
                working.cancel()
        except BaseExceptionGroup as group:
            raise first_of(group) from None


def _listeners(settings: Settings) -> list[socket.socket]:
    """Return a listening socket for each gateway, all on one port, among which the kernel shares connections out.

    A single one that all accept from is shared out badly: docs/decisions/0013.
    """
    with closing(listening_socket(settings.host, settings.port)) as first:  # refused where another server listens
        port = int(first.getsockname()[1])
    return [listening_socket(settings.host, port, reuse_port=True) for _ in range(settings.processes)]


async def _work(
    settings: Settings, command: Sequence[str], listeners: Sequence[socket.socket], roll: asyncio.Event, url: str
) -> None:
    async with _database(settings) as database_url, broker(settings) as broker_url:
        launches = Launches(command, database_url, broker_url)
        stop_within_s = settings.drain_s + STOP_WITHIN_S
        slots = [
            Slot(name, partial(launches.gateway, name, listener), stop_within_s=stop_within_s)
            for name, listener in ((f"gateway-{place}", one) for place, one in enumerate(listeners, 1))
        ]
        if settings.role is Role.ALL:
            slots.append(Slot("worker", partial(launches.worker, "worker"), stop_within_s=stop_within_s))
        async with kept(slots):
            log.info("ready", url=url)
            await _roll_when_asked(slots, roll)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[str | None]:
    """Run the embedded database; one that is somebody else's is reached by each process itself."""
    if settings.database_url is not None:
        yield None
        return
    async with postgres(settings, Front()) as dsn:
        yield dsn


async def _roll_when_asked(slots: Sequence[Slot], asked: asyncio.Event) -> None:
    while True:
        await asked.wait()
        asked.clear()
        log.info("rolling_restart")
        try:
            for slot in slots:
                await slot.replace()
        except CannotStart as error:
            log.error("rolling_restart_stopped", reason=str(error))  # noqa: TRY400 - the reason is the whole story
        else:
            log.info("rolling_restart_done")


@dataclass(frozen=True)
class Launches:
    """How the processes are started."""

    command: Sequence[str]
    database_url: str | None
    broker_url: str

    async def gateway(self, name: str, listener: socket.socket) -> Child:
        """Start a gateway on a socket that stays ours."""
        return await self._launched(name, Role.GATEWAY, listener.fileno())

    async def worker(self, name: str) -> Child:
        """Start a worker, which listens nowhere."""
        return await self._launched(name, Role.WORKER, None)

    async def _launched(self, name: str, role: Role, listener: int | None) -> Child:
        handover = Handover(
            name=name, role=role, listener=listener, database_url=self.database_url, broker_url=self.broker_url
        )
        process = await asyncio.create_subprocess_exec(
            *self.command,
            env=handover.environment(),
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=() if listener is None else (listener,),
            start_new_session=True,  # Ctrl-C reaches us alone
        )
        return Child(name, process, _until_ready)


async def _until_ready(process: Process) -> None:
    assert process.stdout is not None
    line = (await process.stdout.readline()).strip()
    if line == READY:
        return
    raise CannotStart(line.decode(errors="replace") or f"it ended with code {await process.wait()}")
