"""Polls: asked, voted on, closed; counts that are never wrong, and votes that nobody is told of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from rows import unchanged
from seriatim.core.errors import BadRequest, ChatError, Conflict, Forbidden, KeyReused, NotFound
from seriatim.core.ids import ConversationId, uuid7
from seriatim.protocol.answers import Page, Sent
from seriatim.protocol.commands import ClosePoll, Delete, Fetch, Pin, React, SendMessage, SetSettings, StartPoll, Vote
from seriatim.protocol.entries import PollStarted, PollVoted
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

GROUP = ConversationKind.GROUP
OPTIONS = ["Monday", "Tuesday", "Friday"]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Speaking]:
    async with speaking(database) as world:
        yield world


async def seen(world: Speaking, sender: Sender, here: ConversationId, seq: int) -> Any:
    page: Page = await world.do(Fetch, sender, here, around=seq, limit=1)
    return page.entries[0]


async def a_poll(world: Speaking, **fields: Any) -> tuple[Sender, Sender, ConversationId, int]:
    """Return the owner of a group, its member, who asks, the group and the poll."""
    ada, bob = await world.people(2)
    here = await world.make(ada, GROUP, bob)
    started: Sent = await world.do(StartPoll, bob, here, **({"question": "When?", "options": OPTIONS} | fields))
    return ada, bob, here, started.seq


async def test_a_poll_is_a_message_that_counts(world: Speaking, database: Database) -> None:
    _, bob, here, seq = await a_poll(world, question=" When? ", multiple=True)
    poll: PollStarted = await seen(world, bob, here, seq)
    assert (poll.question, poll.options, poll.multiple, poll.anonymous, poll.ordinal) == (
        "When?",
        OPTIONS,
        True,
        False,
        1,
    )
    assert (poll.votes, poll.voters, poll.chosen, poll.closed_seq) == ((), 0, (), None)
    async with database.read() as connection:
        rows = await connection.execute(
            "select user_id, c.last_ordinal - read_ordinal from members m"
            " join conversations c on c.id = m.conversation_id where c.id = %s",
            [here],
        )
        assert dict(await rows.fetchall())[bob.user_id] == 0


async def test_a_vote_replaces_the_one_before_and_nothing_chosen_takes_it_back(world: Speaking) -> None:
    ada, bob, here, seq = await a_poll(world)
    await world.do(Vote, ada, here, target_seq=seq, options=[0])
    await world.do(Vote, bob, here, target_seq=seq, options=[2])
    last: Sent = await world.do(Vote, ada, here, target_seq=seq, options=[2])
    poll: PollStarted = await seen(world, ada, here, seq)
    assert (poll.votes, poll.voters, poll.chosen, poll.changed_seq) == ((0, 0, 2), 2, (2,), last.seq)
    told = world.published[-1].entry
    assert isinstance(told, PollVoted)
    assert (told.sender_id, told.options, told.votes, told.voters) == (ada.user_id, (2,), (0, 0, 2), 2)
    for who in (ada, bob):
        await world.do(Vote, who, here, target_seq=seq, options=[])
    poll = await seen(world, ada, here, seq)
    assert (poll.votes, poll.voters, poll.chosen) == ((), 0, ())


async def test_several_options_where_the_poll_allows_it(world: Speaking) -> None:
    ada, _, here, seq = await a_poll(world, multiple=True)
    await world.do(Vote, ada, here, target_seq=seq, options=[2, 0])
    assert (await seen(world, ada, here, seq)).chosen == (0, 2)
    with pytest.raises(Conflict) as same:
        await world.do(Vote, ada, here, target_seq=seq, options=[0, 2])
    assert same.value.reason == "unchanged"


@pytest.mark.parametrize(("options", "reason"), [([0, 1], "one_option"), ([3], "no_such_option"), ([1, 1], "twice")])
async def test_what_cannot_be_chosen(world: Speaking, database: Database, options: list[int], reason: str) -> None:
    ada, _, here, seq = await a_poll(world)
    async with unchanged(database):
        with pytest.raises(BadRequest) as refused:
            await world.do(Vote, ada, here, target_seq=seq, options=options)
    assert (refused.value.path, refused.value.reason) == ("$.options", reason)


async def test_an_anonymous_poll_tells_nobody_who_voted(world: Speaking) -> None:
    ada, bob, here, seq = await a_poll(world, anonymous=True)
    voted: Sent = await world.do(Vote, ada, here, target_seq=seq, options=[1])
    entry = await seen(world, bob, here, voted.seq)
    for told in (entry, world.published[-1].entry):
        assert isinstance(told, PollVoted)
        assert (told.sender_id, told.device_id, told.options, told.votes) == (0, 0, (), (0, 1, 0))
        assert str(ada.user_id).encode() not in msgspec.json.encode(told)
    assert (await seen(world, ada, here, seq)).chosen == (1,)
    assert (await seen(world, bob, here, seq)).chosen == ()


@pytest.mark.promise("L2")
async def test_a_retry_finds_the_vote_whatever_was_voted_since(world: Speaking) -> None:
    ada, bob, here, seq = await a_poll(world)
    vote = Vote(id=1, client_id=uuid7(), conversation_id=here, target_seq=seq, options=[1])
    voted = await world.run(vote, ada)
    await world.do(Vote, bob, here, target_seq=seq, options=[1])
    await world.do(ClosePoll, bob, here, target_seq=seq)
    again = await world.run(vote, ada)
    assert (again.seq, again.duplicate) == (voted.seq, True)
    with pytest.raises(KeyReused):
        await world.run(msgspec.structs.replace(vote, options=[2]), ada)
    start = StartPoll(id=1, client_id=uuid7(), conversation_id=here, question="Why?", options=["a", "b"])
    started = await world.run(start, ada)
    await world.do(Delete, ada, here, target_seq=started.seq)
    assert (await world.run(start, ada)).seq == started.seq


async def test_a_poll_ends_at_its_time_or_when_it_is_closed(world: Speaking, database: Database) -> None:
    ada, bob, here, seq = await a_poll(world, closes_at=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(NotFound):
        await world.do(ClosePoll, ada, here, target_seq=seq + 1)
    async with database.transaction() as connection:
        await connection.execute(
            """update entries set meta = meta || '{"closes_at": "2026-01-01T00:00:00Z"}'
            where conversation_id = %s and seq = %s""",
            [here, seq],
        )
    for command, fields in ((Vote, {"options": [0]}), (ClosePoll, {})):
        with pytest.raises(Conflict) as over:
            await world.do(command, bob, here, target_seq=seq, **fields)
        assert (over.value.path, over.value.reason) == ("$.target_seq", "closed")
    other: Sent = await world.do(StartPoll, ada, here, question="And?", options=["yes", "no"])
    with pytest.raises(Forbidden):
        await world.do(ClosePoll, bob, here, target_seq=other.seq)
    closed: Sent = await world.do(ClosePoll, ada, here, target_seq=other.seq)
    assert (await seen(world, bob, here, other.seq)).closed_seq == closed.seq
    with pytest.raises(Conflict) as twice:
        await world.do(Vote, bob, here, target_seq=other.seq, options=[0])
    assert twice.value.reason == "closed"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"question": "  "}, "$.question"),
        ({"options": ["a", " "]}, "$.options[1]"),
        ({"options": ["a", " a "]}, "$.options"),
        ({"closes_at": datetime.now(UTC) - timedelta(seconds=1)}, "$.closes_at"),
        ({"closes_at": datetime.now(UTC) + timedelta(days=31)}, "$.closes_at"),
    ],
)
async def test_what_cannot_be_asked(world: Speaking, database: Database, fields: dict[str, Any], path: str) -> None:
    ada = await world.person()
    here = await world.make(ada, GROUP)
    async with unchanged(database):
        with pytest.raises(BadRequest) as refused:
            await world.do(StartPoll, ada, here, **({"question": "When?", "options": OPTIONS} | fields))
    assert refused.value.path == path


async def test_polls_are_deleted_pinned_and_reacted_to_but_not_quoted_as_messages(
    world: Speaking, database: Database
) -> None:
    ada, bob, here, seq = await a_poll(world, multiple=True, anonymous=True)
    await world.do(React, ada, here, target_seq=seq, emoji="👀")
    await world.do(Pin, ada, here, target_seq=seq)
    await world.do(Vote, ada, here, target_seq=seq, options=[1])
    poll: PollStarted = await seen(world, bob, here, seq)
    assert (poll.reactions, poll.pinned_seq, poll.votes) == ((("👀", 1, False),), seq + 2, (0, 1, 0))
    await world.do(Delete, bob, here, target_seq=seq)
    poll = await seen(world, ada, here, seq)
    assert (poll.question, poll.options, poll.multiple, poll.anonymous) == ("", [], False, False)
    assert (poll.votes, poll.voters, poll.chosen, poll.reactions, poll.pinned_seq) == ((), 0, (), (), None)
    async with database.read() as connection:
        for table in ("polls", "poll_votes", "reactions", "reaction_counts"):
            rows = await connection.execute(f"select count(*) from {table} where conversation_id = %s", [here])
            assert await rows.fetchone() == (0,), table
    with pytest.raises(Conflict) as gone:
        await world.do(Vote, ada, here, target_seq=seq, options=[1])
    assert gone.value.reason == "deleted"


async def test_who_may_not_write_may_not_ask(world: Speaking) -> None:
    ada, bob = await world.people(2)
    here = await world.make(ada, GROUP, bob)
    ask = {"question": "When?", "options": OPTIONS}
    await world.do(SetSettings, ada, here, slow_mode_s=60)
    await world.do(StartPoll, bob, here, **ask)
    for command, fields in ((StartPoll, ask), (SendMessage, {"body": "x"})):
        with pytest.raises(ChatError) as slow:
            await world.do(command, bob, here, **fields)
        assert slow.value.reason == "slow_mode"
        assert slow.value.retry_after_ms
        assert 50_000 < slow.value.retry_after_ms <= 60_000
    await world.do(StartPoll, ada, here, **ask)
    await world.do(StartPoll, ada, here, **ask)
    await world.do(SetSettings, ada, here, slow_mode_s=0, post_role="admin")
    with pytest.raises(Forbidden):
        await world.do(StartPoll, bob, here, **ask)
