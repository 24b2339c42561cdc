"""Any split of a list of messages into batches ends as if they had been sent one by one."""

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties.log_runner import LogRunner, running
from scenarios.log_world import Outcome, Room, add, open_room, remove, rename, rows_of, send_together, somebody
from seriatim.core.errors import ChatError
from seriatim.core.ids import UserId
from seriatim.log.draft import Draft, Extras
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.sender import Sender

OWNER, MEMBER, EX_MEMBER, OUTSIDER = range(4)
KEPT_KEY = 9
"""A key that the ex-member used while he was a member."""


class Wish(NamedTuple):
    """A message of one of two rooms; few keys and bodies, so that they meet."""

    room: int
    who: int
    key: int
    body: str
    target_seq: int | None
    extras: Extras | None
    """Mentions are of people of the world, 0 everybody, until it becomes a draft."""


# Few roots, so that replies meet: no message (1), the one that was there (5), what this plan stores (7, 8), none (99).
roots = st.sampled_from([*[5] * 6, *[7] * 3, 8, 8, None, None, 1, 99])
extras = st.one_of(
    *[st.none()] * 2,
    st.builds(
        Extras,
        thread_seq=roots,
        broadcast=st.sampled_from([False, False, True]),
        mentions=st.sampled_from([*[()] * 5, (MEMBER,), (EX_MEMBER, OUTSIDER), (0,), (0,), (0, MEMBER)]),
        forwarded=st.none(),
    ).filter(lambda extras: extras.thread_seq is not None or not extras.broadcast),
)
wishes = st.builds(
    Wish,
    room=st.integers(0, 1),
    # What is refused takes its batch from the common way, so it must be rare.
    who=st.sampled_from([*[OWNER] * 10, *[MEMBER] * 10, EX_MEMBER, OUTSIDER]),
    key=st.integers(0, KEPT_KEY),
    # A poisoned body splits its batch, so it must be rare for the others to meet in one.
    body=st.sampled_from([*["a"] * 40, *["b"] * 6, "\x00", "\ud800"]),
    target_seq=st.sampled_from([*[None] * 12, 1, 4, 6, 7, 8, 99]),
    extras=extras,
)
cuts = st.sampled_from([False, False, False, True])
rough = st.lists(st.tuples(wishes, cuts), min_size=6, max_size=20)
# Nothing is refused or repeated here, so every batch goes the common way.
smooth_wishes = st.builds(
    Wish,
    room=st.integers(0, 1),
    who=st.sampled_from([OWNER, MEMBER]),
    key=st.integers(0, 2**32).map(lambda key: key + KEPT_KEY + 1),
    body=st.just("a"),
    target_seq=st.just(None),
    extras=st.one_of(
        st.none(),
        st.builds(Extras, st.just(5), st.booleans(), st.sampled_from([(), (MEMBER,)]), st.none()),
    ),
)
smooth = st.lists(st.tuples(smooth_wishes, cuts), min_size=3, max_size=10, unique_by=lambda wish: wish[0].key)


@pytest.fixture(scope="module")
def log(postgres_dsn: str) -> Iterator[LogRunner]:
    with running(postgres_dsn) as runner:
        yield runner


class World(NamedTuple):
    """Two rooms in the same state as those of every other world."""

    rooms: list[Room]
    people: list[Sender]

    def draft(self, wish: Wish) -> Draft:
        extras = wish.extras
        if extras is not None:
            named = (self.people[who].user_id if who else UserId(0) for who in extras.mentions)
            extras = extras._replace(mentions=tuple(sorted(named)))
        return self.rooms[wish.room].draft(
            self.people[wish.who],
            wish.body,
            client_id=UUID(int=wish.key),
            target_seq=wish.target_seq,
            extras=extras,
        )

    def who(self, user_id: int) -> int | None:
        return next((number for number, one in enumerate(self.people) if one.user_id == user_id), None)


LIMITS: dict[str, LiteralString] = {
    "none": "select 1",
    "slow mode": "update conversations set slow_mode_s = 3600 where id = %(id)s",
    "admins post": "update conversations set post_role = 'admin' where id = %(id)s",
    "archived": "update conversations set archived_at = now() where id = %(id)s",
    "silenced": "update members set silenced_until = 'infinity' where conversation_id = %(id)s and role = 'member'",
    "was silenced": "update members set silenced_until = '2000-01-01' where conversation_id = %(id)s",
}
"""What the first room lets its members do."""


async def a_world(log: LogRunner, limit: str) -> World:
    rooms = [await open_room(log.database) for _ in range(2)]
    async with log.database.transaction() as connection:  # so that both have the same seqs
        await rename(connection, rooms[0])
        await rename(connection, rooms[0])
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
    async with log.database.transaction() as connection:
        await connection.execute(LIMITS[limit], {"id": rooms[0].conversation_id})
    return World(rooms, people)


def told(outcome: Outcome) -> tuple[Any, ...]:
    if isinstance(outcome, ChatError):
        return (outcome.code, outcome.path, outcome.reason)
    entry = outcome.entry
    assert isinstance(entry, MessageSent)
    here = (entry.thread_seq, entry.broadcast, len(entry.mentions))
    return (entry.seq, entry.ordinal, entry.body, entry.target_seq, here, outcome.duplicate, outcome.roster_version)


# All that a reply and a mention leave behind, but times.
THREADS = """
select t.thread_seq, 0, t.last_ordinal, t.reply_count, t.last_seq, 0 from threads t where t.conversation_id = %(id)s
union all
select r.thread_seq, r.user_id, r.read_seq, r.read_ordinal, r.replied_seq, r.following::integer
from thread_reads r where r.conversation_id = %(id)s
union all
select x.thread_seq, x.user_id, x.seq, -1, -1, -1 from mentions x where x.conversation_id = %(id)s"""


async def played(log: LogRunner, limit: str, batches: Sequence[Sequence[Wish]]) -> tuple[list[Any], list[Any]]:
    """Return what everybody was told, and what stands in the log and in the watermarks afterwards."""
    world = await a_world(log, limit)
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
            cursor = await connection.execute(THREADS, {"id": room.conversation_id})
            threads = [(row[0], world.who(row[1]), *row[2:]) for row in await cursor.fetchall()]
            state.append(sorted(threads, key=str))
            cursor = await connection.execute(
                "select m.user_id, m.all_mentioned_at is not null, m.sent_at is not null from members m"
                " where m.conversation_id = %(id)s",
                {"id": room.conversation_id},
            )
            state.append(sorted([(world.who(row[0]), *row[1:]) for row in await cursor.fetchall()], key=str))
    return outcomes, state


@pytest.mark.promise("L7")
@pytest.mark.promise("L2")
@settings(max_examples=140, deadline=None)
@given(plan=st.one_of(rough, rough, smooth), limit=st.sampled_from(["none", "none", "none", "slow mode", *LIMITS]))
def test_any_split_into_batches_ends_as_one_by_one(log: LogRunner, plan: list[tuple[Wish, bool]], limit: str) -> None:
    batches: list[list[Wish]] = [[]]
    for wish, cut in plan:
        batches[-1].append(wish)
        if cut:
            batches.append([])
    together = log.run(played(log, limit, [batch for batch in batches if batch]))
    alone = log.run(played(log, limit, [[wish] for wish, _ in plan]))
    assert together == alone
