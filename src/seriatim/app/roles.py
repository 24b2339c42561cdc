"""The life of a server process: open the door, get the database, build the parts, run, drain on a signal, stop."""

import asyncio
import gc
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import structlog

from seriatim.app.front import Front
from seriatim.app.http import http_app, worker_app
from seriatim.app.metrics.exposition import exposition
from seriatim.app.metrics.siblings import Siblings
from seriatim.app.metrics.table import Watched
from seriatim.app.parts import Parts, build
from seriatim.app.postgres import postgres
from seriatim.app.processes.ends import Ends, first_of
from seriatim.app.processes.handover import Supervised
from seriatim.app.settings import Settings
from seriatim.app.streams.loops import Role
from seriatim.core.clock import SystemClock
from seriatim.gateway.sockets import Sockets
from seriatim.gateway.transport.contract import Connection, Refusal, UpgradeRequest
from seriatim.gateway.transport.server import HttpServer, listening_socket
from seriatim.gateway.transport.upgrade import Doorway
from seriatim.log.epoch import LogReplaced
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

GC_THRESHOLDS = (20_000, 20, 50)
"""The collector ran 22 % of the time at 2,000 sends in flight (700 objects a round; `bench send`, 64 x 32)."""
LEAVE_WITHIN_MS = 2_000
"""The window in which a gateway's clients move to the others; longer where that many would be refused there."""
LONGEST_LEAVE_MS = 15_000
"""The supervisor kills a gateway 20 s after its time for sends, and everybody left with it; a refusal names a place."""
BEGIN_ANEW_MS = 500
"""The parts are built again within this time."""
LEAVE_SLACK_S = 0.5
LOOK_EVERY_S = 0.05
DOOR_WITHIN_S = 10.0
"""So long a supervised process that is not ready leaves connections in the queue; then they are told why."""


async def serve(settings: Settings, supervised: Supervised | None = None) -> None:
    """Serve until SIGTERM or SIGINT; sends in flight are answered, and the embedded database stops last.

    Raises:
        NoPostgres, DataFolderInUse, ServerFailed, WrongSecret, OSError: the start failed; the message says why.
    """
    ends = Ends()
    ends.listen(supervised)
    front = Front(supervised and supervised.handover.name)
    http = _http(settings, front, supervised)
    url = "" if http is None else f"{'https' if settings.tls_certificate else 'http'}://{settings.host}:{http.port}"

    is_ready = asyncio.get_running_loop().create_future()

    def ready() -> None:
        if not is_ready.done():
            is_ready.set_result(None)
        if supervised is None:
            log.info("ready", url=url)
        else:
            supervised.ready()

    try:
        async with asyncio.TaskGroup() as tasks:
            if supervised is None and http is not None:
                await _accept(http, tasks)
                log.info("listening", url=url)
            working = tasks.create_task(_work(settings, front, http, ends, ready))
            stopping = tasks.create_task(_stop_a_start(ends.asked, front, working))
            if supervised is not None and http is not None:
                # Who comes meanwhile waits, or comes to the predecessor: both are better than being sent away.
                await asyncio.wait([working, is_ready], timeout=DOOR_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
                await _accept(http, tasks)
            await asyncio.wait([working])
            stopping.cancel()
            if http is not None:
                await http.stop()
    except BaseExceptionGroup as group:
        raise first_of(group) from None


def _http(settings: Settings, front: Front, supervised: Supervised | None) -> HttpServer | None:
    """Return the server on the port, or on the socket that the supervisor keeps; it gives a worker none."""
    if supervised is None:
        listener = listening_socket(settings.host, settings.port)
    elif supervised.handover.listener is not None:
        listener = socket.socket(fileno=supervised.handover.listener)
    else:
        return None
    doorway = Doorway(
        front.accept, origins=frozenset(settings.origins) or None, handshakes_per_s=settings.handshakes_per_s
    )
    return HttpServer(front, doorway, listener, certificate=settings.tls_certificate, key=settings.tls_key)


async def _accept(http: HttpServer, tasks: asyncio.TaskGroup) -> None:
    tasks.create_task(http.serve())
    await http.started()


async def _work(
    settings: Settings, front: Front, http: HttpServer | None, ends: Ends, ready: Callable[[], None]
) -> None:
    """Work until asked to end; when the database comes back with another log, begin anew on that."""
    while not ends.asked.is_set():
        try:
            async with postgres(settings, front) as dsn, running(settings, dsn, front) as parts:
                ready()
                await ends.asked.wait()
                await _drain(settings, http, parts, ends)
        except* LogReplaced as group:
            log.warning("log_replaced", reason=str(first_of(group)))
            front.why = "the database came back with another log"
            gc.unfreeze()  # what knew the other one may go


async def _stop_a_start(stop: asyncio.Event, front: Front, working: asyncio.Task[None]) -> None:
    """Let a signal end a start that still waits for its database."""
    await stop.wait()
    if not front.is_open:
        working.cancel()


@asynccontextmanager
async def running(settings: Settings, dsn: str, front: Front) -> AsyncGenerator[Parts]:
    """Build the parts on a migrated database, run their loops, and open the front; the reverse on leaving.

    Raises:
        LogReplaced, in a group: the database is back with another log.
    """
    database = Database(dsn, pooled=settings.database_direct_url is not None)
    await database.open()
    try:
        parts = await build(settings, database, SystemClock())
        await parts.others.broker.check()
        async with asyncio.TaskGroup() as tasks:
            siblings = Siblings(settings.data, front.process, exposition(Watched(parts, front.pressure)))
            loops = [tasks.create_task(run()) for run in (*parts.loops.of(settings.role), siblings.run)]
            await parts.appender.connected()
            # What is here now stays; and messages in flight are many small objects that no cycle holds.
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            if settings.role is Role.WORKER:
                front.open(worker_app(settings, parts, siblings), _no_sockets)
            else:
                front.open(http_app(settings, parts, siblings), parts.sockets.accept)
            try:
                yield parts
            finally:
                front.shut()
                parts.sockets.begin_drain((BEGIN_ANEW_MS, _window_ms(settings, parts.sockets)))
                parts.sockets.close_all()
                for task in loops:
                    task.cancel()
    finally:
        await database.close()


async def _drain(settings: Settings, http: HttpServer | None, parts: Parts, ends: Ends) -> None:
    """Take nothing new, answer what is in flight, then close every socket with 4000."""
    log.info("draining", sockets=len(parts.sockets.sockets))
    if http is not None:
        http.begin_drain()
    if settings.role is Role.GATEWAY and not ends.at_once.is_set():
        await _let_leave(settings, parts.sockets, ends)
    else:
        parts.sockets.begin_drain()
    try:
        async with asyncio.timeout(settings.drain_s):
            await parts.appender.drain()
            parts.social.directory.leave()
            await parts.publisher.drain()
    except TimeoutError:
        log.warning("drain_timed_out", after_s=settings.drain_s)
    parts.sockets.close_all()


async def _let_leave(settings: Settings, sockets: Sockets, ends: Ends) -> None:
    """Serve on while clients move, each at its own time, to the gateways that stay: none is without one meanwhile."""
    window_ms = min(_window_ms(settings, sockets), LONGEST_LEAVE_MS)
    sockets.begin_drain((0, window_ms))
    with suppress(TimeoutError):
        async with asyncio.timeout(window_ms / 1_000 + LEAVE_SLACK_S):
            await asyncio.sleep(LEAVE_SLACK_S)  # who came in the last moment has yet to ask
            while sockets.sockets and not ends.at_once.is_set():  # noqa: ASYNC110 - sockets have no event
                await asyncio.sleep(LOOK_EVERY_S)


def _window_ms(settings: Settings, sockets: Sockets) -> int:
    return max(LEAVE_WITHIN_MS, 1_000 * len(sockets.sockets) // settings.handshakes_per_s)


def _no_sockets(_request: UpgradeRequest, _connection: Connection) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, "a worker takes no connections")
