"""The badge is a recount of the log: whatever was sent, renamed, read, followed, joined and left before."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties.log_runner import LogRunner, running
from scenarios.log_world import Room, add, open_room, remove, rename, somebody
from seriatim.core.errors import BadRequest, Forbidden, NotFound, RateLimited
from seriatim.core.ids import UserId
from seriatim.log.draft import Extras
from seriatim.log.heads import HeadsAsk, heads
from seriatim.log.threads import reads
from seriatim.log.threads.lists import NEWEST, followed_page
from seriatim.log.watermarks import move_marks
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

PEOPLE = 4
EVERYBODY = PEOPLE


class Deed(NamedTuple):
    """What somebody does; `thread` counts the messages of the main timeline (0: none), `number` is what it takes."""

    what: str
    who: int
    thread: int = 0
    number: int = 0
    broadcast: bool = False
    mentions: frozenset[int] = frozenset()


def doing(what: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Deed]:
    def deed(named: dict[str, Any]) -> Deed:
        return Deed(what, **named)

    return st.fixed_dictionaries({"who": anybody, **fields}).map(deed)


anybody, others = st.integers(0, PEOPLE - 1), st.integers(1, PEOPLE - 1)
a_thread, a_seq = st.integers(1, 3), st.integers(1, 30)
mentions = st.frozensets(st.sampled_from([*range(PEOPLE), EVERYBODY]), max_size=3)
replying = doing("send", thread=a_thread, number=st.integers(1, 2), broadcast=st.booleans(), mentions=mentions)
deeds = st.lists(
    st.one_of(
        doing("send", number=st.integers(1, 3), mentions=mentions),
        *[replying] * 3,
        doing("read", number=a_seq),
        doing("read thread", thread=a_thread, number=a_seq),
        doing("follow", thread=a_thread),
        doing("unfollow", thread=a_thread),
        doing("rename"),
        doing("add", who=others),
        doing("remove", who=others),
    ),
    min_size=12,
    max_size=30,
)

Badges = dict[Any, tuple[int, int, int]]
"""Of (user, thread or 0): the seq that he has read up to, what is unread, and how often he is mentioned in it."""

# From the log alone: which messages count where, what they mention, and where each reader stands.
RECOUNT = """
with counted as (
    select e.seq, e.meta, case when e.broadcast then 0 else coalesce(e.thread_seq, 0) end as thread_seq from entries e
    where e.conversation_id = %(id)s and e.kind = 'message_sent'
), standing as (
    select m.user_id, 0::bigint as thread_seq, m.read_seq from members m
    where m.conversation_id = %(id)s and m.left_seq is null
    union all
    select r.user_id, r.thread_seq, r.read_seq from thread_reads r
    where r.conversation_id = %(id)s and r.following
        and exists (select from entries e where e.conversation_id = %(id)s and e.thread_seq = r.thread_seq)
)
select s.user_id, s.thread_seq, s.read_seq, count(c.seq),
    count(c.seq) filter (where c.meta -> 'mentions' @> to_jsonb(s.user_id) or c.meta -> 'mentions' @> '0')
from standing s left join counted c on c.thread_seq = s.thread_seq and c.seq > s.read_seq group by 1, 2, 3"""


@pytest.fixture(scope="module")
def log(postgres_dsn: str) -> Iterator[LogRunner]:
    with running(postgres_dsn) as runner:
        yield runner


class Story:
    """A room in which things happen; `present` is who is in it, `followers` of which thread."""

    def __init__(self, log: LogRunner, room: Room) -> None:
        self.log = log
        self.room = room
        self.people: list[Sender] = [*room.members, *(somebody() for _ in range(PEOPLE - len(room.members)))]
        self.present = {0, 1}
        self.roots: list[tuple[int, int]] = []
        self.followers: dict[int, set[int]] = {}
        self.begun: set[int] = set()

    async def happen(self, deed: Deed) -> None:
        """Do it, and note what is to be expected of it."""
        root = self.roots[-min(deed.thread, len(self.roots))] if deed.thread and self.roots else None
        if deed.what == "send":
            for _ in range(deed.number):
                await self.send(deed, root)
            return
        here, person = self.room.conversation_id, self.people[deed.who]
        async with self.log.database.transaction() as connection:
            match deed.what:
                case "read":
                    await move_marks(connection, [(here, person.user_id, deed.number)])
                case "read thread" if root is not None:
                    await reads.move_read(connection, [(here, root[0], person.user_id, deed.number)])
                case "follow" | "unfollow" if root is not None:
                    await self.follow(connection, deed, root)
                case "rename":
                    await rename(connection, self.room)
                case "add" | "remove":
                    await self.change_members(connection, deed)
                case _:
                    pass

    async def follow(self, connection: Connection, deed: Deed, root: tuple[int, int]) -> None:
        following, user_id = deed.what == "follow", self.people[deed.who].user_id
        found = await reads.follow(connection, user_id, self.room.conversation_id, root[0], following=following)
        reads_it = deed.who in self.present and root[0] >= await self.first_seq(connection, user_id)
        assert (found is not None) == reads_it
        if found is not None:
            followers = self.followers.setdefault(root[0], set())
            (followers.add if following else followers.discard)(deed.who)

    async def change_members(self, connection: Connection, deed: Deed) -> None:
        if deed.what == "add" and deed.who not in self.present:
            await add(connection, self.room, self.people[deed.who])
            self.present.add(deed.who)
        elif deed.what == "remove" and deed.who in self.present:
            await remove(connection, self.room, self.people[deed.who])
            self.present.discard(deed.who)
            for followers in self.followers.values():
                followers.discard(deed.who)

    async def first_seq(self, connection: Connection, user_id: UserId) -> int:
        sql = "select joined_seq from members where conversation_id = %(id)s and user_id = %(user_id)s"
        cursor = await connection.execute(sql, {"id": self.room.conversation_id, "user_id": user_id})
        row = await cursor.fetchone()
        return 0 if row is None else row[0]

    async def send(self, deed: Deed, root: tuple[int, int] | None) -> None:
        named = (UserId(0) if one == EVERYBODY else self.people[one].user_id for one in deed.mentions)
        extras = Extras(root and root[0], deed.broadcast and root is not None, tuple(sorted(named)))
        draft = self.room.draft(self.people[deed.who], extras=extras)
        try:
            entry = (await self.log.appender.append(draft)).entry
        except (Forbidden, NotFound):
            assert deed.who not in self.present
            return
        except RateLimited:
            assert EVERYBODY in deed.mentions
            return
        except BadRequest:  # he reads no further back than he joined, and nobody has replied since
            assert root is not None
            assert root[0] not in self.begun
            async with self.log.database.read() as connection:
                assert root[0] < await self.first_seq(connection, self.people[deed.who].user_id)
            return
        assert isinstance(entry, MessageSent)
        if root is None:
            self.roots.append((entry.seq, deed.who))
            return
        followers = self.followers.setdefault(root[0], set())
        followers |= (deed.mentions | {deed.who}) & self.present
        if root[0] not in self.begun:
            self.begun.add(root[0])
            followers |= {root[1]} & self.present

    async def badges(self) -> tuple[Badges, Badges]:
        """Return the badges of the present members and of the followers: as they are told, and counted again."""
        told: Badges = {}
        async with self.log.database.read() as connection:
            users = [self.people[who].user_id for who in sorted(self.present)]
            answers = await heads(connection, [HeadsAsk(user, None) for user in users])
            for user, answer in zip(users, answers, strict=True):
                (row,) = [row for row in answer.rows if row.conversation_id == self.room.conversation_id]
                told[user, 0] = (row.read, row.unread, row.mentions)
                threads = await followed_page(connection, user, NEWEST, 100, only_unread=False)
                told |= {(user, one.thread_seq): (one.read, one.unread, one.mentions) for one in threads}
            cursor = await connection.execute(RECOUNT, {"id": self.room.conversation_id})
            counted = {(row[0], row[1]): (row[2], row[3], row[4]) for row in await cursor.fetchall()}
        return told, counted

    def expected(self) -> set[tuple[UserId, int]]:
        """Return whose badges there must be."""
        followed = {(who, seq) for seq in self.begun for who in self.followers[seq]}
        return {(self.people[who].user_id, seq) for who, seq in followed | {(who, 0) for who in self.present}}


async def told_and_counted(log: LogRunner, plan: list[Deed]) -> None:
    story = Story(log, await open_room(log.database))
    await story.happen(Deed("add", 2))
    for who in range(3):
        await story.happen(Deed("send", who, number=1))
    for deed in plan:
        await story.happen(deed)
        told, counted = await story.badges()
        assert told == counted, deed
        assert told.keys() == story.expected(), deed


@pytest.mark.promise("D5")
@settings(max_examples=settings().max_examples // 2)
@given(plan=deeds)
def test_badges_are_a_recount_of_the_log(log: LogRunner, plan: list[Deed]) -> None:
    log.run(told_and_counted(log, plan))
