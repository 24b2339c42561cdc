"""The open door: 503 with a time to come back until the server behind it is ready."""

from typing import Any

import msgspec
import pytest

from seriatim.app.front import OVERLOADED, RETRY_AFTER_S, Front
from seriatim.gateway.transport.contract import Refusal

ASKED: dict[str, Any] = {"type": "http", "path": "/v1/me"}


async def nothing() -> dict[str, Any]:
    raise AssertionError("nobody reads the body of a request that is refused")


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    return []


async def test_before_the_server_is_ready_every_request_is_told_why(sent: list[dict[str, Any]]) -> None:
    front = Front()
    front.why = "the database cannot be reached"

    async def send(message: Any) -> None:
        sent.append(message)

    await front(ASKED, nothing, send)
    start, body = sent
    headers = dict(start["headers"])
    problem = msgspec.json.decode(body["body"])
    assert (start["status"], headers[b"retry-after"]) == (503, b"2")
    assert headers[b"content-type"] == b"application/problem+json"
    assert (problem["code"], problem["detail"]) == ("unavailable", front.why)
    assert problem["retry_after_ms"] == RETRY_AFTER_S * 1000
    refusal: Any = front.accept(None, None)  # type: ignore[arg-type] - it looks at neither
    assert refusal == Refusal(503, front.why, RETRY_AFTER_S)


async def test_a_process_that_only_waits_for_its_database_is_alive(sent: list[dict[str, Any]]) -> None:
    async def send(message: Any) -> None:
        sent.append(message)

    await Front()({"type": "http", "path": "/health/live"}, nothing, send)
    assert (sent[0]["status"], sent[1]["body"]) == (200, b'{"status":"ok"}')


async def test_an_open_front_passes_everything_on() -> None:
    front = Front()
    passed: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope)

    assert not front.is_open
    front.open(app, lambda request, connection: (request, connection))  # type: ignore[arg-type,return-value]
    assert front.is_open
    await front(ASKED, nothing, nothing)  # type: ignore[arg-type]
    assert passed == [ASKED]
    assert front.accept("a request", "a connection") == ("a request", "a connection")  # type: ignore[arg-type]
    front.shut()
    assert front.pressure._next is not None
    assert front.pressure._next.cancelled()


async def test_under_pressure_whoever_comes_new_is_sent_away_but_a_balancer_is_answered(
    sent: list[dict[str, Any]],
) -> None:
    front = Front()
    passed: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope["path"])

    async def send(message: Any) -> None:
        sent.append(message)

    front.open(app, lambda request, connection: (request, connection))  # type: ignore[arg-type,return-value]
    front.pressure.overloaded = True
    for path in ("/v1/auth/log-in", "/health", "/"):
        await front({"type": "http", "path": path}, nothing, send)
    assert passed == ["/health", "/"]
    start, body = sent
    assert (start["status"], dict(start["headers"])[b"retry-after"]) == (503, b"2")
    assert msgspec.json.decode(body["body"])["detail"] == OVERLOADED
    assert front.accept(None, None) == Refusal(503, OVERLOADED, RETRY_AFTER_S)  # type: ignore[arg-type]
    front.pressure.overloaded = False
    await front(ASKED, nothing, send)
    assert passed[-1] == ASKED["path"]


async def test_the_lifespan_is_the_fronts_own(sent: list[dict[str, Any]]) -> None:
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message)

    await Front()({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
