"""Everybody comes back at once: all live again, the database never asked by more than the pools, refusals say when."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol

from contracts.edge import handshake, masked
from seriatim.core.ids import DeviceId, UserId, random_id, uuid7
from seriatim.storage.postgres.database import Database
from world import Device, Server, serving

SOCKETS, WITHIN_S = 500, 60.0
POOLS = 8 + 4 + 1
"""Reading, writing, and the one that appends."""
NARROW = 100
"""Sockets of one address that may wait to say hello: few enough that some of the storm are refused."""
AT_ONCE, A_SECOND = 2_000, 300
"""A crowd, each from an address of its own, and how many of it are let in a second."""
MOST_TRIES = 2.2
"""Tries of one of it: 1.85 if nobody comes in vain again, 2.6 if all are told the same second (both seen)."""
JSON = [Subprotocol("seriatim.v1.json")]


class Person(NamedTuple):
    """Somebody with one device and its token."""

    user_id: UserId
    device_id: DeviceId
    token: str


async def crowd(server: Server, database: Database, count: int = SOCKETS) -> list[Person]:
    """Make people past the front door: hashing 500 passwords is another test."""
    ids = [(UserId(random_id()), DeviceId(random_id())) for _ in range(count)]
    now = datetime.now(UTC)
    async with database.transaction() as connection, connection.cursor() as cursor:
        await cursor.executemany(
            "insert into users (id, name, name_key, created_at) values (%s, %s, %s, %s)",
            [(user, f"p{user}", f"p{user}", now) for user, _ in ids],
        )
        await cursor.executemany(
            "insert into devices (id, user_id, name, kind, created_at, last_seen_at) values (%s, %s, 'd', 't', %s, %s)",
            [(device, user, now, now) for user, device in ids],
        )
    issue = server.parts.accounts.tokens.issue
    return [Person(user, device, issue(user, device)[0]) for user, device in ids]


class Connections:
    """Counts the connections of this run's database, over and over; `most` is the largest number seen."""

    def __init__(self) -> None:
        self.most = 0
        self.looks = 0

    async def run(self, dsn: str) -> None:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            while True:
                cursor = await connection.execute(
                    "select count(*) from pg_stat_activity where backend_type = 'client backend'"
                    " and datname = current_database() and pid <> pg_backend_pid()"
                )
                row = await cursor.fetchone()
                assert row is not None
                self.most, self.looks = max(self.most, row[0]), self.looks + 1
                await asyncio.sleep(0.02)


class Storm:
    """All these people's sockets, and what the server told those whom it refused."""

    def __init__(self, server: Server, people: list[Person]) -> None:
        self.address = f"{server.url.replace('http', 'ws', 1)}/v1/ws"
        self.people = people
        self.sockets: list[ClientConnection] = []
        self.resume: dict[UserId, dict[str, Any]] = {}
        self.heads: dict[UserId, list[Any]] = {}
        self.refused: list[int] = []

    async def come(self) -> None:
        """Connect all at once, each until it is live."""
        async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks:
            coming = [tasks.create_task(self._live(person)) for person in self.people]
        self.sockets = [task.result() for task in coming]

    async def _live(self, person: Person) -> ClientConnection:
        while True:
            try:
                socket = await connect(
                    self.address, subprotocols=JSON, ping_interval=None, compression=None, open_timeout=WITHIN_S
                )
            except InvalidStatus as error:
                self._refused(error.response)
                await asyncio.sleep(0.2)  # the test has less patience than a client
                continue
            hello: dict[str, Any] = {
                "type": "hello",
                "token": person.token,
                "device_id": person.device_id,
                "client": {"name": "test", "version": "1"},
            }
            await socket.send(msgspec.json.encode(hello | self.resume.get(person.user_id, {})).decode())
            welcome = msgspec.json.decode(await socket.recv())
            if welcome["type"] == "welcome":
                self.resume[person.user_id] = {"resume": {"epoch": welcome["epoch"], "token": welcome["resume_token"]}}
                self.heads[person.user_id] = welcome["heads"]
                return socket
            assert welcome["retry_after_ms"] > 0, welcome
            self.refused.append(welcome["retry_after_ms"])
            await asyncio.sleep(0.2)

    def _refused(self, response: Response) -> None:
        assert response.status_code == 503
        self.refused.append(int(response.headers["Retry-After"]))

    def cut(self) -> None:
        """Lose every connection at the same moment, without a word."""
        for socket in self.sockets:
            socket.transport.abort()

    async def hear(self) -> list[str]:
        """Return what each is told next."""
        async with asyncio.timeout(WITHIN_S):
            frames = [msgspec.json.decode(await socket.recv()) for socket in self.sockets]
        return [frame["entry"]["body"] for frame in frames]


@pytest.fixture
async def narrow(postgres_dsn: str, data_folder: Path) -> AsyncIterator[Server]:
    async with serving(postgres_dsn, data_folder, unauthenticated_sockets_per_address=NARROW) as server:
        yield server


@asynccontextmanager
async def counted(dsn: str) -> AsyncGenerator[Connections]:
    connections = Connections()
    async with asyncio.TaskGroup() as tasks:
        counting = tasks.create_task(connections.run(dsn))
        yield connections
        counting.cancel()


@pytest.mark.promise("F10")
async def test_all_come_back_at_once_and_are_live_with_no_more_connections_than_the_pools_hold(
    narrow: Server, postgres_dsn: str
) -> None:
    database = Database(postgres_dsn)
    await database.open()
    people = await crowd(narrow, database)
    ada = await narrow.device("ada")
    made = await ada.command("create", kind="channel", title=f"all {uuid7()}", visibility="public")
    here = made["conversation_id"]
    async with database.transaction() as connection:
        await connection.execute(
            "insert into members (conversation_id, user_id, joined_seq) select %s, unnest(%s::bigint[]), 1",
            [here, [person.user_id for person in people]],
        )
        await connection.execute(
            "update conversations set member_count = member_count + %s, roster_version = roster_version + 1"
            " where id = %s",
            [SOCKETS, here],
        )
    await database.close()
    storm = Storm(narrow, people)
    async with counted(postgres_dsn) as connections:
        await storm.come()
        storm.cut()
        missed = await ada.send(here, "while everybody was away")
        await storm.come()
        assert [rows[0][:2] for rows in storm.heads.values()] == [[here, missed["seq"]]] * SOCKETS
        await ada.send(here, "welcome back")
    assert await storm.hear() == ["welcome back"] * SOCKETS, "all live"
    assert 0 < connections.most <= POOLS
    assert connections.looks > 5
    assert storm.refused, "the storm was too small to be refused anything"
    storm.cut()


class Knocking:
    """One of a crowd, who does what the server says: comes again when it says so, and is live in the end."""

    def __init__(self, port: int, number: int, person: Person) -> None:
        self.port = port
        self.number = number
        self.person = person
        self.told_s: list[int] = []
        self.writer: asyncio.StreamWriter | None = None

    async def come(self) -> None:
        address = f"10.{self.number >> 16}.{self.number >> 8 & 255}.{self.number & 255}"
        while (head := await self._try(address)) is not None:
            assert head.startswith("http/1.1 503 "), head
            self.told_s.append(int(head.partition("retry-after: ")[2].partition("\r")[0]))
            await asyncio.sleep(self.told_s[-1])

    async def _try(self, address: str) -> str | None:
        """Connect and greet; return the head of the answer that refuses it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(handshake(x_forwarded_for=address))
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if not head.startswith("http/1.1 101 "):
            writer.close()
            return head
        self.writer = writer
        hello = {
            "type": "hello",
            "token": self.person.token,
            "device_id": self.person.device_id,
            "client": {"name": "test", "version": "1"},
        }
        writer.write(masked(0x81, msgspec.json.encode(hello)))
        size = (await reader.readexactly(2))[1]
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        assert msgspec.json.decode(await reader.readexactly(size))["type"] == "welcome"
        return None


async def took_s(speaker: Device, hearer: Device, here: int) -> float:
    """Return how long a message takes until the other one has it."""
    began = time.perf_counter()
    await speaker.send(here, "still here?")
    await hearer.event(here)
    return time.perf_counter() - began


def p99(found: list[float]) -> float:
    return sorted(found)[len(found) * 99 // 100]


@pytest.mark.promise("F10")
async def test_a_crowd_is_let_in_one_after_another_while_who_is_there_goes_on_talking(
    postgres_dsn: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seriatim.gateway.pressure.STANDING_S", WITHIN_S)  # here one loop is the whole crowd as well
    async with serving(postgres_dsn, data_folder, handshakes_per_s=A_SECOND, trusted_proxies=["127.0.0.1"]) as server:
        ada, bob = await server.device("ada"), await server.device("bob")
        here = await ada.direct(bob)
        await bob.event(here)
        quiet = [await took_s(ada, bob, here) for _ in range(50)]
        database = Database(postgres_dsn)
        await database.open()
        people = await crowd(server, database, AT_ONCE)
        await database.close()
        port = int(server.url.rpartition(":")[2])
        knocking = [Knocking(port, number, person) for number, person in enumerate(people)]
        meanwhile: list[float] = []
        async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks:
            coming = [tasks.create_task(one.come()) for one in knocking]
            while not all(task.done() for task in coming):
                meanwhile.append(await took_s(ada, bob, here))
                await asyncio.sleep(0.01)
        told = [after_s for one in knocking for after_s in one.told_s]
        tries = AT_ONCE + len(told)
        figures = (
            f"{tries / AT_ONCE:.2f} tries each; {len(meanwhile)} messages meanwhile,"
            f" p99 {p99(meanwhile) / p99(quiet):.1f} times the quiet one"
        )
        assert len(server.parts.sockets.sockets) == AT_ONCE + 2
        assert min(told) >= 1
        assert tries <= MOST_TRIES * AT_ONCE, figures
        assert len(meanwhile) > 20, figures  # who talks is not kept until the crowd is in
        for one in knocking:
            assert one.writer is not None
            one.writer.transport.abort()


async def test_a_crowd_that_reads_holds_up_no_greeting_and_no_delivery(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    await bob.event(here)
    done = asyncio.Event()

    async def read() -> None:
        async with server.parts.database.read():
            await done.wait()

    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks:
        reading = [tasks.create_task(read()) for _ in range(6)]  # all but those for what goes ahead
        again = await server.greeted(bob.credentials)
        await ada.send(here, "you are back")
        assert (await again.event(here))["body"] == "you are back"
        assert not any(task.done() for task in reading)
        done.set()
