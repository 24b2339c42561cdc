"""What an export holds, line by line: one page of the log is in memory at a time."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from seriatim.app.cli.export import store
from seriatim.core.errors import NotFound
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.core.names import name_key
from seriatim.features.messages.fetch import fetch
from seriatim.protocol.commands import Fetch
from seriatim.protocol.entries import Entry
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

PAGE = 200
"""Entries read at once."""
Line = Mapping[str, Any] | Entry
"""A head (`type` says of what), or an entry."""


async def conversation(database: Database, conversation_id: ConversationId) -> AsyncIterator[Line]:
    """Yield the conversation and every entry of it, as it stands now, oldest first; who may read it is not asked.

    Raises:
        NotFound: there is no such conversation.
    """
    async with database.read() as connection:
        head = await store.one(connection, store.CONVERSATION, id=conversation_id)
    if head is None:
        raise NotFound("no such conversation")
    yield {"type": "conversation", **head}
    for first in range(1, head["last_seq"] + 1, PAGE):
        async with database.read() as connection:
            last = min(first + PAGE - 1, head["last_seq"])
            entries = await store.entries(connection, conversation_id, first, last)
        for entry in entries:  # whoever takes them may need a connection too
            yield entry


async def user(database: Database, name: str) -> AsyncIterator[Line]:
    """Yield who this is, his devices and settings, and of each conversation that he is or was in what he may read.

    Raises:
        NotFound: nobody has this name.
    """
    async with database.read() as connection:
        who = await store.one(connection, store.USER, name_key=name_key(name))
        if who is None:
            raise NotFound("nobody has this name")
        devices = await store.several(connection, store.DEVICES, user_id=who["user_id"])
        state = await store.several(connection, store.STATE, user_id=who["user_id"])
    yield {"type": "user", **who}
    for device in devices:
        yield {"type": "device", **device}
    for one in state:
        yield {"type": "state", **one}
    after = 0
    while True:
        async with database.read() as connection:
            mine = await store.several(connection, store.MINE, user_id=who["user_id"], after=after, limit=PAGE)
        for row in mine:
            async for line in _readable(database, who["user_id"], row["conversation_id"]):
                yield line
        if len(mine) < PAGE:
            return
        after = mine[-1]["conversation_id"]


async def _readable(database: Database, user_id: UserId, conversation_id: ConversationId) -> AsyncIterator[Line]:
    """Yield a conversation as this member or ex-member reads it (promise I1)."""
    async with database.read() as connection:
        head = await store.one(connection, store.CONVERSATION, id=conversation_id)
    assert head is not None
    sender, after, complete = Sender(user_id, DeviceId(0)), 0, False
    yield {"type": "conversation", **{key: value for key, value in head.items() if key != "last_seq"}}
    while not complete:
        wish = Fetch(id=0, conversation_id=conversation_id, after=after, limit=PAGE)
        page = await fetch(wish, sender, database, "")
        for entry in page.entries:
            yield entry
        after = page.entries[-1].seq if page.entries else after
        complete = page.complete or not page.entries
