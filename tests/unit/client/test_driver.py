"""Who is sent away by the server comes no sooner than it says."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Response

from seriatim.client import driver as module
from seriatim.client.driver import LONGEST_RETRY_S, Driver
from seriatim.client.store import MemoryStore
from seriatim.core.clock import ManualClock
from seriatim.core.errors import Unavailable
from seriatim.protocol.answers import Error
from seriatim.protocol.link import Connect

OWN_S = 0.25
"""What the link waits by itself."""


class Link:
    def __init__(self) -> None:
        self.codes: list[int] = []

    def connected(self, _now: float, _token: str) -> list[Any]:
        return []

    def frame(self, _now: float, _frame: object) -> list[Any]:
        return []

    def closed(self, _now: float, code: int) -> list[Any]:
        self.codes.append(code)
        return [Connect(OWN_S)]


class Access:
    account = type("Account", (), {"url": "http://here.test"})()

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault

    async def token(self) -> str:
        if self.fault is not None:
            raise self.fault
        return "token"


class Socket:
    """Says one frame, then ends."""

    def __init__(self, frame: Error) -> None:
        self.frames = [msgspec.json.encode(frame)]
        self.transport = self

    def abort(self) -> None: ...

    async def recv(self, *, decode: bool) -> bytes:
        if self.frames:
            return self.frames.pop()
        raise ConnectionClosedError(None, None)

    async def close(self) -> None: ...


async def wait_s(monkeypatch: pytest.MonkeyPatch, *, opened: Any = None, fault: Exception | None = None) -> float:
    """Let a driver connect once, to `opened` (raised if it is an error), and return how long it then waits."""
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))

    async def connect(*_: object, **__: object) -> Any:
        if isinstance(opened, Exception):
            raise opened
        return opened

    monkeypatch.setattr(module, "connect", connect)
    link: Any = Link()
    access: Any = Access(fault)
    driver = Driver(link, MemoryStore(), access, clock, observe=lambda _: None, hear=lambda _: None)
    driver.do([Connect(0.0)])
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(driver._keep_connected())
        while not link.codes:
            await asyncio.sleep(0)
        keeping.cancel()
    assert driver._connect_at is not None
    return driver._connect_at - clock.monotonic()


def refused(**headers: str) -> InvalidStatus:
    fields = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return InvalidStatus(Response(503, "Service Unavailable", fields))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refused(Retry_After="7"), 7),
        (refused(), 0),
        (refused(Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), 0),
        (refused(Retry_After="86400"), LONGEST_RETRY_S),
        (OSError("nobody listens"), 0),
    ],
)
async def test_a_refused_handshake_is_tried_again_when_the_server_says(
    monkeypatch: pytest.MonkeyPatch, answer: Exception, expected: float
) -> None:
    assert await wait_s(monkeypatch, opened=answer) == pytest.approx(expected + OWN_S)


async def test_so_is_a_token_that_a_busy_server_does_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Unavailable("too many people are signing in at this moment", retry_after_ms=2_000)
    assert await wait_s(monkeypatch, fault=busy) == pytest.approx(2 + OWN_S)


async def test_so_is_a_hello_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fatal = Error(code="rate_limited", message="too many at once", retry_after_ms=5_000, fatal=True)
    assert await wait_s(monkeypatch, opened=Socket(fatal)) == pytest.approx(5 + OWN_S)
