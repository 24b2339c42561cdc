"""What the page asks a server for before it can draw its first screen, on a device that holds nothing yet.

Over an open socket `hello`, answered by the heads of all conversations; then the first page of their list, with titles
and last messages; then the names that these show. As web/src/core does (leader.ts, details.ts), whose further pages of
the list come while the first one is on the screen.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol as WebSocketSubprotocol

from seriatim.client.frames import decode
from seriatim.core.ids import DeviceId, uuid7
from seriatim.protocol.answers import HeadRow, Heads, Sent, Welcome
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.commands import ClientName, Hello
from seriatim.protocol.resources import Conversation, Conversations, User, Users

LIST_PAGE, PEOPLE_PAGE = 200, 100
"""As many as the page asks for at once."""
ANSWER_WITHIN_S = 30.0
AT_ONCE = 8
"""Conversations that are made at once."""
_T = TypeVar("_T")


@dataclass
class Opened:
    """What came, and the milliseconds of each round trip, in order: heads, list, people."""

    heads: list[HeadRow] = field(default_factory=list[HeadRow])
    conversations: list[Conversation] = field(default_factory=list[Conversation])
    people: list[User] = field(default_factory=list[User])
    trips_ms: list[float] = field(default_factory=list[float])


class Opener:
    """A device of somebody, without anything that it would have kept."""

    def __init__(self, url: str, device_id: int, token: str) -> None:
        self._url = url
        self._hello = Hello(token=token, device_id=DeviceId(device_id), client=ClientName("bench", "1"))
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=ANSWER_WITHIN_S
        )

    async def open(self) -> Opened:
        """Connect, and ask for all that the first screen shows."""
        opened = Opened()
        async with connect(
            f"{self._url.replace('http', 'ws', 1)}/v1/ws",
            subprotocols=[WebSocketSubprotocol(Subprotocol.JSON)],
            compression=None,
            ping_interval=None,
            max_size=None,
        ) as socket:
            began = time.perf_counter()
            await socket.send(msgspec.json.encode(self._hello).decode())
            has_more = True
            while has_more:
                for frame in decode(await socket.recv()):
                    if isinstance(frame, Welcome | Heads):
                        opened.heads += frame.heads if isinstance(frame, Welcome) else frame.rows
                        has_more = frame.more
            opened.trips_ms.append(_ms_since(began))
            opened.conversations = await self._list(opened)
            opened.people = await self._people(opened)
        return opened

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._http.aclose()

    async def _list(self, opened: Opened) -> list[Conversation]:
        page = await self._get(f"/v1/conversations?limit={LIST_PAGE}", Conversations, opened)
        return page.conversations

    async def _people(self, opened: Opened) -> list[User]:
        known = [one.other for one in opened.conversations if one.other is not None]
        names = {user.user_id for user in known}
        wanted = {one.last.sender_id: None for one in opened.conversations if one.last is not None}
        unknown = [user_id for user_id in wanted if user_id not in names][:PEOPLE_PAGE]
        if not unknown:
            return known
        ids = ",".join(map(str, unknown))
        return known + (await self._get(f"/v1/users?ids={ids}", Users, opened)).users

    async def _get(self, path: str, answer: type[_T], opened: Opened) -> _T:
        began = time.perf_counter()
        found = msgspec.json.decode((await self._http.get(path)).raise_for_status().content, type=answer)
        opened.trips_ms.append(_ms_since(began))
        return found


async def fill(url: str, people: Sequence[tuple[int, str]], count: int) -> None:
    """Give the first of these people (user id and token) so many conversations: pairs, groups, unread, mentions."""
    (owner, own_token), *others = people

    async def make(place: int) -> None:
        other, token = others[place % len(others)]
        is_pair = count - place <= len(others) and place % 3 == 0
        third = [] if is_pair else [others[(place + 1) % len(others)][0]]
        kind = {"kind": "direct"} if is_pair else {"kind": "group", "title": f"Topic {place}"}
        made = await _say(http, own_token, "/v1/conversations", {**kind, "members": [other, *third]})
        for number in range(place % 3):
            said = {"body": f"word {number}", "mentions": [owner] if place % 4 == 0 else []}
            await _say(http, token, f"/v1/conversations/{made.conversation_id}/send", said)

    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=ANSWER_WITHIN_S) as http:
        for first in range(0, count, AT_ONCE):
            async with asyncio.TaskGroup() as tasks:
                for place in range(first, min(first + AT_ONCE, count)):
                    tasks.create_task(make(place))


async def _say(http: httpx.AsyncClient, token: str, path: str, wish: dict[str, Any]) -> Sent:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await http.post(path, json={"client_id": str(uuid7()), **wish}, headers=headers)
    return msgspec.json.decode(answer.raise_for_status().content, type=Sent)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
