"""Whose heads are checked after he came, because the other gateways did not know of him yet."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from seriatim.app.streams import routing
from seriatim.app.streams.routing import Routing
from seriatim.core.clock import ManualClock
from seriatim.core.ids import SessionId, UserId
from seriatim.delivery.directory.local import LocalDirectory
from seriatim.delivery.fanout import FanOut
from seriatim.protocol.session import Phase, Session

NOBODY: Any = None


@pytest.mark.promise("D2")
@pytest.mark.parametrize(("gateways_met", "is_checked"), [(1, False), (2, True)])
async def test_who_comes_before_his_gateway_has_met_the_others_is_checked_if_they_are_many(
    monkeypatch: pytest.MonkeyPatch, gateways_met: int, is_checked: bool
) -> None:
    monkeypatch.setattr(routing, "KNOWN_AFTER_S", 0.05)
    monkeypatch.setattr(routing, "LOOK_EVERY_S", 0.01)
    checked: list[Session] = []
    fan_out = FanOut(NOBODY, NOBODY)
    directory = LocalDirectory(ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    newly_started = Routing(fan_out, checked.append, broadcast_up_to=2)
    newly_started.know(directory.join(lambda *_: None))
    session = Session(SessionId("1"), NOBODY, NOBODY, NOBODY, now=0.0)
    session.phase = Phase.LIVE
    fan_out.register(UserId(1), session)
    for _ in range(gateways_met):
        directory.join(lambda *_: None)
    running = asyncio.create_task(newly_started.run())
    await asyncio.sleep(0.2)
    running.cancel()
    assert checked == [session] * is_checked
