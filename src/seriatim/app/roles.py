"""The life of a server process: open the door, get the database, build the parts, run, drain on a signal, stop."""

import asyncio
import gc
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import structlog

from seriatim.app.front import Front
from seriatim.app.http import http_app
from seriatim.app.parts import Parts, build
from seriatim.app.postgres import postgres
from seriatim.app.settings import Settings
from seriatim.core.clock import SystemClock
from seriatim.gateway.transport.server import HttpServer, listening_socket
from seriatim.gateway.transport.upgrade import Doorway
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

GC_THRESHOLDS = (20_000, 20, 50)
"""The collector ran 22 % of the time at 2,000 sends in flight (700 objects a round; `bench send`, 64 x 32)."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; sends in flight are answered, and the embedded database stops last.

    Raises:
        NoPostgres, DataFolderInUse, ServerFailed, WrongSecret, OSError: the start failed; the message says why.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    front = Front()
    doorway = Doorway(
        front.accept, origins=frozenset(settings.origins) or None, handshakes_per_s=settings.handshakes_per_s
    )
    listener = listening_socket(settings.host, settings.port)
    http = HttpServer(front, doorway, listener, certificate=settings.tls_certificate, key=settings.tls_key)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(http.serve())
            await http.started()
            url = f"{'https' if settings.tls_certificate else 'http'}://{settings.host}:{http.port}"
            log.info("listening", url=url)
            working = tasks.create_task(_work(settings, front, http, stop, url))
            stopping = tasks.create_task(_stop_a_start(stop, front, working))
            await asyncio.wait([working])
            stopping.cancel()
            await http.stop()
    except BaseExceptionGroup as group:
        # One part failed and took the others with it: its own error is the story.
        raise _first(group) from None


async def _work(settings: Settings, front: Front, http: HttpServer, stop: asyncio.Event, url: str) -> None:
    async with postgres(settings, front) as dsn, running(settings, dsn, front) as parts:
        log.info("ready", url=url)
        await stop.wait()
        await _drain(settings, http, parts)


async def _stop_a_start(stop: asyncio.Event, front: Front, working: asyncio.Task[None]) -> None:
    """Let a signal end a start that still waits for its database."""
    await stop.wait()
    if not front.is_open:
        working.cancel()


@asynccontextmanager
async def running(settings: Settings, dsn: str, front: Front) -> AsyncGenerator[Parts]:
    """Build the parts on a migrated database, run their loops, and open the front; the reverse on leaving."""
    database = Database(dsn, pooled=settings.database_direct_url is not None)
    await database.open()
    try:
        parts = await build(settings, database, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(run()) for run in parts.loops.of(settings.role)]
            await parts.appender.connected()
            # What is here now stays; and messages in flight are many small objects that no cycle holds.
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            front.open(http_app(settings, parts), parts.sockets.accept)
            try:
                yield parts
            finally:
                for task in loops:
                    task.cancel()
    finally:
        await database.close()


async def _drain(settings: Settings, http: HttpServer, parts: Parts) -> None:
    """Take nothing new, answer what is in flight, then close every socket with 4000."""
    log.info("draining", sockets=len(parts.sockets.sockets))
    http.begin_drain()
    parts.sockets.begin_drain()
    try:
        async with asyncio.timeout(settings.drain_s):
            await parts.appender.drain()
    except TimeoutError:
        log.warning("drain_timed_out", after_s=settings.drain_s)
    parts.sockets.close_all()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(cast("BaseExceptionGroup[BaseException]", first)) if isinstance(first, BaseExceptionGroup) else first
