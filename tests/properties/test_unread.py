"""The badge is a recount of the log: whatever was sent, renamed, read, joined and left before."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties.log_runner import LogRunner, running
from scenarios.log_world import Room, add, open_room, remove, rename, somebody
from seriatim.core.errors import Forbidden, NotFound
from seriatim.core.ids import UserId
from seriatim.log.heads import HeadsAsk, heads
from seriatim.log.watermarks import move_read
from seriatim.protocol.sender import Sender

PEOPLE = 4
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, PEOPLE - 1), st.integers(1, 3)),
        st.tuples(st.just("read"), st.integers(0, PEOPLE - 1), st.integers(1, 30)),
        st.tuples(st.just("rename"), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["add", "remove"]), st.integers(1, PEOPLE - 1), st.just(0)),
    ),
    min_size=1,
    max_size=25,
)

RECOUNT = """
select m.user_id, m.read_seq, count(e.seq) from members m
left join entries e on e.conversation_id = m.conversation_id and e.kind = 'message_sent' and e.seq > m.read_seq
where m.conversation_id = %(id)s and m.left_seq is null group by 1, 2"""


@pytest.fixture(scope="module")
def log(postgres_dsn: str) -> Iterator[LogRunner]:
    with running(postgres_dsn) as runner:
        yield runner


class Story:
    """A room in which things happen; `present` follows who is in it."""

    def __init__(self, log: LogRunner, room: Room) -> None:
        self.log = log
        self.room = room
        self.people: list[Sender] = [*room.members, *(somebody() for _ in range(PEOPLE - len(room.members)))]
        self.present = {0, 1}

    async def happen(self, deed: str, who: int, number: int) -> None:
        person = self.people[who]
        if deed == "send":
            for _ in range(number):
                try:
                    await self.log.appender.append(self.room.draft(person))
                except (Forbidden, NotFound):
                    assert who not in self.present
            return
        async with self.log.database.transaction() as connection:
            if deed == "read":
                await move_read(connection, [(self.room.conversation_id, person.user_id, number)])
            elif deed == "rename":
                await rename(connection, self.room)
            elif deed == "add" and who not in self.present:
                await add(connection, self.room, person)
                self.present.add(who)
            elif deed == "remove" and who in self.present:
                await remove(connection, self.room, person)
                self.present.discard(who)

    async def counts(self) -> tuple[Mapping[UserId, tuple[int, int]], Mapping[UserId, tuple[int, int]]]:
        """Return (read seq, unread) per present member: as heads tell them, and counted again from the log."""
        async with self.log.database.read() as connection:
            users = [self.people[who].user_id for who in sorted(self.present)]
            answers = await heads(connection, [HeadsAsk(user, None) for user in users])
            told = {
                user: (row.read, row.unread) for user, answer in zip(users, answers, strict=True) for row in answer.rows
            }
            cursor = await connection.execute(RECOUNT, {"id": self.room.conversation_id})
            counted: dict[UserId, Any] = {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}
        return told, counted


async def told_and_counted(log: LogRunner, plan: list[tuple[str, int, int]]) -> None:
    story = Story(log, await open_room(log.database))
    for deed in plan:
        await story.happen(*deed)
        told, counted = await story.counts()
        assert told == counted, deed
        sender = story.people[deed[1]].user_id
        if deed[0] == "send" and deed[1] in story.present:
            assert told[sender][1] == 0, "who writes has read what stands above"


@pytest.mark.promise("D5")
@settings(max_examples=40, deadline=None)
@given(plan=deeds)
def test_unread_is_a_recount_of_the_log(log: LogRunner, plan: list[tuple[str, int, int]]) -> None:
    log.run(told_and_counted(log, plan))
