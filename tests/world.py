"""A whole server in this process on the run's real PostgreSQL, and people who speak to it over real sockets."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from seriatim.app.front import Front
from seriatim.app.parts import Parts
from seriatim.app.roles import running
from seriatim.app.settings import Settings
from seriatim.core.ids import uuid7
from seriatim.gateway.transport.server import HttpServer, listening_socket
from seriatim.gateway.transport.upgrade import Doorway
from seriatim.protocol.limits import Rate, Rates

PASSWORD = "correct giraffe battery"
FREE = Rate(1e6, 1_000_000)
UNLIMITED = Rates(**dict.fromkeys(Rates.__struct_fields__, FREE))
WITHIN_S = 10.0
_numbers = itertools.count(1)


@dataclass
class Server:
    """One running server; `url` is where it listens."""

    url: str
    parts: Parts
    http: httpx.AsyncClient
    _open: list["Device"] = field(default_factory=list)

    async def device(self, name: str) -> "Device":
        """Sign somebody new up (the name gets a number) and greet on his first device."""
        answer = await self.http.post(
            "/v1/auth/sign-up",
            json={
                "name": f"{name}-{next(_numbers)}-{str(uuid7())[:13]}",
                "password": PASSWORD,
                "device": {"name": "test", "kind": "test"},
            },
        )
        assert answer.status_code == 201, answer.text
        return await self.greeted(answer.json())

    async def another_device(self, first: "Device") -> "Device":
        """Sign the same person in once more."""
        body = {"name": first.name, "password": PASSWORD, "device": {"name": "second", "kind": "test"}}
        answer = await self.http.post("/v1/auth/log-in", json=body)
        assert answer.status_code == 200, answer.text
        return await self.greeted(answer.json())

    async def greeted(self, credentials: dict[str, Any], **hello: Any) -> "Device":
        """Connect with these credentials and say hello."""
        device = Device(self, credentials)
        self._open.append(device)
        await device.connect(**hello)
        return device

    async def close(self) -> None:
        for device in self._open:
            await device.close()


class Device:
    """Somebody's connection, frame by frame: what arrives is kept in order until it is asked for."""

    def __init__(self, server: Server, credentials: dict[str, Any]) -> None:
        self.server = server
        self.credentials = credentials
        self.user_id: int = credentials["user_id"]
        self.device_id: int = credentials["device_id"]
        self.name: str = credentials["name"]
        self.welcome: dict[str, Any] = {}
        self.close_code: int | None = None
        self._ids = itertools.count(1)
        self._socket: ClientConnection | None = None
        self._kept: list[dict[str, Any]] = []

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credentials['access_token']}"}

    async def connect(self, *, subprotocol: str = "seriatim.v1.json", greet: bool = True, **hello: Any) -> Self:
        await self.close()
        address = f"{self.server.url.replace('http', 'ws', 1)}/v1/ws"
        self._socket = await connect(
            address, subprotocols=[Subprotocol(subprotocol)], ping_interval=None, max_queue=None
        )
        self._kept = []
        if greet:
            await self.say(
                type="hello",
                token=self.credentials["access_token"],
                device_id=self.device_id,
                client={"name": "test", "version": "1"},
                **hello,
            )
            self.welcome = await self.next("welcome")
        return self

    async def say(self, **frame: Any) -> None:
        assert self._socket is not None
        await self._socket.send(msgspec.json.encode(frame).decode())

    async def say_raw(self, text: str | bytes) -> None:
        assert self._socket is not None
        await self._socket.send(text)

    async def next(self, *types: str, where: Callable[[dict[str, Any]], bool] = lambda _frame: True) -> dict[str, Any]:
        """Return the next frame of one of these types, keeping the others."""
        for index, frame in enumerate(self._kept):
            if (not types or frame["type"] in types) and where(frame):
                return self._kept.pop(index)
        async with asyncio.timeout(WITHIN_S):
            while True:
                frame = await self._receive()
                if (not types or frame["type"] in types) and where(frame):
                    return frame
                self._kept.append(frame)

    async def _receive(self) -> dict[str, Any]:
        assert self._socket is not None
        try:
            return msgspec.json.decode(await self._socket.recv())
        except ConnectionClosed:
            self.close_code = self._socket.close_code
            raise

    async def closed(self) -> int:
        """Wait until the server has closed this connection and return its code."""
        assert self._socket is not None
        async with asyncio.timeout(WITHIN_S):
            await self._socket.wait_closed()
        assert self._socket.close_code is not None
        return self._socket.close_code

    async def ask(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Send a command and return its answer, whatever it is."""
        id_ = next(self._ids)
        await self.say(type=type_, id=id_, **fields)
        return await self.next(where=lambda frame: frame.get("id") == id_)

    async def command(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Send an entry-making command with a fresh key (or the one given) and return its answer."""
        return await self.ask(type_, **{"client_id": str(uuid7()), **fields})

    async def send(self, conversation_id: int, body: str, **fields: Any) -> dict[str, Any]:
        return await self.command("send", conversation_id=conversation_id, body=body, **fields)

    async def direct(self, other: "Device") -> int:
        """Return the id of the conversation of these two."""
        answer = await self.command("create", kind="direct", members=[other.user_id])
        return answer["conversation_id"]

    async def group(self, *others: "Device", title: str = "A group") -> int:
        answer = await self.command("create", kind="group", title=title, members=[other.user_id for other in others])
        return answer["conversation_id"]

    async def event(self, conversation_id: int) -> dict[str, Any]:
        """Return the next entry of a conversation."""
        frame = await self.next("event", where=lambda frame: frame["entry"]["conversation_id"] == conversation_id)
        return frame["entry"]

    async def history(self, conversation_id: int) -> list[dict[str, Any]]:
        page = await self.ask("fetch", conversation_id=conversation_id, after=0, limit=200)
        return page["entries"]

    async def http(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.server.http.request(method, path, headers=self.headers, **more)

    def stop_reading(self) -> None:
        """Take nothing from the kernel any more."""
        assert self._socket is not None
        self._socket.transport.pause_reading()

    async def close(self) -> None:
        if self._socket is not None:
            if not self._socket.transport.is_reading():
                self._socket.transport.abort()
            await self._socket.close()


@asynccontextmanager
async def serving(dsn: str, data: Path, **changed: Any) -> AsyncIterator[Server]:
    """Run a server on this database; settings may be changed by name."""
    settings = Settings(**{"data": data, "port": 0, "rates": UNLIMITED, "drain_s": 2.0, **changed})
    data.mkdir(parents=True, exist_ok=True)
    front = Front()
    origins = frozenset(settings.origins) or None
    doorway = Doorway(front.accept, origins=origins, handshakes_per_s=settings.handshakes_per_s)
    http = HttpServer(front, doorway, listening_socket("127.0.0.1", 0))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(http.serve())
        try:
            await http.started()
            async with running(settings, dsn, front) as parts:
                url = f"http://127.0.0.1:{http.port}"
                async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=WITHIN_S) as client:
                    server = Server(url, parts, client)
                    yield server
                    await server.close()
        finally:
            await http.stop()
