"""A device that does not read: its events fold into gaps, then it is let go; nobody else notices."""

import asyncio

import pytest

from seriatim.core.ids import uuid7
from world import Server


@pytest.mark.promise("D9")
async def test_a_device_that_stops_reading_is_closed_and_finds_everything_later(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    slow = await server.another_device(bob)
    here = await ada.group(bob)
    slow.stop_reading()
    outboxes = server.parts.outboxes
    body = "x" * 16_000
    count = 0
    async with asyncio.timeout(60):
        while not outboxes.closed_slow_count:
            for _ in range(20):
                count += 1
                await ada.say(type="send", id=count, conversation_id=here, client_id=str(uuid7()), body=body)
            for _ in range(20):
                assert (await ada.next("sent", "error"))["type"] == "sent"
            assert outboxes.queued_bytes <= 2 * 1024 * 1024
    seen = [(await bob.event(here))["seq"] for _ in range(count + 1)]
    assert seen == list(range(1, count + 2)), "the device that reads missed nothing"
    await slow.connect()
    assert next(row[1] for row in slow.welcome["heads"] if row[0] == here) == count + 1
