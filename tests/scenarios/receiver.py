"""A real receiver of webhooks on loopback: keeps what it was posted, and answers as it is told."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec

from world import WITHIN_S


class Posted(NamedTuple):
    """A request; header names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Say whether a receiver that follows Standard Webhooks would believe it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
        return hmac.compare_digest(self.headers["webhook-signature"], f"v1,{expected}")


class Receiver:
    """`answers` are given in order, each a status and a body; the last one for ever."""

    def __init__(self) -> None:
        self.url = ""
        self.posted: list[Posted] = []
        self.answers: list[tuple[int, bytes]] = [(200, b"")]
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def count(self, number: int) -> list[Posted]:
        """Wait for so many requests."""
        async with asyncio.timeout(WITHIN_S):
            while len(self.posted) < number:
                await asyncio.sleep(0.01)
        return self.posted

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.posted.append(Posted(head[0].split()[1], headers, body))
        await self.may_answer.wait()
        status, content = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(f"HTTP/1.1 {status} .\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    """Listen on loopback."""
    receiver = Receiver()
    async with await asyncio.start_server(receiver.serve, "127.0.0.1", 0) as listening:
        receiver.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield receiver
