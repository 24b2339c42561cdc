"""Any split of a list of messages into batches ends as if they had been sent one by one."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties.log_runner import LogRunner, running
from scenarios.log_world import Outcome, Room, add, open_room, remove, rows_of, send_together, somebody
from seriatim.core.errors import ChatError
from seriatim.log.draft import Draft
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.sender import Sender

OWNER, MEMBER, EX_MEMBER, OUTSIDER = range(4)
KEPT_KEY = 4
"""A key that the ex-member used while he was a member."""


class Wish(NamedTuple):
    """A message of one of two rooms; few keys and bodies, so that they meet."""

    room: int
    who: int
    key: int
    body: str
    target_seq: int | None


wishes = st.builds(
    Wish,
    room=st.integers(0, 1),
    who=st.sampled_from([*[OWNER] * 4, *[MEMBER] * 2, EX_MEMBER, OUTSIDER]),
    key=st.integers(0, KEPT_KEY),
    # A poisoned body splits its batch, so it must be rare for the others to meet in one.
    body=st.sampled_from([*["a"] * 20, *["b"] * 6, "\x00", "\ud800"]),
    target_seq=st.sampled_from([None, None, None, 1, 4, 5, 6, 7, 99]),
)
plans = st.lists(st.tuples(wishes, st.sampled_from([False, False, False, True])), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def log(postgres_dsn: str) -> Iterator[LogRunner]:
    with running(postgres_dsn) as runner:
        yield runner


class World(NamedTuple):
    """Two rooms in the same state as those of every other world."""

    rooms: list[Room]
    people: list[Sender]

    def draft(self, wish: Wish) -> Draft:
        return self.rooms[wish.room].draft(
            self.people[wish.who], wish.body, client_id=UUID(int=wish.key), target_seq=wish.target_seq
        )


async def a_world(log: LogRunner) -> World:
    rooms = [await open_room(log.database) for _ in range(2)]
    people = [*rooms[0].members, somebody(), somebody()]
    for room in rooms:
        async with log.database.transaction() as connection:
            if room is rooms[1]:
                await add(connection, room, people[OWNER])
                await add(connection, room, people[MEMBER])
            await add(connection, room, people[EX_MEMBER])
        await log.appender.append(room.draft(people[EX_MEMBER], "a", client_id=UUID(int=KEPT_KEY)))
        async with log.database.transaction() as connection:
            await remove(connection, room, people[EX_MEMBER])
    return World(rooms, people)


def told(outcome: Outcome) -> tuple[Any, ...]:
    if isinstance(outcome, ChatError):
        return (outcome.code, outcome.path)
    entry = outcome.entry
    assert isinstance(entry, MessageSent)
    return (entry.seq, entry.ordinal, entry.body, entry.target_seq, outcome.duplicate, outcome.roster_version)


async def played(log: LogRunner, batches: Sequence[Sequence[Wish]]) -> tuple[list[Any], list[Any]]:
    """Return what everybody was told, and what stands in the log and in the watermarks afterwards."""
    world = await a_world(log)
    outcomes: list[Any] = []
    for batch in batches:
        found = await send_together(log.appender, [world.draft(wish) for wish in batch])
        outcomes += [told(outcome) for outcome in found]
    state: list[Any] = []
    async with log.database.read() as connection:
        for room in world.rooms:
            rows = await rows_of(connection, room.conversation_id)
            state.append([(seq, body, body and client_id) for seq, client_id, body in rows])
            cursor = await connection.execute(
                "select c.last_seq, c.last_ordinal, m.user_id, m.read_seq, m.read_ordinal"
                " from conversations c join members m on m.conversation_id = c.id where c.id = %(id)s",
                {"id": room.conversation_id},
            )
            marks = {row[2]: (row[0], row[1], row[3], row[4]) for row in await cursor.fetchall()}
            state.append([marks.get(person.user_id) for person in world.people])
    return outcomes, state


@pytest.mark.promise("L7")
@pytest.mark.promise("L2")
@settings(max_examples=70, deadline=None)
@given(plan=plans)
def test_any_split_into_batches_ends_as_one_by_one(log: LogRunner, plan: list[tuple[Wish, bool]]) -> None:
    batches: list[list[Wish]] = [[]]
    for wish, cut in plan:
        batches[-1].append(wish)
        if cut:
            batches.append([])
    together = log.run(played(log, [batch for batch in batches if batch]))
    alone = log.run(played(log, [[wish] for wish, _ in plan]))
    assert together == alone
