import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from seriatim.delivery.broker import link
from seriatim.delivery.broker.link import Hears, Link
from seriatim.delivery.broker.servers import Address, Verbs

OLD, NEW = ("old", 1), ("new", 1)


class Busy:
    """A connection to a server on whose channel somebody speaks all the time."""

    async def connect(self) -> None: ...
    async def disconnect(self, *, nowait: bool) -> None: ...
    async def send_packed_command(self, commands: object) -> None: ...

    def pack_commands(self, commands: object) -> object:
        return commands

    async def read_response(self, *, timeout: float) -> list[Any]:  # noqa: ASYNC109 - redis-py's name
        await asyncio.sleep(0.001)
        return [b"smessage", b"channel", b"news"]


class Servers:
    """The channel has gone from one to another, of which the first has not heard."""

    verbs = Verbs("SPUBLISH", "SSUBSCRIBE")

    def __init__(self) -> None:
        self.connected: list[Address] = []
        self._holder = OLD

    def connection(self, address: Address) -> Any:
        self.connected.append(address)
        return Busy()

    async def holder(self, channel: str) -> Address:
        return self._holder

    def failed(self, address: Address, error: Exception) -> None: ...

    async def elsewhere(self, channels: Sequence[str], address: Address) -> bool:
        self._holder = NEW
        return address != NEW

    async def check(self) -> None: ...


async def test_a_channel_is_followed_to_its_new_server_also_while_the_old_one_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(link, "RETRY_S", 0.01)
    servers, heard = Servers(), list[bytes]()
    running = asyncio.create_task(Link(servers, ("channel",), Hears(heard.append, lambda: None)).run())
    await asyncio.sleep(0.3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert heard
    assert servers.connected == [OLD, NEW]
