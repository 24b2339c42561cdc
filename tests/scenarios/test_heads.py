"""Heads: all of a user's, what moved since a token however late it was committed, in pages, and what is unread."""

import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
import pytest

from scenarios.log_world import Room, add, appending, open_room, remove, rename, send_together, somebody
from seriatim.core.ids import ConversationId, UserId
from seriatim.log import roster
from seriatim.log.heads import HeadsAnswer, HeadsAsk, head_rows, heads, heads_page
from seriatim.log.watermarks import move_marks
from seriatim.protocol.answers import FLAG_LEFT, HeadRow
from seriatim.protocol.fields import Role
from seriatim.storage.postgres.database import Connection, Database
from seriatim.storage.postgres.statements import counted

WRITERS, ROUNDS = 8, 40


async def ask(database: Database, user_id: UserId, token: str | None = None) -> HeadsAnswer:
    async with database.read() as connection:
        return (await heads(connection, [HeadsAsk(user_id, token)]))[0]


async def share(database: Database, room: Room, user_id: UserId) -> None:
    """Make the user a member of the room without a word in its log."""
    async with database.transaction() as connection:
        conversation = await roster.lock(connection, room.conversation_id)
        await roster.add_members(connection, conversation, [user_id], Role.MEMBER)


@asynccontextmanager
async def slow_writer(dsn: str) -> AsyncGenerator[Connection]:
    """Lend a connection whose transaction ends when the test says so."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        yield connection


def by_id(rows: list[HeadRow]) -> dict[ConversationId, HeadRow]:
    return {row.conversation_id: row for row in rows}


@pytest.mark.promise("D3")
async def test_slow_commits_leave_no_stale_head(postgres_dsn: str, database: Database) -> None:
    dice = random.Random(5)
    reader = somebody().user_id
    rooms = [await open_room(database, members=1) for _ in range(30)]
    for room in rooms:
        await share(database, room, reader)
    held: dict[ConversationId, int] = {}
    token: str | None = None
    async with AsyncExitStack() as stack:
        writers = [await stack.enter_async_context(slow_writer(postgres_dsn)) for _ in range(WRITERS)]
        busy: dict[int, Room] = {}
        for _ in range(ROUNDS):
            # Begin somewhere, commit somewhere else, read in between: commits come in another order than their xids.
            free = [n for n in range(WRITERS) if n not in busy]
            if free and (dice.random() < 0.6 or not busy):
                room = dice.choice([one for one in rooms if one not in busy.values()])
                await rename(writers[free[0]], room)
                busy[free[0]] = room
            else:
                done = dice.choice(list(busy))
                await writers[done].commit()
                del busy[done]
            answer = await ask(database, reader, token)
            held.update({row.conversation_id: row.head for row in answer.rows})
            token = answer.token
        for done in busy:
            await writers[done].commit()
    answer = await ask(database, reader, token)
    held.update({row.conversation_id: row.head for row in answer.rows})
    async with database.read() as connection:
        cursor = await connection.execute(
            "select id, last_seq from conversations where id = any(%(ids)s)",
            {"ids": [room.conversation_id for room in rooms]},
        )
        truth = {row[0]: row[1] for row in await cursor.fetchall()}
    assert {key: held.get(key) for key in truth} == truth
    assert sum(seq > 1 for seq in truth.values()) > 5, "the test moved hardly anything"


@pytest.mark.promise("D3")
async def test_one_late_commit_is_told_with_the_next_token(postgres_dsn: str, database: Database) -> None:
    slow, quick = await open_room(database), await open_room(database)
    reader = quick.members[0].user_id
    await share(database, slow, reader)
    async with slow_writer(postgres_dsn) as writer:
        await rename(writer, slow)
        async with database.transaction() as connection:
            await rename(connection, quick)
        before = await ask(database, reader)
        assert by_id(before.rows)[slow.conversation_id].head == 1
        await writer.commit()
    after = await ask(database, reader, before.token)
    assert by_id(after.rows)[slow.conversation_id].head == 2


@pytest.mark.promise("D3")
async def test_only_what_moved_is_told_and_a_false_token_tells_everything(
    postgres_dsn: str, database: Database
) -> None:
    room, still = await open_room(database), await open_room(database)
    reader = room.members[0].user_id
    await share(database, still, reader)
    token = (await ask(database, reader)).token
    # Transactions of others hold the xmin back: what moved just before is told again.
    async with appending(postgres_dsn) as appender:
        await appender.append(room.draft(1))
        moved = by_id((await ask(database, reader, token)).rows)
        assert moved[room.conversation_id] == HeadRow(room.conversation_id, 2, 0, 0, 1, 0, 0)
        assert still.conversation_id not in moved
    for false in ("", "x", "-1", "1e3", "0", "9" * 18, "9" * 30, "٣"):
        assert len((await ask(database, reader, false)).rows) == 2, false


async def test_heads_come_in_pages_the_newest_first(postgres_dsn: str, database: Database) -> None:
    reader = somebody()
    rooms = [await open_room(database, members=1) for _ in range(7)]
    async with appending(postgres_dsn) as appender:
        for room in rooms:
            await share(database, room, reader.user_id)
            await appender.append(room.draft(0))
    async with database.read() as connection:
        (answer,) = await heads(connection, [HeadsAsk(reader.user_id, None)], limit=3)
        first = answer
        found = list(answer.rows)
        sizes = [len(answer.rows)]
        while answer.more:
            answer = await heads_page(connection, reader.user_id, None, answer, limit=3)
            found += answer.rows
            sizes.append(len(answer.rows))
    assert sizes == [3, 3, 1]
    assert answer.token == first.token
    assert [row.conversation_id for row in found] == [room.conversation_id for room in reversed(rooms)]


async def test_many_users_are_answered_by_one_statement_in_their_order(database: Database) -> None:
    rooms = [await open_room(database) for _ in range(3)]
    nobody = somebody().user_id
    users = [rooms[2].members[1].user_id, nobody, rooms[0].members[0].user_id, rooms[1].members[0].user_id]
    for count in (1, 4):
        async with database.read() as connection:
            with counted() as statements:
                answers = await heads(connection, [HeadsAsk(user, None) for user in users[:count]])
        assert dict(statements) == {"-- heads": 1}
    expected = [[rooms[2].conversation_id], [], [rooms[0].conversation_id], [rooms[1].conversation_id]]
    assert [[row.conversation_id for row in answer.rows] for answer in answers] == expected
    assert all(answer.token.isdigit() and int(answer.token) > 0 for answer in answers)


async def test_own_reading_on_another_device_is_told(database: Database, postgres_dsn: str) -> None:
    room = await open_room(database)
    reader = room.members[0].user_id
    async with appending(postgres_dsn) as appender:
        await send_together(appender, [room.draft(1) for _ in range(3)])
    token = (await ask(database, reader)).token
    async with database.transaction() as connection:
        (mark,) = await move_marks(connection, [(room.conversation_id, reader, 3)])
    assert (mark.read_seq, mark.unread) == (3, 1)
    answer = await ask(database, reader, token)
    assert answer.rows == [HeadRow(room.conversation_id, 4, 3, 3, 1, 0, 0)]


@pytest.mark.promise("I1")
async def test_an_ex_member_sees_the_head_at_which_he_left_and_nothing_after(
    postgres_dsn: str, database: Database
) -> None:
    room = await open_room(database)
    gone = room.members[1].user_id
    token = (await ask(database, gone)).token
    async with database.transaction() as connection:
        left = await remove(connection, room, room.members[1])
    answer = await ask(database, gone, token)
    assert [(row.head, row.unread, row.flags) for row in answer.rows] == [(left.entry.seq, 0, FLAG_LEFT)]
    async with appending(postgres_dsn) as appender:
        await appender.append(room.draft(0, "about him"))
    assert (await ask(database, gone, answer.token)).rows == []
    assert [row.head for row in (await ask(database, gone)).rows] == [left.entry.seq]


async def test_head_rows_tells_those_asked_for_that_are_the_users(database: Database) -> None:
    room, other = await open_room(database), await open_room(database)
    async with database.read() as connection:
        rows = await head_rows(connection, room.members[0].user_id, [room.conversation_id, other.conversation_id])
    assert rows == [HeadRow(room.conversation_id, 1, 0, 0, 0, 0, 0)]


@pytest.mark.promise("D5")
async def test_a_watermark_never_falls_and_never_passes_the_head(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    reader = room.members[0].user_id
    async with appending(postgres_dsn) as appender:
        await send_together(appender, [room.draft(1) for _ in range(4)])
    stood: list[tuple[int, int]] = []
    for seq in (3, 2, 99, 1):
        async with database.transaction() as connection:
            (mark,) = await move_marks(connection, [(room.conversation_id, reader, seq)])
            stood.append((mark.read_seq, mark.unread))
    assert stood == [(3, 2), (3, 2), (5, 0), (5, 0)]


@pytest.mark.promise("D5")
async def test_marks_of_many_are_written_by_one_statement_and_strangers_are_left_out(
    postgres_dsn: str, database: Database
) -> None:
    room, other = await open_room(database), await open_room(database)
    gone = other.members[1]
    async with appending(postgres_dsn) as appender:
        await send_together(appender, [room.draft(1), room.draft(1), other.draft(0)])
        async with database.transaction() as connection:
            left = await remove(connection, other, gone)
        await appender.append(other.draft(0))
    async with database.transaction() as connection:
        with counted() as statements:
            marks = await move_marks(
                connection,
                [
                    (other.conversation_id, gone.user_id, 99),
                    (room.conversation_id, room.members[0].user_id, 2),
                    (room.conversation_id, room.members[0].user_id, 3),
                    (room.conversation_id, somebody().user_id, 3),
                    (ConversationId(room.conversation_id ^ 1), room.members[0].user_id, 3),
                ],
            )
    assert dict(statements) == {"-- move marks": 1}
    assert {(mark.conversation_id, mark.read_seq, mark.unread) for mark in marks} == {
        (other.conversation_id, left.entry.seq, 0),
        (room.conversation_id, 3, 0),
    }


async def test_a_newcomer_starts_with_nothing_unread(postgres_dsn: str, database: Database) -> None:
    room, newcomer = await open_room(database), somebody()
    async with appending(postgres_dsn) as appender:
        await send_together(appender, [room.draft(1) for _ in range(3)])
        async with database.transaction() as connection:
            await add(connection, room, newcomer)
        (row,) = (await ask(database, newcomer.user_id)).rows
        assert (row.head, row.read, row.unread) == (5, 4, 0)
        await appender.append(room.draft(0))
    (row,) = (await ask(database, newcomer.user_id)).rows
    assert (row.head, row.unread) == (6, 1)
