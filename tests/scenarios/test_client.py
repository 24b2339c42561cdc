"""The SDK on a whole server: bots, lost connections, stores that are opened again, devices that are signed out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from seriatim.client import Client, ConversationKind, Entry, MessageSent, PollStarted, State, Store
from seriatim.core.errors import BadRequest, Conflict, NotFound, Unauthenticated
from seriatim.core.ids import ConversationId, uuid7
from world import PASSWORD, WITHIN_S, Server


def name(stem: str) -> str:
    return f"{stem}-{uuid7().hex[:12]}-{uuid7().hex[-6:]}"


async def bodies(client: Client, count: int) -> list[str]:
    """Wait for this many messages and return what they say."""
    found: list[str] = []
    async with asyncio.timeout(WITHIN_S):
        async for entry in client.entries():
            if isinstance(entry, MessageSent):
                found.append(entry.body)
                if len(found) == count:
                    return found
    raise AssertionError("entries never end")


class Wire:
    """A TCP proxy whose connections can be cut."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.writers: set[asyncio.StreamWriter] = set()
        self.is_cut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self.writers |= {writer, back}
        with contextlib.suppress(OSError):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.copy(reader, back))
                tasks.create_task(self.copy(there, writer))

    async def copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.transport.abort()

    def cut(self) -> None:
        self.is_cut = True
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


@contextlib.asynccontextmanager
async def proxied(server: Server) -> AsyncIterator[tuple[Wire, str]]:
    wire = Wire(int(server.url.rsplit(":", 1)[1]))
    async with await asyncio.start_server(wire.serve, "127.0.0.1", 0) as listening:
        yield wire, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        wire.cut()


async def test_a_bot_answers_what_others_say(server: Server) -> None:
    ada = await Client.sign_up(server.url, name("ada"), PASSWORD)
    bot = await Client.sign_up(server.url, name("bot"), PASSWORD)

    async def answer() -> None:
        async for entry in bot.entries():
            if isinstance(entry, MessageSent) and entry.sender_id != bot.user_id:
                await bot.send(entry.conversation_id, f"you said: {entry.body}")

    async with ada, bot, asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(answer())
        here = (await ada.create(ConversationKind.DIRECT, [bot.user_id])).conversation_id
        sent = await ada.send(here, "hi")
        assert (sent.seq, sent.duplicate) == (2, False)
        assert await bodies(ada, 2) == ["hi", "you said: hi"]
        answering.cancel()


@pytest.mark.promise("L2")
@pytest.mark.promise("L4")
async def test_what_is_sent_while_the_line_is_cut_arrives_once_and_in_order(server: Server) -> None:
    async with proxied(server) as (wire, url):
        ada = await Client.sign_up(url, name("ada"), PASSWORD)
        bob = await Client.sign_up(server.url, name("bob"), PASSWORD)
        async with ada, bob, asyncio.TaskGroup() as tasks:
            here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
            await ada.send(here, "0")
            wire.cut()
            sending = [tasks.create_task(ada.send(here, str(number))) for number in range(1, 11)]
            await asyncio.sleep(0)
            assert not any(task.done() for task in sending)
            wire.is_cut = False
            assert await bodies(bob, 11) == [str(number) for number in range(11)]


@pytest.mark.promise("D4")
async def test_a_device_goes_on_from_its_store_and_sends_what_was_left_in_it(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "ada.db"
    async with proxied(server) as (wire, url):
        bob = await Client.sign_up(server.url, name("bob"), PASSWORD)
        async with bob:
            async with await Client.sign_up(url, name("ada"), PASSWORD, store=path) as ada:
                here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
                await ada.send(here, "first")
                assert await bodies(ada, 1) == ["first"]
                wire.cut()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await ada.send(here, "left behind")
            wire.is_cut = False
            await bob.send(here, "while you were away")
            async with await Client.resume(path) as ada:
                # "first" comes again: nobody had asked for what follows it, so it does not count as handled
                assert sorted(await bodies(ada, 3)) == ["first", "left behind", "while you were away"]
                assert [entry.seq for entry in await ada.history(here)] == [1, 2, 3, 4]


async def test_history_fetches_what_the_device_does_not_hold(server: Server) -> None:
    ada_name = name("ada")
    ada = await Client.sign_up(server.url, ada_name, PASSWORD)
    async with ada:
        here = (await ada.create(ConversationKind.GROUP, title="long")).conversation_id
        async with asyncio.TaskGroup() as tasks:
            for number in range(450):
                tasks.create_task(ada.send(here, str(number), ordered=False))
        async with await Client.log_in(server.url, ada_name, PASSWORD) as phone:
            newest = await phone.history(here, limit=300)
            assert [entry.seq for entry in newest] == list(range(152, 452))
            assert [entry.seq for entry in await phone.history(here, before=152, limit=500)] == list(range(1, 152))


async def test_refusals_are_raised_where_the_command_was_given(server: Server) -> None:
    ada_name = name("ada")
    with pytest.raises(Unauthenticated):
        await Client.log_in(server.url, ada_name, PASSWORD)
    async with await Client.open(server.url, ada_name, PASSWORD) as ada:
        with pytest.raises(NotFound):
            await ada.send(ConversationId(1), "to nobody")
        with pytest.raises(BadRequest) as refused:
            await ada.send(ConversationId(1), "")
        assert refused.value.path == "$.body"
    with pytest.raises(Conflict):
        await Client.sign_up(server.url, ada_name, PASSWORD)
    with pytest.raises(Unauthenticated):
        await Client.open(server.url, ada_name, "another password")


async def stay_until_signed_out(first: Client, second: Client, server: Server) -> None:
    """Revoke the first device from the second once it is live, and stay in its block."""
    async with asyncio.timeout(WITHIN_S), first:
        while first.state is not State.LIVE:
            await asyncio.sleep(0.01)
        assert second.http.token is not None
        headers = {"Authorization": f"Bearer {await second.http.token()}"}
        gone = await server.http.delete(f"/v1/devices/{first.account.device_id}", headers=headers)
        assert gone.status_code == 204, gone.text
        await asyncio.get_running_loop().create_future()


async def test_a_signed_out_device_ends_and_keeps_its_outbox(server: Server, tmp_path: Path) -> None:
    ada_name = name("ada")
    path = tmp_path / "ada.db"
    first = await Client.sign_up(server.url, ada_name, PASSWORD, store=path)
    async with await Client.log_in(server.url, ada_name, PASSWORD) as second:
        with pytest.raises(Unauthenticated):
            await stay_until_signed_out(first, second, server)
    store = Store(path)
    assert store.account() is not None
    store.close()


async def test_unread_is_counted_and_read_everywhere(server: Server) -> None:
    bob_name = name("bob")
    ada = await Client.sign_up(server.url, name("ada"), PASSWORD)
    bob = await Client.sign_up(server.url, bob_name, PASSWORD)
    phone = await Client.log_in(server.url, bob_name, PASSWORD)
    async with ada, bob, phone:
        here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
        for body in ("one", "two", "three"):
            await ada.send(here, body)
        assert await bodies(phone, 3) == await bodies(bob, 3)
        assert bob.view.unread(here) == phone.view.unread(here) == 3
        bob.read(here, 4)
        assert bob.view.unread(here) == 0
        async with asyncio.timeout(WITHIN_S):
            while phone.view.unread(here):
                await asyncio.sleep(0.01)


@pytest.mark.promise("L6")
async def test_a_device_that_was_away_holds_what_one_that_was_there_does(server: Server, tmp_path: Path) -> None:
    ada = await Client.sign_up(server.url, name("ada"), PASSWORD)
    bob_name = name("bob")
    bob = await Client.sign_up(server.url, bob_name, PASSWORD, store=tmp_path / "there.db")
    away = await Client.log_in(server.url, bob_name, PASSWORD, store=tmp_path / "away.db")
    async with ada, bob:
        made = await ada.create(ConversationKind.GROUP, [bob.user_id])
        here = made.conversation_id
        said = await ada.send(here, "words")
        async with away:  # it sees this much, then goes
            await held(away, here, said.seq)
        await ada.messages.edit(here, said.seq, "better words")
        await bob.messages.react(here, said.seq, "👍")
        await ada.messages.pin(here, said.seq)
        gone = await ada.send(here, "gone soon")
        await ada.messages.edit(here, gone.seq, "gone sooner")
        await ada.messages.delete(here, gone.seq)
        passed_on = await ada.messages.forward(here, (here, said.seq))
        poll = await ada.messages.start_poll(here, "which", ["one", "other"])
        await bob.messages.vote(here, poll.seq, [1])
        await ada.messages.unpin(here, said.seq)
        await ada.messages.react(here, said.seq, "❤️")
        await ada.messages.unreact(here, said.seq, "❤️")
        last = await ada.messages.close_poll(here, poll.seq)
        there = await held(bob, here, last.seq)
        away = await Client.resume(tmp_path / "away.db")
        async with away:
            assert await held(away, here, last.seq) == there
        by_seq = {entry.seq: entry for entry in there}
        message, other, asked = by_seq[said.seq], by_seq[passed_on.seq], by_seq[poll.seq]
        assert isinstance(message, MessageSent)
        assert (message.body, message.reactions, message.pinned_seq) == ("better words", (("👍", 1, True),), None)
        assert isinstance(other, MessageSent)
        assert other.forwarded is not None
        assert isinstance(asked, PollStarted)
        assert (asked.votes, asked.chosen, asked.closed_seq) == ((0, 1), (1,), last.seq)


async def held(client: Client, here: ConversationId, seq: int) -> list[Entry]:
    """Return what the device holds once it has this entry."""
    async with asyncio.timeout(WITHIN_S):
        async for entry in client.entries():
            if entry.conversation_id == here and entry.seq == seq:
                return await client.history(here)
    raise AssertionError("entries never end")
