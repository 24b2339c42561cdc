"""The SDK beside the log on a whole server: what is known of messages, the user himself, webhooks, and its admin."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import cast

import pytest

from seriatim.client import Client, ConversationKind, MessageSent, Visibility
from seriatim.core.errors import Forbidden, Unauthenticated
from seriatim.core.ids import ConversationId, uuid7
from seriatim.protocol.fields import ChosenState, LastSeenTo
from seriatim.protocol.http.bots import NewSlashCommand
from seriatim.protocol.http.groups import ChangeGroup
from seriatim.protocol.sender import Scope
from seriatim.storage.postgres.database import Database
from world import PASSWORD, WITHIN_S, Server


@pytest.fixture
async def ada(server: Server, database: Database) -> AsyncIterator[Client]:
    """Yield an admin of the server."""
    async with await Client.sign_up(server.url, f"ada-{uuid7()}", PASSWORD) as client:
        async with database.transaction() as connection:
            await connection.execute("update users set server_admin = true where id = %s", [client.user_id])
        yield client


async def test_what_is_known_of_messages(ada: Client) -> None:
    title = f"Channel {uuid7()}"
    place = await ada.create(ConversationKind.CHANNEL, title=title, visibility=Visibility.PUBLIC)
    here = place.conversation_id
    said = await ada.send(here, "first")
    await ada.messages.edit(here, said.seq, "second")
    await ada.messages.react(here, said.seq, "👍")
    await ada.messages.pin(here, said.seq)
    poll = await ada.messages.start_poll(here, "Tea?", ["yes", "no"])
    await ada.messages.vote(here, poll.seq, [1])
    assert [one.body for one in await ada.messages.versions(here, said.seq)] == ["first", "second"]
    assert [(one.emoji, one.user_id) for one in await ada.messages.reactions(here, said.seq)] == [("👍", ada.user_id)]
    assert [cast("MessageSent", one).body for one in await ada.messages.pins(here)] == ["second"]
    assert [(one.user_id, one.options) for one in await ada.messages.votes(here, poll.seq)] == [(ada.user_id, [1])]
    for where in (said.seq, datetime(2020, 1, 1, tzinfo=UTC)):
        assert said.seq in [entry.seq for entry in (await ada.messages.around(here, where)).entries]
    assert [one.conversation_id for one in await ada.http.channels(name=title)] == [here]
    assert (await ada.http.conversation(here)).title == title


async def test_the_user_himself(server: Server, ada: Client) -> None:
    await ada.me.choose_presence(ChosenState.DO_NOT_DISTURB, "writing", last_seen_to=LastSeenTo.CONTACTS)
    mine = await ada.me.presence()
    assert (mine.state, mine.text, mine.last_seen_to) == (ChosenState.DO_NOT_DISTURB, "writing", LastSeenTo.CONTACTS)
    await ada.me.choose_presence()
    assert (await ada.me.presence()).state is ChosenState.AUTO
    assert (await ada.me.presence()).last_seen_to is LastSeenTo.CONTACTS, "as before"
    assert (await ada.me.mail()).sends is False
    with pytest.raises(Unauthenticated):
        await _named_and_logged_out(ada, await Client.log_in(server.url, ada.account.name, PASSWORD))
    assert [one.device_id for one in await ada.me.devices()] == [ada.account.device_id]


async def _named_and_logged_out(ada: Client, second: Client) -> None:
    device_id = second.account.device_id
    async with second:
        await ada.me.rename_device(device_id, "the second one")
        assert {one.device_id: one.name for one in await ada.me.devices()}[device_id] == "the second one"
        await second.me.log_out()
        async for _ in second.entries():
            pass


async def test_webhooks_groups_and_bots(server: Server, ada: Client) -> None:
    here = (await ada.create(ConversationKind.GROUP, title="Operations")).conversation_id
    address = await ada.webhooks.make_incoming(here, "deploys")
    assert (await server.http.post(address.path, json={"text": "shipped"})).text == "ok"
    assert [one.name for one in (await ada.webhooks.all(here)).incoming] == ["deploys"]
    await ada.webhooks.remove(here, address.webhook_id)
    assert (await ada.webhooks.all(here)).incoming == []

    group = await ada.admin.make_group(f"g{uuid7().hex}", [ada.user_id])
    changed = await ada.admin.change_group(group.group_id, ChangeGroup(user_ids=[]))
    assert (changed.name, changed.user_ids) == (group.name, [])
    await ada.admin.delete_group(group.group_id)
    assert group.group_id not in [one.group_id for one in await ada.membership.groups()]

    made = await ada.admin.make_bot(f"bot {uuid7()}", [Scope.READ, Scope.SEND])
    again = await ada.admin.renew_bot(made.user_id)
    with pytest.raises(Unauthenticated):
        await Client.bot(server.url, made.token)
    with pytest.raises(Unauthenticated):
        await _called_changed_and_removed(ada, await Client.bot(server.url, again.token), here)
    assert made.user_id not in [one.user_id for one in await ada.admin.bots()]


async def _until_refused(bot: Client, here: ConversationId) -> None:
    """Say something again and again: the gateway hears of it a moment after the COMMIT."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            await bot.send(here, "still?")


async def _called_changed_and_removed(ada: Client, bot: Client, here: ConversationId) -> None:
    async with bot:
        await ada.membership.invite(here, bot.user_id)
        name = f"c{uuid7().hex[:20]}"
        await bot.calls.offer([NewSlashCommand(name=name, description="Says hello")])
        assert [one.name for one in await ada.messages.slash_commands(here)] == [name]
        asking = asyncio.create_task(ada.messages.slash(here, name, "words"))
        call = await anext(aiter(bot.calls))
        bot.calls.answer(call, f"hello {call.text}")
        assert await asking == "hello words"
        assert (await ada.admin.change_bot(bot.user_id, [Scope.READ])).scopes == [Scope.READ]
        with pytest.raises(Forbidden):
            await _until_refused(bot, here)
        await ada.admin.remove_bot(bot.user_id)
        async for _ in bot.entries():
            pass
