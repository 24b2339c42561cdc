"""Who owns the process around the server: signals, start-up, stopping, and what stays of a connection's HTTP side."""

import asyncio
import gc
import resource
import signal
import socket
from typing import Any

import pytest

from contracts.edge import Raw, application, connect, masked, running
from seriatim.gateway.transport.contract import Connection, Refusal, UpgradeRequest
from seriatim.gateway.transport.http import HttpEdge, HttpLimits
from seriatim.gateway.transport.server import (
    SPARE_FILES,
    HttpServer,
    StartupFailed,
    listening_socket,
    room_for_connections,
)
from seriatim.gateway.transport.upgrade import Doorway


def nobody(_request: UpgradeRequest, _connection: Connection) -> Refusal:
    return Refusal(503, "nobody")


async def test_signals_are_left_alone_and_what_follows_serve_runs() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    after: list[str] = []
    server = HttpServer(application, Doorway(nobody), listening_socket("127.0.0.1", 0))

    async def serve() -> None:
        await server.serve()
        after.append("ran")

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(serve())
        await server.started()
        assert [signal.getsignal(number) for number in numbers] == before
        await server.stop()
    assert after == ["ran"]


async def test_an_application_that_does_not_start_is_an_error_and_no_exit_of_the_process() -> None:
    async def broken(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": scope["type"]})

    server = HttpServer(broken, Doorway(nobody), listening_socket("127.0.0.1", 0))
    with pytest.raises(StartupFailed):
        await server.serve()


def test_a_port_in_use_is_an_error_of_the_caller() -> None:
    with listening_socket("127.0.0.1", 0) as taken, pytest.raises(OSError, match="in use"):
        listening_socket("127.0.0.1", taken.getsockname()[1])


def test_beyond_its_places_a_process_answers_503_and_serves_who_is_there() -> None:
    with running(limits=HttpLimits(connections=1)) as edge, connect(edge) as held:
        with Raw(edge.server.port) as refused:
            head = refused.head()
            refused.assert_ended()
        assert head.startswith("HTTP/1.1 503 ")
        assert "retry-after: 5" in head
        held.send(masked(0x81, b"still here"))
        assert held.frame() == (0x81, b"still here")
        held.send(masked(0x88))
        held.assert_ended()
        with connect(edge):
            pass


def test_a_process_opens_as_many_files_as_it_may_and_keeps_some_for_the_database() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = min(1_000, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    try:
        room = room_for_connections()
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert now >= few
    assert room == now - SPARE_FILES
    assert few == hard or now > few


def test_an_upgraded_connection_keeps_nothing_of_its_http_side() -> None:
    """Else 2 kB stay for each of 100,000 idle sockets: uvicorn's cycles, and the callback that uvloop remembers."""

    def alive() -> int:
        return sum(type(found) is HttpEdge for found in gc.get_objects())

    with running() as edge:
        gc.collect()
        gc.disable()
        try:
            before = alive()
            with connect(edge):
                assert edge.call(alive) == before
        finally:
            gc.enable()


def test_what_is_written_in_two_parts_waits_for_no_acknowledgement() -> None:
    with listening_socket("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
