"""A gateway and a worker apart from each other: who does what, and what of HTTP a worker answers."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from seriatim.app.streams import own
from seriatim.app.streams.loops import Role
from seriatim.core.ids import uuid7
from seriatim.log import follow
from valkey_server import Valkey
from world import WITHIN_S, Device, Server, serving


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(follow, "PAUSE_S", 0.05)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def gateway(postgres_dsn: str, data_folder: Path, valkey: Valkey) -> AsyncGenerator[Server]:
    async with serving(postgres_dsn, data_folder, role=Role.GATEWAY, broker_url=valkey.url) as server:
        yield server


async def schedule(device: Device, conversation_id: int, body: str) -> None:
    said = {"type": "send", "id": 0, "client_id": str(uuid7()), "conversation_id": conversation_id, "body": body}
    send_at = (datetime.now(UTC) + timedelta(seconds=0.2)).isoformat()
    answer = await device.http("POST", "/v1/me/scheduled", json={"message": said, "send_at": send_at})
    assert answer.status_code == 201, answer.text


async def mentions(device: Device) -> list[int]:
    answer = await device.http("GET", "/v1/me/mentions")
    return [one["seq"] for one in answer.json()["mentions"]]


async def test_a_worker_does_what_waited_for_it_and_the_gateways_tell_it(
    gateway: Server, postgres_dsn: str, data_folder: Path, valkey: Valkey
) -> None:
    ada, bob = await gateway.device("ada"), await gateway.device("bob")
    here = await ada.direct(bob)
    named = await ada.send(here, "have a look", mentions=[bob.user_id])
    await schedule(ada, here, "good morning")
    await asyncio.sleep(0.5)
    assert [entry.get("body") for entry in await bob.history(here)][1:] == ["have a look"]
    assert await mentions(bob) == [], "a gateway follows nothing"
    async with serving(postgres_dsn, data_folder, role=Role.WORKER, broker_url=valkey.url):
        await bob.next("event", where=lambda frame: frame["entry"].get("body") == "good morning")
        async with asyncio.timeout(WITHIN_S):
            while await mentions(bob) != [named["seq"]]:
                await asyncio.sleep(0.05)


async def test_a_worker_answers_whether_it_can_work_and_nothing_else(
    postgres_dsn: str, data_folder: Path, valkey: Valkey
) -> None:
    async with serving(postgres_dsn, data_folder, role=Role.WORKER, broker_url=valkey.url) as worker:
        health = await worker.http.get("/health")
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
        assert (await worker.http.get("/v1/me")).status_code == 404
        with pytest.raises(InvalidStatus, match="404"):
            await connect(f"{worker.url.replace('http', 'ws', 1)}/v1/ws", subprotocols=["seriatim.v1.json"])  # type: ignore[list-item]
