"""Which loops a process runs."""

import pytest

from seriatim.app.streams.loops import Loops, Role


async def always() -> None: ...
async def gateway() -> None: ...
async def worker() -> None: ...


@pytest.mark.parametrize(
    ("role", "loops"),
    [(Role.ALL, (always, gateway, worker)), (Role.GATEWAY, (always, gateway)), (Role.WORKER, (always, worker))],
)
def test_a_role_runs_its_own_loops_and_those_that_all_need(role: Role, loops: tuple[object, ...]) -> None:
    assert Loops((always,), (gateway,), (worker,)).of(role) == loops
