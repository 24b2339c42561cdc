"""What statements over many rows read: PostgreSQL knows no sizes of arrays, and must not compare each row with each."""

from typing import Any

import msgspec

from scenarios.log_world import open_room
from seriatim.log.threads.reads import MOVE_READ as MOVE_THREAD_READ
from seriatim.log.watermarks import MOVE_MARKS
from seriatim.storage.postgres.database import Database

MEMBERS = 400


def rows_read(node: dict[str, Any]) -> float:
    """Return how many rows the nodes of a plan gave or threw away."""
    removed = sum(number for name, number in node.items() if name.startswith("Rows Removed by"))
    own = node["Actual Loops"] * (node["Actual Rows"] + removed)
    return own + sum(rows_read(child) for child in node.get("Plans", ()))


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
