"""How long the clients of a gateway that ends have to move to the others."""

from types import SimpleNamespace
from typing import Any

import pytest

from seriatim.app import roles
from seriatim.app.processes.ends import Ends
from seriatim.app.processes.supervisor import STOP_WITHIN_S
from seriatim.app.settings import Settings


@pytest.mark.parametrize(
    ("sockets", "handshakes_per_s", "within_ms"), [(10, 1_000, 2_000), (5_000, 1_000, 5_000), (5_000, 100, 15_000)]
)
async def test_clients_have_time_to_move_and_all_are_told_before_the_gateway_is_killed(
    monkeypatch: pytest.MonkeyPatch, sockets: int, handshakes_per_s: int, within_ms: int
) -> None:
    monkeypatch.setattr(roles, "LEAVE_SLACK_S", 0.0)
    told: list[tuple[int, int]] = []
    crowd: Any = SimpleNamespace(sockets=range(sockets), begin_drain=told.append)
    ends = Ends()
    ends.at_once.set()
    await roles._let_leave(Settings(handshakes_per_s=handshakes_per_s), crowd, ends)
    assert told == [(0, within_ms)]
    assert within_ms / 1_000 < STOP_WITHIN_S
