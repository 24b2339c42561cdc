"""What the server tells of a run's conversations in the end, to somebody whose device holds nothing yet."""

import asyncio
from collections.abc import Iterable

from seriatim.bench.chaos.history import FinalLog, FreshPages, PageEntry, state
from seriatim.client import Client
from seriatim.protocol.answers import Page

AT_ONCE = 4
"""Readers at once."""
LIMIT = 200
"""Entries of a page: the most there are."""


async def fresh(url: str, names: Iterable[str], password: str, log: FinalLog) -> list[FreshPages]:
    """Return, for each of these people, every entry that he may read, as a page tells it to him now."""
    reading = asyncio.Semaphore(AT_ONCE)

    async def of_one(name: str) -> FreshPages:
        async with reading:
            client = await Client.log_in(url, name, password)
            try:
                places = [member.conversation for member in log.members if member.user == client.user_id]
                entries = [entry for place in places for entry in await _conversation(client, place)]
            finally:
                await client.http.close()
            return FreshPages(client.user_id, entries)

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(of_one(name)) for name in names]
    return [task.result() for task in asked]


async def _conversation(client: Client, conversation: int) -> list[PageEntry]:
    entries: list[PageEntry] = []
    after, is_complete = 0, False
    while not is_complete:
        params = {"after": str(after), "limit": str(LIMIT)}
        page = await client.http.page(f"/v1/conversations/{conversation}/entries", Page, params)
        entries += [PageEntry(conversation, entry.seq, state(entry)) for entry in page.entries]
        is_complete = page.complete or not page.entries
        after = page.entries[-1].seq if page.entries else after
    return entries
