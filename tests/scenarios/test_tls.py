"""One port that speaks TLS: https, wss and secure cookies, with a certificate made here."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from certificates import Pair, certificate_for
from scenarios.test_faults import Process, started
from seriatim.core.ids import uuid7
from world import PASSWORD


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return certificate_for(tmp_path)


@asynccontextmanager
async def serving_tls(dsn: str, data: Path, pair: Pair) -> AsyncGenerator[Process]:
    async with started(
        data=data, database_url=dsn, tls_certificate=str(pair.certificate), tls_key=str(pair.key)
    ) as process:
        yield process


async def test_with_a_certificate_the_port_speaks_https_and_wss(
    postgres_dsn: str, data_folder: Path, pair: Pair
) -> None:
    trust = ssl.create_default_context(cafile=pair.certificate)
    async with serving_tls(postgres_dsn, data_folder, pair) as process:
        assert process.url.startswith("https://127.0.0.1:")
        async with httpx.AsyncClient(base_url=process.url, verify=trust, trust_env=False) as http:
            assert (await http.get("/health")).status_code == 200
            answer = await http.post(
                "/v1/auth/sign-up",
                json={"name": f"ada-{uuid7()}", "password": PASSWORD, "device": {"name": "web", "kind": "web"}},
                headers={"Sec-Fetch-Site": "same-origin", "Origin": process.url},
            )
            assert answer.status_code == 201, answer.text
            assert "secure" in answer.headers["set-cookie"].lower()
            ada = answer.json()
        address = f"{process.url.replace('https', 'wss', 1)}/v1/ws"
        async with connect(address, ssl=trust, subprotocols=[Subprotocol("seriatim.v1.json")]) as socket:
            hello = {
                "type": "hello",
                "token": ada["access_token"],
                "device_id": ada["device_id"],
                "client": {"name": "test", "version": "1"},
            }
            await socket.send(msgspec.json.encode(hello).decode())
            assert msgspec.json.decode(await socket.recv())["type"] == "welcome"
            create = {"type": "create", "id": 1, "client_id": str(uuid7()), "kind": "group", "title": "x" * 100}
            await socket.send(msgspec.json.encode(create).decode())
            kinds = {msgspec.json.decode(await socket.recv())["type"] for _ in range(2)}
            assert kinds == {"event", "sent"}
        with pytest.raises(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False) as plain:
                await plain.get(process.url.replace("https", "http", 1) + "/health")
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(trust_env=False) as stranger:  # does not know this certificate
                await stranger.get(process.url + "/health")
        assert await process.stop() == 0
