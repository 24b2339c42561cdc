"""Forwarding: another conversation gets the words, and is told where they are from and whose they are."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from rows import unchanged
from seriatim.core.errors import Conflict, KeyReused, NotFound
from seriatim.core.ids import ConversationId, uuid7
from seriatim.protocol.answers import Page, Sent
from seriatim.protocol.commands import Delete, Edit, Fetch, Forward, Invite, Leave, Read, SendMessage, StartPoll
from seriatim.protocol.entries import Forwarded, MessageSent
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

GROUP = ConversationKind.GROUP


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Speaking]:
    async with speaking(database) as world:
        yield world


async def seen(world: Speaking, sender: Sender, here: ConversationId, seq: int) -> Any:
    page: Page = await world.do(Fetch, sender, here, around=seq, limit=1)
    return page.entries[0]


async def two_groups(world: Speaking) -> tuple[Sender, Sender, ConversationId, ConversationId, int]:
    """Return Ada, Bob, who is in both groups, the one where Ada spoke, the other, and where she did."""
    ada, bob, carol = await world.people(3)
    there, here = await world.make(ada, GROUP, bob), await world.make(carol, GROUP, bob)
    said: Sent = await world.do(SendMessage, ada, there, body="words of Ada")
    return ada, bob, there, here, said.seq


def wish(here: ConversationId, there: ConversationId, seq: int) -> Forward:
    return Forward(id=1, client_id=uuid7(), conversation_id=here, source_conversation_id=there, source_seq=seq)


async def test_a_forward_says_whose_words_they_are_however_often_they_are_passed_on(world: Speaking) -> None:
    ada, bob, there, here, seq = await two_groups(world)
    sent = await world.run(wish(here, there, seq), bob)
    message: MessageSent = await seen(world, bob, here, sent.seq)
    told = world.published[-1].entry
    for one in (message, told):
        assert isinstance(one, MessageSent)
        assert (one.body, one.sender_id, one.ordinal) == ("words of Ada", bob.user_id, 1)
        assert one.forwarded == Forwarded(conversation_id=there, seq=seq, sender_id=ada.user_id)
    again = await world.run(wish(there, here, sent.seq), bob)
    passed_on: MessageSent = await seen(world, ada, there, again.seq)
    assert passed_on.forwarded == Forwarded(conversation_id=here, seq=sent.seq, sender_id=ada.user_id)
    with pytest.raises(Conflict) as refused:
        await world.do(Edit, bob, here, target_seq=sent.seq, body="my words")
    assert refused.value.reason == "forwarded"


@pytest.mark.promise("L2")
async def test_a_retry_finds_the_message_whatever_became_of_its_source(world: Speaking) -> None:
    ada, bob, there, here, seq = await two_groups(world)
    forward = wish(here, there, seq)
    sent = await world.run(forward, bob)
    await world.do(Edit, ada, there, target_seq=seq, body="other words")
    again = await world.run(forward, bob)
    assert (again.seq, again.created_at, again.duplicate) == (sent.seq, sent.created_at, True)
    await world.do(Delete, ada, there, target_seq=seq)
    await world.do(Leave, bob, there)
    assert (await world.run(forward, bob)).seq == sent.seq
    with pytest.raises(KeyReused):
        await world.run(msgspec.structs.replace(forward, source_seq=1), bob)
    await world.do(Delete, bob, here, target_seq=sent.seq)
    assert (await world.run(forward, bob)).seq == sent.seq


@pytest.mark.promise("I1")
async def test_nobody_forwards_what_he_may_not_read(world: Speaking, database: Database) -> None:
    ada, bob, there, _here, seq = await two_groups(world)
    (eve,) = await world.people(1)
    hers = await world.make(eve, GROUP, bob)
    async with unchanged(database):
        for source, number, path in (
            (there, seq, "$.source_conversation_id"),
            (ConversationId(1), seq, "$.source_conversation_id"),
            (hers, 1, "$.source_seq"),
            (hers, 99, "$.source_seq"),
        ):
            with pytest.raises(NotFound) as refused:
                await world.run(wish(hers, source, number), eve)
            assert refused.value.path == path
        with pytest.raises(NotFound) as outside:
            await world.run(wish(hers, there, seq), ada)
        assert outside.value.path == "$.conversation_id"
    listed = await world.make(ada, ConversationKind.CHANNEL, visibility=Visibility.LISTED)
    said: Sent = await world.do(SendMessage, ada, listed, body="for members")
    with pytest.raises(NotFound) as unread:
        await world.run(wish(hers, listed, said.seq), eve)
    assert unread.value.path == "$.source_conversation_id"
    await world.do(Invite, ada, there, user_ids=[eve.user_id])
    with pytest.raises(NotFound):
        await world.run(wish(hers, there, seq), eve)


async def test_who_has_left_forwards_what_he_saw(world: Speaking) -> None:
    ada, bob, there, here, seq = await two_groups(world)
    await world.do(Leave, bob, there)
    await world.do(Edit, ada, there, target_seq=seq, body="after you")
    sent = await world.run(wish(here, there, seq), bob)
    assert (await seen(world, bob, here, sent.seq)).body == "words of Ada"
    await world.do(Delete, ada, there, target_seq=seq)
    with pytest.raises(Conflict) as gone:
        await world.run(wish(here, there, seq), bob)
    assert (gone.value.path, gone.value.reason) == ("$.source_seq", "deleted")


async def test_a_poll_is_not_forwarded(world: Speaking) -> None:
    ada, bob, there, here, _ = await two_groups(world)
    asked: Sent = await world.do(StartPoll, ada, there, question="When?", options=["now", "then"])
    await world.do(Read, bob, there, seq=asked.seq)
    with pytest.raises(NotFound):
        await world.run(wish(here, there, asked.seq), bob)
