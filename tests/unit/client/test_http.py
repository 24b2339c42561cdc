"""The SDK's HTTP side against a server that answers from a list."""

from typing import Any

import httpx
import pytest

from seriatim.client.http import PAGE_TRIES, Http
from seriatim.core.errors import RateLimited

TOO_MANY = {"type": "x", "title": "x", "status": 429, "code": "rate_limited", "detail": "wait", "retry_after_ms": 1}


class Server:
    """Refuses so many pages before each that it gives."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.query.decode())
        if len(self.asked) % (self.refusals + 1):
            return httpx.Response(429, json=TOO_MANY)
        more: dict[str, Any] = {} if b"cursor" in request.url.query else {"cursor": "next"}
        return httpx.Response(200, json={"members": [], "roster_version": 1, **more})


def http_to(server: Server, monkeypatch: pytest.MonkeyPatch) -> Http:
    found = Http("http://chat.test")
    monkeypatch.setattr(found, "_client", httpx.AsyncClient(
        base_url="http://chat.test", transport=httpx.MockTransport(server.answer)
    ))  # fmt: skip
    return found


async def test_a_long_list_waits_as_its_rate_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(2)
    await http_to(server, monkeypatch).members(7)
    assert server.asked == ["limit=200"] * 3 + ["limit=200&cursor=next"] * 3


async def test_it_waits_ten_times_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(PAGE_TRIES)
    with pytest.raises(RateLimited):
        await http_to(server, monkeypatch).members(7)
    assert len(server.asked) == PAGE_TRIES
