"""A device that does not read: its events fold into gaps, then it is let go; nobody else notices."""

import asyncio
import time

import pytest

from seriatim.core.ids import uuid7
from seriatim.protocol.limits import STALLED_WRITE_S
from world import Server


@pytest.mark.promise("D9")
async def test_a_device_that_stops_reading_is_closed_and_finds_everything_later(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    slow = await server.another_device(bob)
    here = await ada.group(bob)
    slow.stop_reading()
    outboxes = server.parts.outboxes
    body = "x" * 16_000
    count = most = 0
    clock = server.parts.sockets.clock
    async with asyncio.timeout(60):
        while not outboxes.closed_slow_count:
            for _ in range(20):
                count += 1
                await ada.say(type="send", id=count, conversation_id=here, client_id=str(uuid7()), body=body)
            for _ in range(20):
                assert (await ada.next("sent", "error"))["type"] == "sent"
            assert outboxes.queued_bytes <= 2 * 1024 * 1024
            if outboxes.queued_bytes < most:  # folded: from here on only time can end it
                late = time.monotonic() + STALLED_WRITE_S
                monkeypatch.setattr(clock, "monotonic", lambda late=late: late)
            most = max(most, outboxes.queued_bytes)
    seen = [(await bob.event(here))["seq"] for _ in range(count + 1)]
    assert seen == list(range(1, count + 2)), "the device that reads missed nothing"
    await slow.connect()
    assert next(row[1] for row in slow.welcome["heads"] if row[0] == here) == count + 1


@pytest.mark.promise("D9")
async def test_a_stalled_device_that_goes_without_its_answers_harms_nobody(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    slow = await server.another_device(bob)
    here = await ada.group(bob)
    slow.stop_reading()
    outboxes = server.parts.outboxes
    async with asyncio.timeout(60):
        while not outboxes.queued_bytes:
            assert (await ada.send(here, "x" * 16_000))["type"] == "sent"
    await slow.say(type="ping")
    await slow.say(type="read", id=1, conversation_id=here, seq=1)
    await slow.say(type="fetch", id=2, conversation_id=here)
    await bob.ask("fetch", conversation_id=here)  # by now those of the slow one have arrived, too
    await slow.close()
    await bob.ask("read", conversation_id=here, seq=2)  # answered in the same window as the slow one's, or a later one
    await bob.say(type="ping")
    await bob.next("pong")
    assert (await ada.send(here, "still here"))["type"] == "sent"
    assert outboxes.queued_bytes == 0
