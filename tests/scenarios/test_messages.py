"""Messages on a real database: sent once, in order, and fetched as far as the asker may read."""

from collections.abc import AsyncIterator

import pytest

from seriatim.core.errors import BadRequest, ChatError, Forbidden, KeyReused, NotFound, TooLarge
from seriatim.core.ids import ConversationId, random_id, uuid7
from seriatim.core.trace import Hop, Trace
from seriatim.features.messages.send import send
from seriatim.log.draft import Stored
from seriatim.protocol.answers import Compared, Page
from seriatim.protocol.commands import Compare, Fetch, Leave, SendMessage
from seriatim.protocol.fields import ConversationKind
from seriatim.storage.postgres.database import Database
from speaking import EPOCH, Speaking, key, speaking

GROUP = ConversationKind.GROUP


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Speaking]:
    async with speaking(database) as world:
        yield world


class Ear:
    """Hears what became of a draft."""

    def __init__(self) -> None:
        self.heard: list[Stored | ChatError] = []
        self.stored = self.refused = self.heard.append


async def test_messages_are_numbered_after_what_went_before(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    seqs = [(await world.do(SendMessage, person, group, body="x")).seq for person in (ada, bob, ada)]
    assert seqs == [2, 3, 4]
    page: Page = await world.do(Fetch, bob, group)
    assert [entry.ordinal for entry in page.entries] == [None, 1, 2, 3]
    assert (page.head, page.first_kept, page.complete, page.epoch) == (4, 1, True, EPOCH)


async def test_a_send_is_decided_on_what_it_shows_before_it_is_queued(world: Speaking) -> None:
    ada = await world.person()
    group = await world.make(ada, GROUP)
    ear, trace = Ear(), Trace(0)
    for body, error in ((" ", BadRequest), ("é" * 9_000, TooLarge)):
        with pytest.raises(error) as refusal:
            send(SendMessage(id=1, client_id=uuid7(), conversation_id=group, body=body), ada, world.log, ear, trace)
        assert refusal.value.path == "$.body"
    assert (ear.heard, [passed.hop for passed in trace.hops]) == ([], [Hop.RECEIVE])
    send(SendMessage(id=1, client_id=uuid7(), conversation_id=group, body="ok"), ada, world.log, ear, trace)
    await world.log.drain()
    assert [type(heard) for heard in ear.heard] == [Stored]
    assert [passed.hop for passed in trace.hops] == [Hop.RECEIVE, Hop.AUTHORIZE, Hop.QUEUE, Hop.COMMIT]


@pytest.mark.promise("L2")
async def test_a_retried_send_gets_the_same_answer_also_after_its_sender_left(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    first = await world.do(SendMessage, bob, group, client_id=key(1), body="once")
    await world.do(Leave, bob, group)
    again = await world.do(SendMessage, bob, group, client_id=key(1), body="once")
    assert (again.seq, again.created_at, again.duplicate) == (first.seq, first.created_at, True)
    with pytest.raises(KeyReused):
        await world.do(SendMessage, bob, group, client_id=key(1), body="twice")
    with pytest.raises(Forbidden):
        await world.do(SendMessage, bob, group, body="late")
    assert await world.history(ada, group) == [(1, "conversation_created"), (2, "once"), (3, "member_left")]


async def test_a_page_is_what_was_asked_for(world: Speaking) -> None:
    ada = await world.person()
    group = await world.make(ada, GROUP)
    for number in range(2, 12):
        await world.do(SendMessage, ada, group, body=str(number))

    async def seqs(**place: int) -> list[int]:
        return [seq for seq, _ in await world.history(ada, group, **place)]

    assert await seqs(limit=3) == [9, 10, 11]
    assert await seqs(after=4, limit=3) == [5, 6, 7]
    assert await seqs(before=4, limit=2) == [2, 3]
    assert 6 in await seqs(around=6, limit=3)
    assert await seqs(after=11) == []
    with pytest.raises(BadRequest) as refusal:
        await world.do(Fetch, ada, group, after=1, before=3)
    assert refusal.value.reason == "one_place"


async def test_a_conversation_that_may_not_be_known_looks_like_none(world: Speaking) -> None:
    ada, eve = await world.people(2)
    group = await world.make(ada, GROUP)
    refusals: list[ChatError] = []
    for command, fields in ((Fetch, {}), (SendMessage, {"body": "x"})):
        for conversation_id in (group, ConversationId(random_id())):
            with pytest.raises(NotFound) as refusal:
                await world.do(command, eve, conversation_id, **fields)
            refusals.append(refusal.value)
    shapes = [(refusal.message, refusal.path, refusal.reason) for refusal in refusals]
    assert shapes[0] == shapes[1]
    assert shapes[2] == shapes[3]


@pytest.mark.promise("I1")
async def test_compare_tells_of_readable_entries_only(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    sent = [await world.do(SendMessage, ada, group, client_id=key(number), body="x") for number in (1, 2)]
    await world.do(Leave, bob, group)
    sent.append(await world.do(SendMessage, ada, group, client_id=key(3), body="x"))
    held = [(group, one.seq, one.client_id, one.created_at) for one in sent]
    held.append((group, sent[0].seq, key(99), sent[0].created_at))

    async def equal(sender: object) -> list[int]:
        answer = await world.run(Compare(id=1, entries=held), sender)  # pyright: ignore[reportArgumentType]
        assert isinstance(answer, Compared)
        return sorted(seq for _, seq, *_ in answer.entries)

    assert await equal(ada) == [2, 3, 5]
    assert await equal(bob) == [2, 3]
    assert await equal(await world.person()) == []
