"""An account with many conversations opens on a device that holds nothing: few round trips, few statements."""

import asyncio
from collections import Counter

import pytest

from seriatim.bench.rig.opening import Opened, Opener, fill
from seriatim.storage.postgres.statements import counted
from world import Server

TRIES = 30
TRIPS = 3
"""Heads, the first page of the list, the names in it."""
COST = {
    "-- heads": 1,
    "-- own threads": 1,
    "-- conversations page": 1,
    "select u.id as user_id, u.name, u.guest, u.bot from users u": 1,
}


async def opened(server: Server, count: int) -> tuple[Opened, Counter[str]]:
    """Open an account with so many conversations until nothing else is at work meanwhile: followers come and go."""
    people = [await server.device(name) for name in ("ada", "bob", "carol", "dan", "eve")]
    ada = people[0]
    await fill(server.url, [(one.user_id, one.credentials["access_token"]) for one in people], count)
    opener = Opener(server.url, ada.device_id, ada.credentials["access_token"])
    try:
        for _ in range(TRIES):
            with counted() as statements:
                screen = await opener.open()
            if statements == COST:
                break
            await asyncio.sleep(0.1)
        return screen, statements
    finally:
        await opener.close()


@pytest.mark.parametrize("count", [12, 96])
async def test_a_first_screen_takes_three_round_trips_and_so_many_statements(server: Server, count: int) -> None:
    screen, statements = await opened(server, count)
    assert len(screen.trips_ms) == TRIPS
    assert len(screen.heads) == count
    assert len(screen.conversations) == count
    assert {one.kind for one in screen.conversations} == {"direct", "group"}
    assert any(one.unread for one in screen.conversations)
    assert any(one.mentions for one in screen.conversations)
    named = {user.user_id for user in screen.people}
    assert {one.last.sender_id for one in screen.conversations if one.last is not None} <= named
    assert dict(statements) == COST
