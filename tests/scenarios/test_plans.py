"""What statements over many rows read: PostgreSQL knows no sizes of arrays, and must not compare each row with each."""

from typing import Any

import msgspec

from scenarios.log_world import open_room
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
