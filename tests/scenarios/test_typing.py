"""Who is typing: told to those who look, and nowhere stored."""

import asyncio

import pytest

from rows import unchanged
from world import Device, Server

pytestmark = pytest.mark.promise("D7")


async def typing_of(device: Device, **where: object) -> dict[str, object]:
    return await device.next("typing", where=lambda frame: all(frame.get(name) == value for name, value in where.items()))


async def test_typing_is_told_to_whoever_looks_and_nothing_is_stored(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.group(bob)
    await bob.say(type="focus", conversation_ids=[here])
    await bob.ask("fetch", conversation_id=here)
    async with unchanged(server.parts.database):
        await ada.say(type="typing", conversation_id=here)
        assert await typing_of(bob) == {"type": "typing", "conversation_id": here, "user_id": ada.user_id, "on": True}
        await ada.say(type="typing", conversation_id=here, on=False)
        assert (await typing_of(bob))["on"] is False
    await asyncio.sleep(0)
