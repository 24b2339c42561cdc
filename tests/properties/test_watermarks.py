"""Watermarks against a naive model: they never fall, never pass what can be read, and the badge is a recount."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId
from seriatim.log.watermarks import move_marks
from seriatim.protocol.answers import Page
from seriatim.protocol.commands import Fetch, Invite, Leave, SendMessage, SetSettings
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

PEOPLE = 3
people = st.integers(0, PEOPLE - 1)
step = st.one_of(
    st.tuples(st.just("send"), people),
    st.tuples(st.just("rename"), people),
    st.tuples(st.just("leave"), st.integers(1, PEOPLE - 1)),
    st.tuples(st.just("invite"), st.integers(1, PEOPLE - 1)),
    # One window: marks of several people, also twice of one, in any order, also past the head.
    st.tuples(st.just("read"), st.lists(st.tuples(people, st.integers(1, 12)), min_size=1, max_size=6)),
    st.tuples(st.just("receive"), st.lists(st.tuples(people, st.integers(1, 12)), min_size=1, max_size=6)),
)


@dataclass
class Member:
    """What the model knows of one member; `read` is where his mark must stand, `counted` where his badge starts."""

    read: int = 0
    delivered: int = 0
    counted: int = 0
    left: int | None = None


class Model:
    """The log as a list of booleans (is it a message?), and each member's mark."""

    def __init__(self) -> None:
        self.log = [False]
        self.members = [Member() for _ in range(PEOPLE)]

    def take(self, what: str, who: Any) -> None:
        """Follow a step that was accepted."""
        match what:
            case "read":
                for reader, seq in who:
                    member = self.members[reader]
                    member.read = max(member.read, min(seq, member.left or len(self.log)))
                    member.counted = max(member.counted, member.read)
                    self._deliver(member, seq)
            case "receive":
                for receiver, seq in who:
                    self._deliver(self.members[receiver], seq)
            case "leave":
                self.log.append(False)
                self.members[who].left = len(self.log)
            case "invite":
                member = self.members[who]
                member.read = max(member.read, len(self.log))
                member.counted, member.left = len(self.log), None
                self.log.append(False)
            case "send":
                self.log.append(True)
                self.members[who].read = self.members[who].counted = len(self.log)
            case _:
                self.log.append(False)

    def _deliver(self, member: Member, seq: int) -> None:
        """Raise a delivered mark: of who is here, up to the head; what is read is delivered."""
        if member.left is None:
            member.delivered = max(member.delivered, min(seq, len(self.log)))

    def badges(self) -> list[int]:
        """Return each member's unread: his messages after where he has read, counted one by one."""
        return [0 if member.left else sum(self.log[member.counted :]) for member in self.members]


async def act(world: Speaking, everybody: list[Sender], group: ConversationId, what: str, who: Any) -> None:
    match what:
        case "read":
            async with world.database.transaction() as connection:
                await move_marks(connection, [(group, everybody[reader].user_id, seq) for reader, seq in who])
        case "receive":
            async with world.database.transaction() as connection:
                delivered = [(group, everybody[receiver].user_id, seq) for receiver, seq in who]
                await move_marks(connection, [], delivered)
        case "leave":
            await world.do(Leave, everybody[who], group)
        case "invite":
            await world.do(Invite, everybody[0], group, user_id=everybody[who].user_id)
        case "send":
            await world.do(SendMessage, everybody[who], group, body="x")
        case _:
            await world.do(SetSettings, everybody[who], group, title="x")


async def marks(world: Speaking, everybody: list[Sender], group: ConversationId) -> list[tuple[int, int, int]]:
    """Return each one's (read, delivered, unread) as every list gives it."""
    found: list[tuple[int, int, int]] = []
    for person in everybody:
        async with world.database.read() as connection:
            row = await connection.execute(
                "select m.read_seq, m.delivered_seq,"
                " case when m.left_seq is null then c.last_ordinal - m.read_ordinal else 0 end"
                " from members m join conversations c on c.id = m.conversation_id where c.id = %s and m.user_id = %s",
                [group, person.user_id],
            )
            found.append(await row.fetchone() or (0, 0, 0))  # pyright: ignore[reportArgumentType]
    return found


async def check(world: Speaking, steps: list[tuple[str, Any]]) -> None:
    everybody = await world.people(PEOPLE)
    group = await world.make(everybody[0], ConversationKind.GROUP, *everybody[1:])
    model, before = Model(), [(0, 0)] * PEOPLE
    for what, who in [("send", 0)] * 5 + steps:  # there is something to read from the beginning
        try:
            await act(world, everybody, group, what, who)
        except ChatError:
            continue
        model.take(what, who)
        now = await marks(world, everybody, group)
        expected = [(member.read, member.delivered) for member in model.members]
        assert [(read, delivered) for read, delivered, _ in now] == expected, (what, who)
        assert [unread for _, _, unread in now] == model.badges(), (what, who)
        for (read, delivered, _), (read_before, delivered_before) in zip(now, before, strict=True):
            assert (read >= read_before, delivered >= delivered_before) == (True, True), "a watermark fell"
        before = expected
    page: Page = await world.do(Fetch, everybody[0], group)
    assert all(read <= page.head and delivered <= page.head for read, delivered in before)


@pytest.mark.promise("D5")
def test_marks_rise_within_bounds_and_the_badge_is_a_recount(postgres_dsn: str) -> None:
    with asyncio.Runner() as runner:
        database = Database(postgres_dsn)
        runner.run(database.open())
        running = speaking(database)
        world = runner.run(running.__aenter__())

        @settings(max_examples=80, deadline=None)
        @given(steps=st.lists(step, max_size=20))
        def histories(steps: list[tuple[str, Any]]) -> None:
            runner.run(check(world, steps))

        try:
            histories()
        finally:
            runner.run(running.__aexit__(None, None, None))
            runner.run(database.close())
