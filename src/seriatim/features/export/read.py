"""What an export holds, line by line: one page of the log is in memory at a time, and no connection between two."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from seriatim.core.errors import Forbidden, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.core.names import name_key
from seriatim.features.export import store
from seriatim.log.access import Action, authorize
from seriatim.log.read import page
from seriatim.protocol.commands import Fetch
from seriatim.protocol.entries import Entry
from seriatim.storage.postgres.database import Connection

PAGE = 200
"""Entries read at once."""
Line = Mapping[str, Any] | Entry
"""A head (`type` says of what), or an entry."""
Reading = Callable[[], AbstractAsyncContextManager[Connection]]
"""Lends a connection to read one page with."""


def encoded(line: Line) -> bytes:
    """Return a line of JSON."""
    return msgspec.json.encode(line) + b"\n"


async def conversation(reading: Reading, conversation_id: ConversationId) -> AsyncIterator[Line]:
    """Yield the conversation and every entry of it, as it stands now, oldest first; who may read it is not asked.

    Raises:
        NotFound: there is no such conversation.
    """
    async with reading() as connection:
        head = await store.one(connection, store.CONVERSATION, id=conversation_id)
    if head is None:
        raise NotFound("no such conversation")
    yield {"type": "conversation", **head}
    for first in range(1, head["last_seq"] + 1, PAGE):
        async with reading() as connection:
            last = min(first + PAGE - 1, head["last_seq"])
            entries = await store.entries(connection, conversation_id, first, last)
        for entry in entries:  # whoever takes them may need a connection too
            yield entry


async def user_of(reading: Reading, name: str) -> UserId:
    """Return who logs in with this name.

    Raises:
        NotFound: nobody does.
    """
    async with reading() as connection:
        found = await store.one(connection, store.USER_OF, name_key=name_key(name))
    if found is None:
        raise NotFound("nobody has this name")
    return UserId(found["id"])


async def user(reading: Reading, user_id: UserId) -> AsyncIterator[Line]:
    """Yield who this is, what is kept of him alone, and of each conversation that he is or was in what he may read."""
    for kind, question in store.OF_A_USER.items():
        async with reading() as connection:
            rows = await store.several(connection, question, user_id=user_id)
        for row in rows:
            yield {"type": kind, **row}
    after = 0
    while True:
        async with reading() as connection:
            mine = await store.several(connection, store.MINE, user_id=user_id, after=after, limit=PAGE)
        for row in mine:
            try:
                async for line in readable(reading, user_id, row["conversation_id"]):
                    yield line
            except (NotFound, Forbidden):  # no more of this one since the list was read
                continue
        if len(mine) < PAGE:
            return
        after = mine[-1]["conversation_id"]


async def readable(reading: Reading, user_id: UserId, conversation_id: ConversationId) -> AsyncIterator[Line]:
    """Yield a conversation as this user reads it, oldest first; each page asks for the right anew (promise I1).

    Raises:
        NotFound, Forbidden: as for `fetch`.
    """
    async with reading() as connection:
        await authorize(connection, user_id, conversation_id, Action.READ)
        head = await store.one(connection, store.CONVERSATION, id=conversation_id)
    assert head is not None
    yield {"type": "conversation", **{key: value for key, value in head.items() if key != "last_seq"}}
    after, complete = 0, False
    while not complete:
        wish = Fetch(id=0, conversation_id=conversation_id, after=after, limit=PAGE)
        async with reading() as connection:
            access = await authorize(connection, user_id, conversation_id, Action.READ)
            found = await page(connection, access, wish, user_id, "")
        for entry in found.entries:
            yield entry
        after = found.entries[-1].seq if found.entries else after
        complete = found.complete or not found.entries
