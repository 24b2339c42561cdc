"""Through each proxy of deploy/proxies: a client is live and counts as itself, while one server of two is gone."""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from certificates import Pair, certificate_for
from contracts.test_deploy import for_nginx
from deployed import DEPLOY, program
from world import WITHIN_S, Server, serving

CLIENT = "127.0.0.9"
"""Where the client calls from; proxies and servers are at 127.0.0.1."""
LIES = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def nginx(text: str, folder: Path, pair: Pair, port: int) -> tuple[str, ...]:
    text = re.sub(r"listen \[::\].*", "", text).replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = for_nginx(text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"), folder)
    folder.chmod(0o755)  # started as root, its workers are somebody else
    (folder / "config").write_text(text)
    return "nginx", "-c", str(folder / "config"), "-g", f"daemon off; pid {folder}/pid;"


def haproxy(text: str, folder: Path, pair: Pair, port: int) -> tuple[str, ...]:
    both = folder / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    text = text.replace("bind :80\n", f"bind 127.0.0.1:{free_port()}\n").replace("bind :443", f"bind 127.0.0.1:{port}")
    (folder / "config").write_text(text.replace("/etc/haproxy/chat.example.org.pem", str(both)))
    return "haproxy", "-db", "-f", str(folder / "config")


def caddy(text: str, folder: Path, pair: Pair, port: int) -> tuple[str, ...]:
    site = f"https://127.0.0.1:{port} {{\n\tbind 127.0.0.1\n\ttls {pair.certificate} {pair.key}"
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    (folder / "config").write_text(options + text.replace("chat.example.org {", site))
    return "caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "config")


Prepare = Callable[[str, Path, Pair, int], tuple[str, ...]]


@asynccontextmanager
async def proxied(prepare: Prepare, example: str, server: Server, folder: Path) -> AsyncGenerator[tuple[int, Path]]:
    """Run a proxy on its example, before this server and one that nobody has started; its port and its certificate."""
    text = (DEPLOY / "proxies" / example).read_text()
    text = text.replace("127.0.0.1:8001", f"127.0.0.1:{free_port()}")
    text = text.replace("127.0.0.1:8002", server.url.removeprefix("http://"))
    port, pair = free_port(), certificate_for(folder)
    name, *arguments = prepare(text, folder, pair, port)
    path, needed = program(name)
    environment = os.environ | needed | {"HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(path, *arguments, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(WITHIN_S):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        assert process.returncode is None, f"{name} ended with {process.returncode}"
        yield port, pair.certificate
    finally:
        if process.returncode is None:
            process.terminate()  # killed, nginx would leave its workers behind
        async with asyncio.timeout(WITHIN_S):
            await process.wait()


async def welcomed(socket: ClientConnection, credentials: dict[str, object]) -> str:
    hello = {
        "type": "hello",
        "token": credentials["access_token"],
        "device_id": credentials["device_id"],
        "client": {"name": "test", "version": "1"},
    }
    await socket.send(msgspec.json.encode(hello).decode())
    async with asyncio.timeout(WITHIN_S):
        return msgspec.json.decode(await socket.recv())["type"]


@pytest.mark.parametrize(
    ("prepare", "example"),
    [(nginx, "nginx.conf"), (haproxy, "haproxy.cfg"), (caddy, "Caddyfile")],
    ids=["nginx", "haproxy", "caddy"],
)
async def test_a_client_comes_through_as_itself(
    postgres_dsn: str, data_folder: Path, tmp_path: Path, prepare: Prepare, example: str
) -> None:
    async with (
        serving(postgres_dsn, data_folder, trusted_proxies=["127.0.0.1"]) as server,
        proxied(prepare, example, server, tmp_path) as (port, certificate),
    ):
        ada = await server.device("ada")
        trust = ssl.create_default_context(cafile=certificate)
        async with httpx.AsyncClient(verify=trust, trust_env=False) as http:
            for _ in range(4):  # each server's turn, also of the one that is not there
                assert (await http.get(f"https://127.0.0.1:{port}/health")).status_code == 200
        async with connect(
            f"wss://127.0.0.1:{port}/v1/ws",
            ssl=trust,
            subprotocols=[Subprotocol("seriatim.v1.json")],
            origin=f"https://127.0.0.1:{port}",  # type: ignore[arg-type] - as a page would say it
            additional_headers=LIES,
            local_addr=(CLIENT, 0),
        ) as socket:
            assert list(server.parts.sockets._unauthenticated) == [CLIENT]
            assert await welcomed(socket, ada.credentials) == "welcome"
