"""A process that gets too little time: newcomers are sent away, who is there is served, and it passes."""

import asyncio
import contextlib
import signal
from pathlib import Path

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol

from scenarios.test_faults import Process, started
from seriatim.core.ids import uuid7
from world import PASSWORD, WITHIN_S

HELD_S, RUNS_S = 0.8, 0.05
"""How long the process is stopped, and runs, in turn."""
JSON = [Subprotocol("seriatim.v1.json")]


@contextlib.asynccontextmanager
async def starved(process: Process):
    async def hold() -> None:
        try:
            while True:
                process.process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(HELD_S)
                process.process.send_signal(signal.SIGCONT)
                await asyncio.sleep(RUNS_S)
        finally:
            process.process.send_signal(signal.SIGCONT)

    async with asyncio.TaskGroup() as tasks:
        holding = tasks.create_task(hold())
        yield
        holding.cancel()


async def answered(address: str) -> Response | None:
    """Return what refuses a handshake; None: it is let in."""
    try:
        async with connect(address, subprotocols=JSON, open_timeout=WITHIN_S):
            return None
    except InvalidStatus as error:
        return error.response


@pytest.mark.promise("F10")
async def test_a_server_that_is_behind_sends_newcomers_away_and_serves_who_is_there(
    postgres_dsn: str, data_folder: Path
) -> None:
    async with (
        started(data=data_folder, database_url=postgres_dsn) as process,
        httpx.AsyncClient(base_url=process.url, trust_env=False, timeout=WITHIN_S) as http,
    ):
        address = f"{process.url.replace('http', 'ws', 1)}/v1/ws"
        body = {"name": f"ada-{uuid7()}", "password": PASSWORD, "device": {"name": "test", "kind": "test"}}
        ada = (await http.post("/v1/auth/sign-up", json=body)).json()
        bearer = {"Authorization": f"Bearer {ada['access_token']}"}
        async with connect(address, subprotocols=JSON, ping_interval=None) as here:
            hello = {"type": "hello", "token": ada["access_token"], "device_id": ada["device_id"]}
            await here.send(msgspec.json.encode(hello | {"client": {"name": "test", "version": "1"}}).decode())
            assert msgspec.json.decode(await here.recv())["type"] == "welcome"
            async with asyncio.timeout(3 * WITHIN_S):
                async with starved(process):
                    while (refusal := await answered(address)) is None:
                        await asyncio.sleep(0.1)
                    assert refusal.status_code == 503
                    assert int(refusal.headers["Retry-After"]) >= 1
                    while (answer := await http.get("/v1/me", headers=bearer)).status_code == 200:
                        await asyncio.sleep(0.1)
                    assert answer.status_code == 503
                    assert int(answer.headers["Retry-After"]) >= 1
                    assert (await http.get("/health")).status_code == 200, "its load is no reason to end a process"
                    await here.send(msgspec.json.encode({"type": "ping"}).decode())
                    assert msgspec.json.decode(await here.recv())["type"] == "pong"
                while await answered(address) is not None:
                    await asyncio.sleep(0.1)
        await process.stop()
    begun, *_ = (line for line in process.lines if line["event"] == "overloaded")
    over = [line["refused"] for line in process.lines if line["event"] == "overload_over"]
    assert begun["lag_ms"] > 500
    assert sum(over) >= 2
