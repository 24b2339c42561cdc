"""Rates are each one's own: nobody uses up what others may send."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from seriatim.protocol.limits import Rate
from world import UNLIMITED, Server, serving

FEW = Rate(0.001, 3)
"""Three, and then no more within this test."""


@pytest.fixture(params=["send", "conversation_send"])
async def narrow(request: pytest.FixtureRequest, postgres_dsn: str, data_folder: Path) -> AsyncIterator[Server]:
    """Run a server with one of the two rates of sends small."""
    rates = msgspec.structs.replace(UNLIMITED, **{request.param: FEW})
    async with serving(postgres_dsn, data_folder, rates=rates) as server:
        yield server


async def test_an_outsider_does_not_use_up_what_members_may_send(narrow: Server) -> None:
    ada, bob, eve = [await narrow.device(name) for name in ("ada", "bob", "eve")]
    here = await ada.direct(bob)
    for body in ("let me in", "   ", "let me in", "   "):
        await eve.send(here, body)
        path = f"/v1/conversations/{here}/send"
        await eve.http("POST", path, json={"body": body, "client_id": "019b0000-0000-7000-8000-000000000000"})
    assert [(await ada.send(here, "hi"))["type"] for _ in range(3)] == ["sent"] * 3


async def test_nobody_uses_up_what_another_may_send_by_naming_his_number(narrow: Server) -> None:
    ada, bob, eve = [await narrow.device(name) for name in ("ada", "bob", "eve")]
    here = await ada.direct(bob)
    for _ in range(4):
        await eve.send(ada.user_id, "is this a conversation?")
    assert [(await ada.send(here, "hi"))["type"] for _ in range(3)] == ["sent"] * 3
