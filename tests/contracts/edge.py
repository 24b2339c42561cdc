"""A real server with an echo receiver and a tiny application, in a thread of its own, and raw sockets to it."""

import asyncio
import base64
import contextlib
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import uvloop

from seriatim.gateway.transport.contract import Accept, Connection, MessageReceiver, Refusal, UpgradeRequest
from seriatim.gateway.transport.frames import frame
from seriatim.gateway.transport.http import HttpLimits
from seriatim.gateway.transport.server import HttpServer, listening_socket
from seriatim.gateway.transport.upgrade import Doorway
from seriatim.protocol.codec import Subprotocol

DEADLINE_S = 5.0
Message = dict[str, Any]
waiting: list[str] = []
"""The requests to `/slow` whose clients have not gone."""


class Echo:
    """Sends every message back; notes what else it is told."""

    def __init__(self, request: UpgradeRequest, connection: Connection) -> None:
        self.request = request
        self.connection = connection
        self.got: list[bytes] = []
        self.noted: list[str] = []
        self.gone = threading.Event()
        self.stuck = threading.Event()

    def received(self, payload: bytes | memoryview) -> None:
        data = bytes(payload)
        self.got.append(data)
        if data == b"fail":
            raise RuntimeError("as the test asked")
        if data == b"close":
            self.connection.close(4000, "as asked")
            self.connection.close(4001, "not sent")
            self.connection.write(frame(b"not sent"))
        elif data == b"flood":
            while not self.stuck.is_set():
                self.connection.write(frame(bytes(60_000), binary=True))
        else:
            self.connection.write(frame(data, binary=self.connection.subprotocol == Subprotocol.MSGPACK))

    def paused(self) -> None:
        self.noted.append("paused")
        self.stuck.set()

    def resumed(self) -> None:
        self.noted.append("resumed")

    def ending(self) -> None: ...

    def closed(self) -> None:
        self.noted.append("closed")
        self.gone.set()


@dataclass
class Edge:
    """The running server, and every echo session it has accepted."""

    server: HttpServer
    loop: asyncio.AbstractEventLoop
    echoes: list[Echo] = field(default_factory=list[Echo])
    stopping: "Future[None] | None" = None

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function on the server's loop and return its result."""

        async def run() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(DEADLINE_S)

    def stop(self) -> "Future[None]":
        """Begin to stop, once; the result comes when the server has stopped."""
        if self.stopping is None:
            self.stopping = asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop)
        return self.stopping


async def application(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
    """Answer with the length of the request's body; `/slow` waits for the client to go."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    if scope["path"] == "/slow":
        waiting.append(scope["path"])
        await receive()
        waiting.pop()
        return
    body = b"%d" % size
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def running(
    accept: Accept | None = None,
    *,
    limits: HttpLimits | None = None,
    tls: tuple[Path, Path] | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
    **doorway: Any,
) -> Generator[Edge]:
    """Serve in a thread until the block is left."""
    ready = threading.Event()
    edges: list[Edge] = []
    faults: list[BaseException] = []

    def echo(request: UpgradeRequest, connection: Connection) -> MessageReceiver | Refusal:
        session = Echo(request, connection)
        edges[0].echoes.append(session)
        return session

    async def main() -> None:
        certificate, key = tls or (None, None)
        server = HttpServer(
            application,
            Doorway(accept or echo, **doorway),
            listening_socket("127.0.0.1", 0),
            limits=limits or HttpLimits(),
            certificate=certificate,
            key=key,
        )
        edges.append(Edge(server, asyncio.get_running_loop()))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve())
            await server.started()
            ready.set()

    def thread() -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(main())
        except BaseException as fault:  # noqa: BLE001 - carried to the test's thread
            faults.append(fault)
            ready.set()

    worker = threading.Thread(target=thread)
    worker.start()
    assert ready.wait(DEADLINE_S)
    try:
        yield edges[0]
    finally:
        if not faults:
            edges[0].stop().result(2 * DEADLINE_S)
        worker.join(DEADLINE_S)
        assert not worker.is_alive(), "the server did not stop"
        assert not faults, faults


def certified(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate that signs itself, and of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = f"req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout {key} -out {certificate}"
    subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
    return certificate, key


class Raw:
    """A blocking socket that speaks bytes, with the few readings that the tests need."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def fill(self) -> bool:
        """Read once more; False when the peer has ended."""
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self.buffer += data
        return bool(data)

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            assert self.fill(), f"the connection ended after {self.buffer!r}"
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def head(self) -> str:
        """Return an answer's status line and fields."""
        while b"\r\n\r\n" not in self.buffer:
            assert self.fill(), f"the connection ended after {self.buffer!r}"
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head.decode()

    def status(self) -> int:
        return int(self.head().split(" ")[1])

    def frame(self) -> tuple[int, bytes]:
        """Return the first byte and the payload of the next server frame."""
        first, size = self.take(2)
        assert size < 128, "a server's frames are not masked"
        if size == 126:
            size = int.from_bytes(self.take(2), "big")
        elif size == 127:
            size = int.from_bytes(self.take(8), "big")
        return first, self.take(size)

    def close_code(self) -> int:
        """Read up to the close frame, answer it, read to the end of the connection; return the code."""
        first, payload = self.frame()
        while first != 0x88:
            first, payload = self.frame()
        with contextlib.suppress(OSError):
            self.send(masked(0x88, payload[:2]))
        self.assert_ended()
        return int.from_bytes(payload[:2], "big")

    def assert_ended(self) -> None:
        while self.fill():
            pass


def handshake(
    path: str = "/v1/ws", subprotocol: str | None = "seriatim.v1.json", *, leave_out: str = "", **fields: str
) -> bytes:
    """Return an upgrade request; `leave_out` drops a field, keywords (`_` for `-`) replace or add fields."""
    all_fields = {
        "host": "chat.example",
        "upgrade": "websocket",
        "connection": "keep-alive, Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": base64.b64encode(os.urandom(16)).decode(),
    }
    if subprotocol is not None:
        all_fields["sec-websocket-protocol"] = subprotocol
    all_fields.update({name.replace("_", "-"): value for name, value in fields.items()})
    all_fields.pop(leave_out, None)
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in all_fields.items()), "", ""]
    return "\r\n".join(lines).encode()


def masked(first: int, payload: bytes = b"", *, length: bytes | None = None) -> bytes:
    """Return a client frame with this first byte; `length` replaces the right length bytes."""
    size = len(payload)
    if length is None:
        if size < 126:
            length = bytes((0x80 | size,))
        elif size < 65536:
            length = b"\xfe" + size.to_bytes(2, "big")
        else:
            length = b"\xff" + size.to_bytes(8, "big")
    mask = b"\x11\x22\x33\x44"
    return bytes((first,)) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def connect(edge: Edge, subprotocol: str = "seriatim.v1.json", **fields: str) -> Raw:
    """Return an open WebSocket."""
    raw = Raw(edge.server.port)
    raw.send(handshake(subprotocol=subprotocol, **fields))
    assert raw.status() == 101
    return raw
