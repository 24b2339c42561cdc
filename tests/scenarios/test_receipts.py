"""Read marks on a real database: one statement a window, monotonic, bounded by what there is to read."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from seriatim.core.errors import NotFound, Unavailable
from seriatim.core.ids import ConversationId, DeviceId, UserId, random_id
from seriatim.features.conversations import store
from seriatim.features.receipts import marks as receipts
from seriatim.features.receipts.marks import Marks
from seriatim.log.watermarks import Mark
from seriatim.protocol.answers import OwnRead
from seriatim.protocol.commands import Join, Leave, Read, SendMessage
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.protocol.own.commands import Received
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.statements import counted
from speaking import Speaking, speaking

GROUP, CHANNEL = ConversationKind.GROUP, ConversationKind.CHANNEL


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Speaking]:
    async with speaking(database) as world:
        yield world


async def counts(world: Speaking, sender: Sender, conversation_id: ConversationId) -> tuple[int, int]:
    async with world.database.read() as connection:
        row = await store.one_conversation(connection, sender.user_id, conversation_id)
    seen = store.conversation_of(row)
    return seen.read, seen.unread


@pytest.mark.promise("D5")
async def test_a_mark_moves_up_never_down_and_never_past_the_head(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    for _ in range(4):
        await world.do(SendMessage, ada, group, body="x")
    assert await counts(world, bob, group) == (0, 4)
    moves = []
    for seq in (3, 2, 5, 1, 900):
        await world.do(Read, bob, group, seq=seq)
        moves.append(await counts(world, bob, group))
    assert moves == [(3, 2), (3, 2), (5, 0), (5, 0), (5, 0)]


async def test_other_devices_are_told_the_mark_and_the_servers_count(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    for _ in range(3):
        await world.do(SendMessage, ada, group, body="x")
    await world.do(Read, bob, group, seq=3)
    user_id, device_id, own = world.told[-1]
    assert (user_id, device_id) == bob[:2]
    assert (own.conversation_id, own.seq, own.unread, own.mentions) == (group, 3, 1, 0)


@pytest.mark.promise("D5")
async def test_an_ex_member_reads_at_most_to_where_he_left(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    await world.do(SendMessage, ada, group, body="x")
    await world.do(Leave, bob, group)
    await world.do(SendMessage, ada, group, body="x")
    await world.do(Read, bob, group, seq=4)
    assert await counts(world, bob, group) == (3, 0)


async def test_who_was_never_a_member_has_no_mark(world: Speaking) -> None:
    ada, eve = await world.people(2)
    channel = await world.make(ada, CHANNEL, visibility=Visibility.PUBLIC)
    for conversation_id in (channel, await world.make(ada, GROUP), ConversationId(random_id())):
        with pytest.raises(NotFound):
            await world.do(Read, eve, conversation_id, seq=1)
    await world.do(Join, eve, channel)
    await world.do(Read, eve, channel, seq=1)


async def test_a_window_is_one_statement_and_its_furthest_mark_wins(world: Speaking) -> None:
    ada, *readers = await world.people(20)
    group = await world.make(ada, GROUP, *readers)
    for _ in range(9):
        await world.do(SendMessage, ada, group, body="x")
    other_device = Sender(readers[0].user_id, DeviceId(random_id()))
    with counted() as statements:
        async with asyncio.TaskGroup() as tasks:
            for place, reader in enumerate(readers):
                tasks.create_task(world.do(Read, reader, group, seq=1 + place % 10))
            tasks.create_task(world.do(Read, other_device, group, seq=8))
    assert sum(statements.values()) == 1
    assert await counts(world, readers[0], group) == (8, 2)
    told = [(device, own.seq) for user, device, own in world.told if user == readers[0].user_id]
    assert told == [(other_device.device_id, 8)]


async def test_a_window_that_fails_refuses_its_reads_and_the_next_one_works(world: Speaking) -> None:
    ada = await world.person()
    group = await world.make(ada, GROUP)
    nowhere = Database("host=/nonexistent dbname=none")
    marks = Marks(nowhere, lambda *_: None, untold, read_window_s=0.001)
    running = asyncio.get_running_loop().create_task(marks.run())
    try:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await marks.read(Read(id=1, conversation_id=group, seq=1), ada)
    finally:
        running.cancel()


def unheard(_user_id: UserId, _device_id: DeviceId, _own: OwnRead) -> None:
    pass


async def untold(_moved: Sequence[Mark]) -> None:
    pass


async def refused(marks: Marks) -> None:
    with pytest.raises(Unavailable):
        async with asyncio.timeout(5):
            await marks.read(Read(id=1, conversation_id=ConversationId(1), seq=1), Sender(UserId(1), DeviceId(1)))


async def test_nobody_waits_for_a_mark_when_the_server_stops(database: Database) -> None:
    marks = Marks(database, unheard, untold, read_window_s=60.0)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(marks.run())
        tasks.create_task(refused(marks))
        await asyncio.sleep(0)
        running.cancel()
    await refused(marks)


@pytest.mark.promise("D5")
async def test_what_is_received_and_read_in_a_window_is_one_statement_and_a_read_closes_it(database: Database) -> None:
    async with speaking(database) as world:
        ada, *others = await world.people(21)
        group = await world.make(ada, GROUP, *others)
        head = (await world.do(SendMessage, ada, group, body="x")).seq
        moved: list[Mark] = []

        async def told(marks: Sequence[Mark]) -> None:
            moved.extend(marks)

        marks = Marks(database, unheard, told, window_s=60.0, read_window_s=0.05)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(marks.run())
            with counted() as statements:
                for other in others:
                    for seq in (head, 1):
                        marks.received(Received(seqs={group: seq, ConversationId(random_id()): 9}), other.user_id)
                async with asyncio.timeout(5):
                    await marks.read(Read(id=1, conversation_id=group, seq=head), others[0])
            running.cancel()
        assert dict(statements) == {"-- move marks": 1}
        assert {mark.user_id: mark.delivered_seq for mark in moved} == {other.user_id: head for other in others}
        assert [mark.user_id for mark in moved if mark.read_moved] == [others[0].user_id]


async def test_what_was_received_is_written_when_the_database_is_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with speaking(database) as world:
        ada, bob = await world.people(2)
        group = await world.make(ada, GROUP, bob)
        moved = asyncio.Event()

        async def told(marks: Sequence[Mark]) -> None:
            assert [(mark.user_id, mark.delivered_seq) for mark in marks] == [(bob.user_id, 1)]
            moved.set()

        async def away(*_: object) -> list[Mark]:
            monkeypatch.undo()
            raise Unavailable("away")

        monkeypatch.setattr(receipts, "move_marks", away)
        marks = Marks(database, unheard, told, window_s=0.01)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(marks.run())
            marks.received(Received(seqs={group: 1}), bob.user_id)
            async with asyncio.timeout(5):
                await moved.wait()
            running.cancel()
