"""What becomes of messages: edited, deleted, reacted to, pinned; what a page tells, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from psycopg import sql

from pictures import custom_emoji
from rows import TABLES, unchanged
from seriatim.core.errors import BadRequest, ChatError, Conflict, Forbidden, KeyReused, NotFound, TooLarge
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.features.conversations import store
from seriatim.log.draft import Stored
from seriatim.log.heads import HeadsAsk, heads
from seriatim.protocol.answers import Page, Sent
from seriatim.protocol.commands import (
    Delete,
    Edit,
    Fetch,
    Invite,
    Leave,
    Pin,
    React,
    Remove,
    SendMessage,
    SetRole,
    StartPoll,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.entries import MessageEdited, MessageSent, PollVoted, ReactionAdded
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

DIRECT, GROUP, CHANNEL = ConversationKind


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Speaking]:
    async with speaking(database) as world:
        yield world


async def seen(world: Speaking, sender: Sender, here: ConversationId, seq: int) -> Any:
    page: Page = await world.do(Fetch, sender, here, around=seq, limit=1)
    return page.entries[0]


async def a_group(world: Speaking) -> tuple[Sender, Sender, ConversationId, int]:
    """Return its owner, a member, the group, and the seq of a message of the member."""
    ada, bob = await world.people(2)
    here = await world.make(ada, GROUP, bob)
    sent: Sent = await world.do(SendMessage, bob, here, body="words")
    return ada, bob, here, sent.seq


async def test_an_edit_shows_in_pages_and_the_log_keeps_what_was_said(world: Speaking) -> None:
    ada, bob, here, seq = await a_group(world)
    first: Sent = await world.do(Edit, bob, here, target_seq=seq, body="better words")
    second: Sent = await world.do(Edit, bob, here, target_seq=seq, body="best words")
    message: MessageSent = await seen(world, ada, here, seq)
    assert (message.body, message.edited_seq, message.changed_seq) == ("best words", second.seq, second.seq)
    edit: MessageEdited = await seen(world, ada, here, first.seq)
    assert (edit.target_seq, edit.body, edit.previous) == (seq, "better words", "words")
    told = world.published[-1].entry
    assert isinstance(told, MessageEdited)
    assert (told.body, told.previous, told.seq) == ("best words", "better words", second.seq)


async def test_nobody_edits_another_s_message_or_nothing_into_it(world: Speaking, database: Database) -> None:
    ada, bob, here, seq = await a_group(world)
    async with unchanged(database):
        with pytest.raises(Forbidden) as refused:
            await world.do(Edit, ada, here, target_seq=seq, body="mine")
        assert refused.value.path == "$.target_seq"
        for target_seq in (1, 99, seq + 1):
            with pytest.raises(NotFound) as missing:
                await world.do(Edit, bob, here, target_seq=target_seq, body="mine")
            assert missing.value.path == "$.target_seq"
        with pytest.raises(Conflict) as same:
            await world.do(Edit, bob, here, target_seq=seq, body="words")
        assert same.value.reason == "unchanged"
        with pytest.raises(BadRequest):
            await world.do(Edit, bob, here, target_seq=seq, body=" ")
        with pytest.raises(TooLarge):
            await world.do(Edit, bob, here, target_seq=seq, body="é" * LIMITS.body_bytes)


@pytest.mark.promise("L2")
async def test_a_retry_gets_what_was_stored_whatever_became_of_it(world: Speaking) -> None:
    ada, bob = await world.people(2)
    here = await world.make(ada, GROUP, bob)
    say = SendMessage(id=1, client_id=uuid7(), conversation_id=here, body="words")
    sent = await world.run(say, bob)
    edit = Edit(id=1, client_id=uuid7(), conversation_id=here, target_seq=sent.seq, body="better")
    edited = await world.run(edit, bob)
    again = Edit(id=1, client_id=uuid7(), conversation_id=here, target_seq=sent.seq, body="best")
    await world.run(again, bob)
    for wish, stored in ((say, sent), (edit, edited)):
        retried = await world.run(wish, bob)
        assert (retried.seq, retried.created_at, retried.duplicate) == (stored.seq, stored.created_at, True)
    with pytest.raises(KeyReused):
        await world.run(SendMessage(id=1, client_id=say.client_id, conversation_id=here, body="best"), bob)
    with pytest.raises(KeyReused):
        await world.run(Edit(id=1, client_id=edit.client_id, conversation_id=here, target_seq=sent.seq, body="x"), bob)
    react = React(id=1, client_id=uuid7(), conversation_id=here, target_seq=sent.seq, emoji="👍")
    reacted = await world.run(react, bob)
    delete = Delete(id=1, client_id=uuid7(), conversation_id=here, target_seq=sent.seq)
    deleted = await world.run(delete, bob)
    for wish, stored in ((say, sent), (edit, edited), (react, reacted), (delete, deleted)):
        retried = await world.run(wish, bob)
        assert (retried.seq, retried.created_at, retried.duplicate) == (stored.seq, stored.created_at, True)
    again_told: Stored = world.published[-2]
    assert again_told.duplicate


@pytest.mark.promise("D11")
async def test_a_delete_leaves_nothing_to_read_anywhere(world: Speaking, database: Database) -> None:
    ada, bob, here, seq = await a_group(world)
    secret = f"secret {uuid7()}"
    await world.do(Edit, bob, here, target_seq=seq, body=secret)
    edited: Sent = await world.do(Edit, bob, here, target_seq=seq, body=f"{secret} again")
    await world.do(React, ada, here, target_seq=seq, emoji="👍")
    await world.do(Pin, ada, here, target_seq=seq)
    deleted: Sent = await world.do(Delete, bob, here, target_seq=seq)
    message: MessageSent = await seen(world, ada, here, seq)
    assert message == MessageSent(
        conversation_id=here,
        seq=seq,
        sender_id=bob.user_id,
        device_id=bob.device_id,
        client_id=message.client_id,
        created_at=message.created_at,
        ordinal=1,
        body="",
        changed_seq=deleted.seq,
        deleted_seq=deleted.seq,
    )
    edit: MessageEdited = await seen(world, ada, here, edited.seq)
    assert (edit.body, edit.previous) == ("", "")
    async with database.read() as connection:
        tables = [row[0] for row in await (await connection.execute(TABLES)).fetchall()]
        for table in tables:
            asked = sql.SQL("select count(*) from {} t where t::text like %s").format(sql.Identifier(table))
            rows = await connection.execute(asked, [f"%{secret}%"])
            assert await rows.fetchone() == (0,), table
        rows = await connection.execute("select count(*) from reactions where conversation_id = %s", [here])
        assert await rows.fetchone() == (0,)
    for command, fields in ((Edit, {"body": "x"}), (React, {"emoji": "👍"}), (Pin, {}), (Delete, {})):
        with pytest.raises(Conflict) as refused:
            await world.do(command, bob if command is Edit else ada, here, target_seq=seq, **fields)
        assert refused.value.reason == "deleted"


async def test_who_deletes_what(world: Speaking) -> None:
    ada, bob, here, seq = await a_group(world)
    (carol,) = await world.people(1)
    await world.do(Invite, ada, here, user_ids=[carol.user_id])
    mine: Sent = await world.do(SendMessage, ada, here, body="the owner's")
    for somebody in (bob, carol):
        with pytest.raises(Forbidden):
            await world.do(Delete, somebody, here, target_seq=mine.seq)
    await world.do(SetRole, ada, here, user_id=carol.user_id, role=Role.ADMIN)
    await world.do(Delete, carol, here, target_seq=mine.seq)
    await world.do(Delete, bob, here, target_seq=seq)
    pair = await world.make(ada, DIRECT, bob)
    hers: Sent = await world.do(SendMessage, ada, pair, body="to you")
    with pytest.raises(Forbidden):
        await world.do(Delete, bob, pair, target_seq=hers.seq)


async def test_reactions_are_counted_by_kind_and_say_which_are_one_s_own(world: Speaking) -> None:
    ada, bob, here, seq = await a_group(world)
    await custom_emoji(world.database, "party_parrot")
    for who, emoji in ((ada, "👍"), (bob, "❤️"), (bob, "👍"), (ada, ":party_parrot:")):
        await world.do(React, who, here, target_seq=seq, emoji=emoji)
    assert (await seen(world, ada, here, seq)).reactions == (
        ("👍", 2, True), (":party_parrot:", 1, True), ("❤️", 1, False),
    )  # fmt: skip
    with pytest.raises(Conflict) as twice:
        await world.do(React, ada, here, target_seq=seq, emoji="👍")
    assert twice.value.reason == "reacted"
    with pytest.raises(Conflict) as missing:
        await world.do(Unreact, ada, here, target_seq=seq, emoji="❤️")
    assert missing.value.reason == "not_reacted"
    await world.do(Unreact, ada, here, target_seq=seq, emoji="👍")
    last: Sent = await world.do(Unreact, ada, here, target_seq=seq, emoji=":party_parrot:")
    message = await seen(world, bob, here, seq)
    assert message.reactions == (("❤️", 1, True), ("👍", 1, True))
    assert message.changed_seq == last.seq


@pytest.mark.promise("L3")
async def test_counts_are_exact_when_everybody_reacts_and_votes_at_once(world: Speaking) -> None:
    ada, *others = await world.people(25)
    here = await world.make(ada, GROUP, *others)
    said: Sent = await world.do(SendMessage, ada, here, body="words")
    asked: Sent = await world.do(StartPoll, ada, here, question="which", options=["one", "other"])
    async with asyncio.TaskGroup() as tasks:
        for place, person in enumerate(others):
            tasks.create_task(world.do(React, person, here, target_seq=said.seq, emoji="👍"))
            tasks.create_task(world.do(Vote, person, here, target_seq=asked.seq, options=[place % 2]))
            tasks.create_task(world.do(SendMessage, person, here, body="meanwhile"))
    message, poll = await seen(world, ada, here, said.seq), await seen(world, ada, here, asked.seq)
    assert message.reactions == (("👍", len(others), False),)
    assert (poll.votes, poll.voters) == ((12, 12), 24)
    page: Page = await world.do(Fetch, ada, here, after=0, limit=200)
    assert [entry.seq for entry in page.entries] == list(range(1, 4 + 3 * len(others)))
    for state, kind in ((message, ReactionAdded), (poll, PollVoted)):
        assert state.changed_seq == max(entry.seq for entry in page.entries if isinstance(entry, kind))


async def test_a_message_takes_50_kinds_of_reactions(world: Speaking, database: Database) -> None:
    ada, bob, here, seq = await a_group(world)
    await custom_emoji(database, *(f"e{number}" for number in range(LIMITS.reaction_kinds)))
    for number in range(LIMITS.reaction_kinds):
        await world.do(React, ada, here, target_seq=seq, emoji=f":e{number}:")
    async with unchanged(database):
        with pytest.raises(Conflict) as full:
            await world.do(React, bob, here, target_seq=seq, emoji="👍")
        assert full.value.reason == "reaction_kinds"
    await world.do(React, bob, here, target_seq=seq, emoji=":e7:")
    assert (await seen(world, ada, here, seq)).reactions[0] == (":e7:", 2, True)


async def test_admins_pin_in_groups_and_both_in_a_pair(world: Speaking, database: Database) -> None:
    ada, bob, here, seq = await a_group(world)
    with pytest.raises(Forbidden):
        await world.do(Pin, bob, here, target_seq=seq)
    pinned: Sent = await world.do(Pin, ada, here, target_seq=seq)
    assert (await seen(world, bob, here, seq)).pinned_seq == pinned.seq
    with pytest.raises(Conflict) as twice:
        await world.do(Pin, ada, here, target_seq=seq)
    assert twice.value.reason == "pinned"
    await world.do(Unpin, ada, here, target_seq=seq)
    assert (await seen(world, bob, here, seq)).pinned_seq is None
    with pytest.raises(Conflict) as missing:
        await world.do(Unpin, ada, here, target_seq=seq)
    assert missing.value.reason == "not_pinned"
    pair = await world.make(ada, DIRECT, bob)
    said: Sent = await world.do(SendMessage, ada, pair, body="to you")
    await world.do(Pin, bob, pair, target_seq=said.seq)
    async with database.transaction() as connection:
        await connection.execute("update entries set pinned_seq = seq where conversation_id = %s and seq = 1", [here])
        for number in range(LIMITS.pins - 1):
            await connection.execute(
                "insert into entries (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, body,"
                " pinned_seq) values (%s, %s, 'message_sent', 1, 1, %s, now(), 'x', 1)",
                [here, 1_000 + number, uuid7()],
            )
    with pytest.raises(Conflict) as full:
        await world.do(Pin, ada, here, target_seq=seq)
    assert full.value.reason == "pins"


@pytest.mark.promise("I1")
async def test_who_has_left_sees_a_message_as_he_left_it_but_nothing_that_was_deleted(world: Speaking) -> None:
    ada, bob, here, _seq = await a_group(world)
    (eve,) = await world.people(1)
    await world.do(Invite, ada, here, user_ids=[eve.user_id])
    gone: Sent = await world.do(SendMessage, bob, here, body="gone")
    kept: Sent = await world.do(SendMessage, bob, here, body="kept")
    first: Sent = await world.do(Edit, bob, here, target_seq=kept.seq, body="edited before")
    await world.do(React, eve, here, target_seq=kept.seq, emoji="👍")
    await world.do(Leave, eve, here)
    await world.do(Edit, bob, here, target_seq=kept.seq, body="edited after")
    await world.do(Edit, bob, here, target_seq=kept.seq, body="edited later")
    await world.do(React, ada, here, target_seq=kept.seq, emoji="👍")
    await world.do(Pin, ada, here, target_seq=kept.seq)
    await world.do(Edit, bob, here, target_seq=gone.seq, body="edited and gone")
    await world.do(Delete, bob, here, target_seq=gone.seq)
    message: MessageSent = await seen(world, eve, here, kept.seq)
    assert (message.body, message.edited_seq, message.pinned_seq) == ("edited before", first.seq, None)
    assert message.reactions == (("👍", 1, True),)
    async with world.database.read() as connection:
        listed = store.conversation_of(await store.one_conversation(connection, eve.user_id, here))
    assert isinstance(listed.last, MessageSent)
    assert (listed.last.body, listed.last.edited_seq) == ("edited before", first.seq)
    deleted: MessageSent = await seen(world, eve, here, gone.seq)
    assert deleted.body == ""
    assert deleted.deleted_seq


@pytest.mark.promise("I1")
async def test_an_edit_tells_a_newcomer_nothing_of_a_message_from_before_his_time(world: Speaking) -> None:
    ada, bob, here, seq = await a_group(world)
    (eve,) = await world.people(1)
    await world.do(Invite, ada, here, user_ids=[eve.user_id])
    edited: Sent = await world.do(Edit, bob, here, target_seq=seq, body="of old times")
    edit: MessageEdited = await seen(world, eve, here, edited.seq)
    assert (edit.target_seq, edit.body, edit.previous) == (seq, "", "")
    assert (await seen(world, bob, here, edited.seq)).body == "of old times"
    with pytest.raises(NotFound):
        await world.do(React, eve, here, target_seq=seq, emoji="👍")


async def test_outsiders_and_readers_change_nothing(world: Speaking, database: Database) -> None:
    ada, bob, eve = await world.people(3)
    here = await world.make(ada, CHANNEL, bob, visibility=Visibility.PUBLIC)
    said: Sent = await world.do(SendMessage, bob, here, body="words")
    await world.do(Remove, ada, here, user_id=bob.user_id)
    async with unchanged(database):
        for who in (eve, bob):
            for command, fields in ((React, {"emoji": "👍"}), (Edit, {"body": "x"}), (Delete, {}), (Pin, {})):
                with pytest.raises(ChatError) as refused:
                    await world.do(command, who, here, target_seq=said.seq, **fields)
                assert refused.value.code == "forbidden"


@pytest.mark.promise("D5")
@pytest.mark.parametrize("where", [{}, {"broadcast": True}], ids=["main timeline", "reply that stands there too"])
async def test_who_was_mentioned_in_what_is_deleted_has_no_mention_left(world: Speaking, where: dict[str, Any]) -> None:
    ada, bob, here, seq = await a_group(world)
    thread = {"thread_seq": seq, **where} if where else {}
    said = await world.do(SendMessage, ada, here, body="you there", mentions=(UserId(0), bob.user_id), **thread)
    assert await mentions_of(world, bob, here) == 1
    await world.do(Delete, ada, here, target_seq=said.seq)
    assert await mentions_of(world, bob, here) == 0


async def mentions_of(world: Speaking, reader: Sender, here: ConversationId) -> int:
    async with world.database.read() as connection:
        (answer,) = await heads(connection, [HeadsAsk(reader.user_id, None)])
    return next(row.mentions for row in answer.rows if row.conversation_id == here)
