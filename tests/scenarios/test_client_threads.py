"""Threads and mentions by the SDK on a whole server: what is sent, what other devices hold and count, and the lists."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from seriatim.client import Client, ConversationKind, MessageSent
from seriatim.core.errors import Forbidden, NotFound
from seriatim.core.ids import ConversationId, uuid7
from seriatim.protocol.http.threads import Followers, Threads
from world import PASSWORD, WITHIN_S, Server


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def ada(server: Server) -> AsyncIterator[Client]:
    async with await Client.sign_up(server.url, f"ada-{uuid7()}", PASSWORD) as client:
        yield client


@pytest.fixture
async def bob(server: Server) -> AsyncIterator[Client]:
    async with await Client.sign_up(server.url, f"bob-{uuid7()}", PASSWORD) as client:
        yield client


async def messages(client: Client, here: ConversationId) -> list[MessageSent]:
    return [entry for entry in await client.history(here) if isinstance(entry, MessageSent)]


async def test_replies_stand_in_their_thread_and_mentions_in_the_badge(ada: Client, bob: Client) -> None:
    here = (await ada.create(ConversationKind.GROUP, [bob.user_id], title="g")).conversation_id
    root = await ada.send(here, "look, bob", mentions=[bob.user_id])
    await until(lambda: (bob.view.unread(here), bob.view.mentions(here)) == (1, 1))
    bob.read(here, root.seq)
    await until(lambda: (bob.view.unread(here), bob.view.mentions(here)) == (0, 0))
    silent = await bob.messages.reply(here, root.seq, "here")
    loud = await bob.messages.reply(here, root.seq, "for all", broadcast=True)
    await until(lambda: ada.view.unread(here) == 1)
    found = {entry.seq: entry for entry in await messages(ada, here)}
    assert (found[silent.seq].thread_seq, found[silent.seq].broadcast) == (root.seq, False)
    assert (found[loud.seq].thread_seq, found[loud.seq].broadcast) == (root.seq, True)
    assert found[root.seq].mentions == (bob.user_id,)
    thread = found[root.seq].thread
    assert thread is not None
    assert (thread.count, thread.last_seq) == (2, loud.seq)
    page = await ada.http.thread(here, root.seq)
    assert [entry.seq for entry in page.entries] == [root.seq, silent.seq, loud.seq]


async def test_the_threads_that_one_follows_are_listed_until_they_are_read(ada: Client, bob: Client) -> None:
    here = (await ada.create(ConversationKind.GROUP, [bob.user_id], title="g")).conversation_id
    roots = [await ada.send(here, f"topic {number}") for number in range(3)]
    last = [await bob.messages.reply(here, root.seq, "yes") for root in roots]
    assert [(one.thread_seq, one.unread) for one in await ada.own.threads()] == [
        (root.seq, 1) for root in reversed(roots)
    ]
    await ada.own.read_thread(here, roots[1].seq, last[1].seq)
    unread = [one.thread_seq for one in await ada.own.threads(only_unread=True)]
    assert unread == [roots[2].seq, roots[0].seq]
    every = await ada.http.threads(here)
    assert [(one.thread_seq, one.count, one.root and one.root.seq) for one in every] == [
        (root.seq, 1, root.seq) for root in reversed(roots)
    ]
    for path in ("/v1/me/threads", f"/v1/conversations/{here}/threads"):
        params, found = {"limit": "1"}, list[int]()
        while True:
            page = await ada.http.page(path, Threads, params)
            found += [one.thread_seq for one in page.threads]
            if page.cursor is None:
                break
            params = {"limit": "1", "cursor": page.cursor}
        assert found == [root.seq for root in reversed(roots)]


async def test_who_follows_a_thread_is_listed_to_members_who_may_read_it(ada: Client, bob: Client) -> None:
    here = (await ada.create(ConversationKind.GROUP, [bob.user_id], title="g")).conversation_id
    root = await ada.send(here, "topic")
    assert await ada.http.followers(here, root.seq) == []
    await bob.messages.reply(here, root.seq, "yes")
    both = sorted([ada.user_id, bob.user_id])
    assert [one.user_id for one in await bob.http.followers(here, root.seq)] == both
    path, params, found = f"/v1/conversations/{here}/threads/{root.seq}/followers", {"limit": "1"}, list[int]()
    while (page := await ada.http.page(path, Followers, params)).cursor is not None:
        found += [one.user_id for one in page.followers]
        params = {"limit": "1", "cursor": page.cursor}
    assert found + [one.user_id for one in page.followers] == both
    await ada.own.follow(here, root.seq, following=False)
    assert [one.user_id for one in await ada.http.followers(here, root.seq)] == [bob.user_id]
    async with await Client.sign_up(ada.account.url, f"eve-{uuid7()}", PASSWORD) as eve:
        with pytest.raises(NotFound):
            await eve.http.followers(here, root.seq)
        await ada.membership.invite(here, eve.user_id)
        with pytest.raises(NotFound):
            await eve.http.followers(here, root.seq)  # she came after it
    await bob.membership.leave(here)
    assert await ada.http.followers(here, root.seq) == []
    with pytest.raises(Forbidden):
        await bob.http.followers(here, root.seq)
