"""Append on a real PostgreSQL: racing processes, retries, refusals, crashes, and commits that are none."""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from conftest import NothingGiven
from scenarios.log_world import (
    Ear,
    Room,
    add,
    append_backend_waits,
    appending,
    cancelled_a_wait_for_the_standby,
    healthy,
    open_room,
    remove,
    rename,
    rows_of,
    send_together,
    signal_append_backend,
    somebody,
    until,
)
from seriatim.core.errors import BadRequest, ChatError, Forbidden, KeyReused, NotFound, Unavailable
from seriatim.core.ids import ConversationId
from seriatim.core.trace import Hop, Trace
from seriatim.log.append import Appender
from seriatim.log.draft import Draft, Stored
from seriatim.log.lane import lane
from seriatim.log.watermarks import move_marks
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.storage.postgres.database import Connection, Database
from seriatim.storage.postgres.finder import find
from seriatim.storage.postgres.migrate import migrate
from seriatim.storage.postgres.server import EmbeddedServer

RACERS, RACE_BATCHES, RACE_KEYS, RACE_ROOMS = 4, 120, 8_000, 10


@pytest.fixture
async def own_server() -> AsyncIterator[EmbeddedServer]:
    """Return a server that may be killed and misconfigured."""
    with tempfile.TemporaryDirectory(prefix="seriatim-append-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder), find(NothingGiven()))
        yield server
        await server.stop()


def seqs(outcomes: list[Stored | ChatError]) -> list[int]:
    return [outcome.entry.seq for outcome in outcomes if isinstance(outcome, Stored)]


async def test_a_batch_is_numbered_in_the_order_it_was_submitted(postgres_dsn: str, database: Database) -> None:
    room, other = await open_room(database), await open_room(database)
    async with appending(postgres_dsn) as appender:
        outcomes = await send_together(
            appender, [room.draft(0, "a"), other.draft(1, "b"), room.draft(1, "c", target_seq=1)]
        )
    first, second, third = (outcome for outcome in outcomes if isinstance(outcome, Stored))
    assert [first.entry.seq, second.entry.seq, third.entry.seq] == [2, 2, 3]
    assert isinstance(third.entry, MessageSent)
    assert (third.entry.body, third.entry.target_seq, third.entry.ordinal) == ("c", 1, 2)
    assert (third.roster_version, third.duplicate) == (1, False)


async def test_each_message_is_told_to_the_publisher_before_its_waiter_hears(
    postgres_dsn: str, database: Database
) -> None:
    room = await open_room(database)
    told: list[int] = []
    order: list[str] = []

    def committed(stored: list[Stored]) -> None:
        told.extend(one.entry.seq for one in stored)
        order.append("committed")

    class Listening(Ear):
        def stored(self, stored: Stored) -> None:
            order.append("stored")
            super().stored(stored)

    async with appending(postgres_dsn, committed) as appender:
        ears = [Listening() for _ in range(3)]
        for ear in ears:
            appender.submit(room.draft(), ear)
        await appender.drain()
        assert all(ear.heard.done() for ear in ears)
    assert told == [2, 3, 4]
    assert order == ["committed", "stored", "stored", "stored"]


@pytest.mark.promise("L2")
async def test_four_racing_gateways_agree_on_every_key(postgres_dsn: str, database: Database) -> None:
    rooms = [await open_room(database) for _ in range(RACE_ROOMS)]
    keys = [
        (room.conversation_id, *room.members[n % 2][:2], uuid4())
        for n in range(RACE_KEYS)
        for room in [rooms[n % len(rooms)]]
    ]
    racers = [await racer(postgres_dsn, seed) for seed in range(RACERS)]
    line = json.dumps([[c, u, d, str(k)] for c, u, d, k in keys]).encode() + b"\n"
    async with asyncio.timeout(120):
        for one in racers:
            assert one.stdin is not None
            assert one.stdout is not None
            one.stdin.write(line)
            assert await one.stdout.readline() == b"ready\n"
        async with asyncio.TaskGroup() as tasks:
            talks = [tasks.create_task(one.communicate(b"go\n")) for one in racers]
    acks = [json.loads(line) for talk in talks for line in talk.result()[0].splitlines()]
    assert all(one.returncode == 0 for one in racers)

    rows: dict[UUID, tuple[int, str]] = {}
    async with database.read() as connection:
        for room in rooms:
            cursor = await connection.execute(
                "select seq, client_id, created_at from entries where conversation_id = %(id)s order by seq",
                {"id": room.conversation_id},
            )
            found = await cursor.fetchall()
            assert [row[0] for row in found] == list(range(1, len(found) + 1)), "a gap or a double seq"
            assert (await head_of(connection, room.conversation_id)) == (len(found), len(found) - 1)
            rows.update({row[1]: (row[0], row[2].isoformat()) for row in found[1:]})
    inconsistent = [ack for ack in acks if rows.get(UUID(ack[0])) != (ack[1], ack[2])]
    assert not inconsistent
    assert len(acks) > 2 * len(rows)
    assert sum(not ack[3] for ack in acks) == len(rows), "each key is stored once and a duplicate ever after"


async def racer(dsn: str, seed: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("append_racer.py")),
        dsn,
        str(seed),
        str(RACE_BATCHES),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


async def head_of(connection: Connection, conversation_id: int) -> tuple[int, int]:
    cursor = await connection.execute(
        "select last_seq, last_ordinal from conversations where id = %(id)s", {"id": conversation_id}
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.promise("L2")
async def test_a_retry_gets_the_stored_entry_with_its_time(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    draft = room.draft(0, "once", target_seq=1)
    async with appending(postgres_dsn) as appender:
        first = await appender.append(draft)
        await appender.append(room.draft(1, "between"))
        again = await appender.append(draft)
        together = await send_together(appender, [room.draft(1, "new"), draft, draft, room.draft(0, "newer")])
    assert again.duplicate
    assert again.entry == first.entry
    assert [isinstance(one, Stored) and one.duplicate for one in together] == [False, True, True, False]
    assert seqs(together) == [4, 2, 2, 5]


@pytest.mark.promise("L2")
async def test_key_reused_with_another_body_or_target_is_refused_and_stores_nothing(
    postgres_dsn: str, database: Database
) -> None:
    room = await open_room(database)
    key = uuid4()
    async with appending(postgres_dsn) as appender:
        await appender.append(room.draft(0, "one", client_id=key))
        for reused in (
            room.draft(0, "two", client_id=key),
            room.draft(0, "one", client_id=key, target_seq=1),
        ):
            with pytest.raises(KeyReused):
                await appender.append(reused)
        within = uuid4()
        outcomes = await send_together(
            appender,
            [
                room.draft(0, "first", client_id=within),
                room.draft(0, "other", client_id=within),
                room.draft(0, "first", client_id=within),
                room.draft(0, "after"),
            ],
        )
        # The key is the device's: another device may use the same one.
        assert (await appender.append(room.draft(1, "mine", client_id=key))).entry.seq == 5
    assert [type(outcome) for outcome in outcomes] == [Stored, KeyReused, Stored, Stored]
    assert seqs(outcomes) == [3, 3, 4]
    async with database.read() as connection:
        assert [row[2] for row in await rows_of(connection, room.conversation_id)] == [
            None, "one", "first", "after", "mine",
        ]  # fmt: skip


@pytest.mark.promise("L2")
async def test_a_key_of_another_kind_of_entry_is_refused(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    key = uuid4()
    async with database.transaction() as connection:
        first = await rename(connection, room, "a name", client_id=key)
    async with database.transaction() as connection:
        again = await rename(connection, room, "a name", client_id=key)
        assert (again.entry, again.duplicate) == (first.entry, True)
        with pytest.raises(KeyReused):
            await rename(connection, room, "other", client_id=key)
    async with appending(postgres_dsn) as appender:
        with pytest.raises(KeyReused):
            await appender.append(room.draft(0, "hi", client_id=key))


async def test_an_outsider_hears_what_he_would_hear_if_it_did_not_exist(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    nowhere = room._replace(conversation_id=ConversationId(room.conversation_id ^ 1))
    async with appending(postgres_dsn) as appender:
        hidden, missing, own = await send_together(
            appender, [room.draft(somebody()), nowhere.draft(somebody()), room.draft(0, "fine")]
        )
    assert isinstance(hidden, NotFound)
    assert isinstance(missing, NotFound)
    assert (hidden.message, hidden.path) == (missing.message, missing.path)
    assert isinstance(own, Stored)


async def test_outsiders_of_a_public_channel_may_read_but_not_send(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database, kind=ConversationKind.CHANNEL, visibility=Visibility.PUBLIC)
    async with appending(postgres_dsn) as appender:
        with pytest.raises(Forbidden):
            await appender.append(room.draft(somebody()))


@pytest.mark.promise("L2")
async def test_retry_after_removal_finds_the_stored_entry(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    draft = room.draft(1, "my last words")
    async with appending(postgres_dsn) as appender:
        first = await appender.append(draft)
        async with database.transaction() as connection:
            await remove(connection, room, room.members[1])
        again = await appender.append(draft)
        assert (again.entry, again.duplicate) == (first.entry, True)
        with pytest.raises(KeyReused):
            await appender.append(draft._replace(body="other words"))
        with pytest.raises(Forbidden):
            await appender.append(room.draft(1, "one more"))


@pytest.mark.promise("I1")
async def test_who_is_removed_while_his_message_waits_for_the_lock_sends_nothing(
    postgres_dsn: str, database: Database
) -> None:
    room = await open_room(database)
    async with appending(postgres_dsn) as appender:
        await appender.append(room.draft(1))
        ear = Ear()
        async with database.read() as looking:
            async with database.transaction() as connection:
                await remove(connection, room, room.members[1])
                appender.submit(room.draft(1, "too late"), ear)
                await until(lambda: append_backend_waits(looking, "Lock"))
            assert isinstance(await ear.heard, Forbidden)
            assert [row[2] for row in await rows_of(looking, room.conversation_id)] == [None, "hi", None]


async def test_a_quote_of_what_does_not_exist_is_refused(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    async with appending(postgres_dsn) as appender:
        # Its own batch makes seq 2: the second may quote it, as if it had come later; nobody may quote seq 9.
        outcomes = await send_together(
            appender, [room.draft(0, "a", target_seq=9), room.draft(0, "b"), room.draft(1, "c", target_seq=2)]
        )
    refused = outcomes[0]
    assert isinstance(refused, BadRequest)
    assert refused.path == "$.target_seq"
    assert seqs(outcomes) == [2, 3]


@pytest.mark.promise("L7")
async def test_a_poisoned_message_fails_alone(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    drafts = [room.draft(n % 2, f"message {n}") for n in range(20)]
    drafts[7] = room.draft(0, "a NUL \x00 in PostgreSQL's way")
    drafts[13] = room.draft(0, "half a pair \ud800 that is no text")
    async with appending(postgres_dsn) as appender:
        outcomes = await send_together(appender, drafts)
    assert [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Stored)] == [7, 13]
    assert all(isinstance(outcomes[n], BadRequest) for n in (7, 13))
    assert seqs(outcomes) == list(range(2, 20))


@pytest.mark.promise("L5")
async def test_abort_before_commit_is_silent(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    told: list[Stored] = []
    draft = room.draft(0, "not yet")
    async with appending(postgres_dsn, told.extend) as appender, database.read() as looking:
        await appender.append(room.draft(1, "before"))
        ear = Ear()
        async with database.transaction() as connection:
            await rename(connection, room)
            appender.submit(draft, ear)
            await until(lambda: append_backend_waits(looking, "Lock"))
            await signal_append_backend(postgres_dsn, "pg_terminate_backend")
            assert isinstance(await ear.heard, Unavailable)
        assert [one.entry.seq for one in told] == [2]
        assert draft.client_id not in [row[1] for row in await rows_of(looking, room.conversation_id)]

        stored = await append_with_patience(appender, draft)
        assert (stored.entry.seq, stored.duplicate) == (4, False)


@pytest.mark.promise("L1")
async def test_unreplicated_commit_is_not_acked(own_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = await own_server.start()
    migrate(dsn)
    database = Database(dsn)
    await database.open()
    room = await open_room(database)
    told: list[Stored] = []
    async with appending(dsn, told.extend) as appender, database.read() as looking:
        stored = room.draft(0, "before the standby is gone")
        await appender.append(stored)
        for setting in ("alter system set synchronous_standby_names = 'gone'", "select pg_reload_conf()"):
            await looking.execute(setting)

        # A large answer leaves PostgreSQL before its COMMIT, and a cancelled wait for the standby ends in a COMMIT
        # with a warning: neither is an ack. A duplicate's answer waits like any other.
        for drafts in ([room.draft(0, f"message {n}") for n in range(1_000)], [stored]):
            ears = [Ear() for _ in drafts]
            await until(lambda: healthy(appender))
            for draft, ear in zip(drafts, ears, strict=True):
                appender.submit(draft, ear)
            await until(lambda: append_backend_waits(looking, "IPC"))
            assert not any(ear.heard.done() for ear in ears)
            await signal_append_backend(dsn, "pg_cancel_backend")
            assert all([isinstance(await ear.heard, Unavailable) for ear in ears])

        # The low-rate commands end in a transaction of their own, which keeps the same promise.
        async def change() -> None:
            with pytest.raises(Unavailable):
                async with database.transaction() as connection:
                    await rename(connection, room)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(change())
            await until(lambda: cancelled_a_wait_for_the_standby(looking))

        # Nor is one that takes too long.
        monkeypatch.setattr(lane, "ANSWER_WITHIN_S", 0.2)
        await until(lambda: healthy(appender))
        with pytest.raises(Unavailable):
            await appender.append(room.draft(1, "too slow"))
        assert len(told) == 1

        for setting in ("alter system reset synchronous_standby_names", "select pg_reload_conf()"):
            await looking.execute(setting)
        monkeypatch.undo()
        again = await append_with_patience(appender, stored)
        assert (again.entry.seq, again.duplicate) == (2, True)
    await database.close()


@pytest.mark.promise("L1")
@pytest.mark.promise("L3")
async def test_every_acked_message_survives_a_kill_of_postgres(own_server: EmbeddedServer) -> None:
    dsn = await own_server.start()
    migrate(dsn)
    database = Database(dsn)
    await database.open()
    room = await open_room(database, members=8)
    acked: dict[UUID, int] = {}
    refusals: list[Unavailable] = []
    killed = asyncio.Event()

    async def talk(appender: Appender, who: int) -> None:
        while not killed.is_set() or len(acked) < 2_000:
            draft = room.draft(who, "does it last")
            while draft.client_id not in acked:
                try:
                    acked[draft.client_id] = (await appender.append(draft)).entry.seq
                except Unavailable as error:
                    refusals.append(error)
                    await asyncio.sleep(0.05)

    async with appending(dsn) as appender, asyncio.TaskGroup() as tasks, asyncio.timeout(60):
        watching = tasks.create_task(own_server.watch())
        talks = [tasks.create_task(talk(appender, who)) for who in range(8)]
        await until(lambda: more_than(acked, 500))
        assert own_server.pid is not None
        os.kill(own_server.pid, signal.SIGKILL)
        await until(lambda: more_than(refusals, 0))
        killed.set()
        await asyncio.wait(talks)
        watching.cancel()
    async with database.read() as connection:
        rows = await rows_of(connection, room.conversation_id)
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert {row[1]: row[0] for row in rows[1:]} == acked
    await database.close()


async def more_than(things: dict[UUID, int] | list[Unavailable], count: int) -> bool:
    return len(things) > count


async def append_with_patience(appender: Appender, draft: Draft) -> Stored:
    """Send it until its outcome is known, as clients do."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await appender.append(draft)
            except Unavailable:
                await asyncio.sleep(0.02)


async def test_a_full_queue_refuses_at_once(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    appender = Appender(postgres_dsn, lambda _: None, queue=2)
    ears = [Ear() for _ in range(3)]
    for ear in ears:
        appender.submit(room.draft(), ear)
    assert [ear.heard.done() for ear in ears] == [False, False, True]
    assert isinstance(ears[2].heard.result(), Unavailable)


async def test_when_the_database_cannot_be_reached_what_waits_is_refused(tmp_path: Path) -> None:
    async with appending(f"postgresql://nobody@/none?host={tmp_path}") as appender:
        with pytest.raises(Unavailable):
            await appender.append(Room(ConversationId(1), [somebody()]).draft())
        assert not appender.healthy


async def test_a_traced_message_names_its_hops_and_costs(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    trace = Trace(0)
    async with appending(postgres_dsn) as appender:
        await appender.append(room.draft()._replace(trace=trace))
    queued, committed = trace.hops[-2:]
    assert (queued.hop, queued.network) == (Hop.QUEUE, 1)
    assert (committed.hop, committed.network, committed.statements, committed.commits) == (Hop.COMMIT, 1, 1, 1)


async def test_a_newcomer_may_send_and_his_watermark_moves_with_his_message(
    postgres_dsn: str, database: Database
) -> None:
    room, newcomer = await open_room(database), somebody()
    async with database.transaction() as connection:
        added = await add(connection, room, newcomer)
    async with appending(postgres_dsn) as appender:
        stored = await appender.append(room.draft(newcomer))
    assert stored.roster_version == added.roster_version == 2
    async with database.read() as connection:
        cursor = await connection.execute(
            "select read_seq, read_ordinal from members where conversation_id = %(c)s and user_id = %(u)s",
            {"c": room.conversation_id, "u": newcomer.user_id},
        )
        assert await cursor.fetchone() == (stored.entry.seq, 1)


async def test_sending_and_reading_at_the_same_time_do_not_deadlock(postgres_dsn: str, database: Database) -> None:
    rooms = [await open_room(database) for _ in range(40)]
    rounds = 60

    async def send() -> None:
        for _ in range(rounds):
            outcomes = await send_together(appender, [room.draft(0) for room in random.sample(rooms, len(rooms))])
            assert all(isinstance(outcome, Stored) for outcome in outcomes)

    async def read() -> None:
        for seq in range(2, rounds + 2):
            shuffled = random.sample(rooms, len(rooms))
            marks = [(room.conversation_id, who.user_id, seq) for room in shuffled for who in room.members]
            async with database.transaction() as connection:
                await move_marks(connection, marks)

    async with appending(postgres_dsn) as appender, asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        tasks.create_task(read())
        tasks.create_task(read())
