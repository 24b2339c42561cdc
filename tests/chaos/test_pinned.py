"""What chaos runs have found, made to happen every time."""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from seriatim.client import Client, driver
from seriatim.core.ids import uuid7
from seriatim.protocol.link import State
from world import PASSWORD, WITHIN_S, Server


async def test_a_connection_that_is_lost_before_its_handshake_is_tried_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = driver.connect, 0

    async def connect(*args: Any, **named: Any) -> Any:
        nonlocal lost
        if not lost:
            lost += 1
            raise ConnectionClosedError(None, None)  # what websockets raises when the reset comes that early
        return await real(*args, **named)

    monkeypatch.setattr(driver, "connect", connect)
    async with await Client.sign_up(server.url, f"ada-{uuid7()}", PASSWORD) as ada, asyncio.timeout(WITHIN_S):
        while ada.state is not State.LIVE:
            await asyncio.sleep(0.01)
    assert lost == 1
