"""What statements over many rows read: PostgreSQL knows no sizes of arrays, and must not compare each row with each."""

from typing import Any

import msgspec

from scenarios.log_world import open_room
from seriatim.core.ids import random_id
from seriatim.features.conversations.store import CHANNELS_PAGE
from seriatim.log.own.counts import mentioned
from seriatim.log.threads.reads import MOVE_READ as MOVE_THREAD_READ
from seriatim.log.watermarks import MOVE_MARKS
from seriatim.storage.postgres.database import Database

MEMBERS = 400
CHANNELS = 4_000
TO_EVERYBODY = 2_000


def rows_read(node: dict[str, Any]) -> float:
    """Return how many rows the nodes of a plan gave or threw away."""
    removed = sum(number for name, number in node.items() if name.startswith("Rows Removed by"))
    own = node["Actual Loops"] * (node["Actual Rows"] + removed)
    return own + sum(rows_read(child) for child in node.get("Plans", ()))


def indexes(node: dict[str, Any]) -> set[str]:
    """Return the indexes that a plan reads by."""
    here = {node["Index Name"]} if "Index Name" in node else set[str]()
    return here.union(*(indexes(child) for child in node.get("Plans", ())))


async def test_a_page_of_channels_reads_one_index_as_far_as_the_page_goes(database: Database) -> None:
    asked = {"user_id": random_id(), "name": "", "word": "", "title": "", "conversation_id": 0, "limit": 50}
    async with database.transaction() as connection, connection.transaction(force_rollback=True):
        await connection.execute(
            "insert into conversations (id, kind, visibility, title)"
            " select %(first)s + n, 'channel', (array['public', 'listed', 'private'])[1 + n %% 3],"
            " md5(n::text) from generate_series(1, %(count)s) n",
            {"first": random_id() // 2, "count": CHANNELS},
        )
        await connection.execute("analyze conversations")
        cursor = await connection.execute(f"explain (analyze, format json) {CHANNELS_PAGE}", asked)
        row: Any = await cursor.fetchone()
        kept = await connection.execute(
            "select indexname from pg_indexes where tablename = 'conversations' and indexdef like '%lower(title)%'"
        )
        assert [name for (name,) in await kept.fetchall()] == ["found_channels"], "nothing else would read by another"
    plan = msgspec.convert(row[0], list[dict[str, Any]])[0]["Plan"]
    assert "found_channels" in indexes(plan)
    assert rows_read(plan) < CHANNELS / 4


async def test_reads_of_many_members_at_once_cost_what_their_number_costs(database: Database) -> None:
    room = await open_room(database, MEMBERS)
    rooms, members, seqs = [room.conversation_id] * MEMBERS, [member.user_id for member in room.members], [1] * MEMBERS
    marks = {"read_ids": rooms, "readers": members, "reads": seqs, "most": 50}
    marks |= {"delivered_ids": rooms, "receivers": members, "delivered": seqs}
    async with database.transaction() as connection:
        cursor = await connection.execute(f"explain (analyze, format json) {MOVE_MARKS}", marks)
        row: Any = await cursor.fetchone()
    plan = msgspec.convert(row[0], list[dict[str, Any]])[0]["Plan"]
    assert rows_read(plan) < MEMBERS * MEMBERS / 4


async def test_reads_of_a_thread_by_many_at_once_cost_what_their_number_costs(database: Database) -> None:
    room = await open_room(database, MEMBERS)
    members = [member.user_id for member in room.members]
    named = {"id": room.conversation_id, "members": members}
    marks = {
        "conversation_ids": [room.conversation_id] * MEMBERS,
        "thread_seqs": [1] * MEMBERS,
        "user_ids": members,
        "seqs": [1] * MEMBERS,
    }
    async with database.transaction() as connection:
        await connection.execute(
            "insert into threads (conversation_id, thread_seq, last_ordinal, reply_count, last_seq, last_at)"
            " values (%(id)s, 1, 1, 1, 2, now())",
            named,
        )
        await connection.execute(
            "insert into thread_reads (conversation_id, thread_seq, user_id, read_seq, read_ordinal)"
            " select %(id)s, 1, unnest(%(members)s::bigint[]), 0, 0",
            named,
        )
        cursor = await connection.execute(f"explain (analyze, format json) {MOVE_THREAD_READ}", marks)
        row: Any = await cursor.fetchone()
    plan = msgspec.convert(row[0], list[dict[str, Any]])[0]["Plan"]
    assert rows_read(plan) < MEMBERS * MEMBERS / 4


async def test_mentions_of_everybody_that_one_has_read_cost_nothing_though_they_stay(database: Database) -> None:
    room = await open_room(database)
    asked = {"id": room.conversation_id, "user_id": room.members[1].user_id, "count": TO_EVERYBODY}
    async with database.transaction() as connection, connection.transaction(force_rollback=True):
        await connection.execute(
            "insert into mentions (conversation_id, user_id, thread_seq, seq)"
            " select %(id)s, 0, 0, n from generate_series(1, %(count)s) n",
            asked,
        )
        await connection.execute("analyze mentions")
        counted = mentioned("%(id)s", "%(user_id)s", "%(count)s - 3")
        cursor = await connection.execute(f"explain (analyze, format json) select {counted}", asked)
        row: Any = await cursor.fetchone()
    plan = msgspec.convert(row[0], list[dict[str, Any]])[0]["Plan"]
    assert rows_read(plan) < 20
