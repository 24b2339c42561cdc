"""How many statements a command costs: the numbers are listed, and N members or entries change nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from pictures import custom_emoji
from seriatim.core.clock import SystemClock
from seriatim.core.ids import uuid7
from seriatim.features.conversations import store
from seriatim.features.own import store as own_store
from seriatim.features.own.draft import save_draft
from seriatim.features.own.set_mine import set_mine
from seriatim.features.presence.set_presence import set_presence
from seriatim.features.receipts.read_all import read_all
from seriatim.log.access import Action, authorize
from seriatim.log.own.unreads import unreads_page, with_entries
from seriatim.log.threads.followers import followers_page
from seriatim.log.threads.lists import NEWEST, followed_page, threads_page
from seriatim.protocol.commands import (
    AnyCommand,
    ClosePoll,
    Compare,
    Create,
    Delete,
    Edit,
    Fetch,
    Forward,
    Invite,
    Join,
    Leave,
    Pin,
    React,
    Read,
    Remove,
    SendMessage,
    SetPresence,
    SetRole,
    SetSettings,
    StartPoll,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.fields import ChosenState, ConversationKind, Role, Visibility
from seriatim.protocol.http.requests import tag_of
from seriatim.protocol.own.commands import ReadAll, SaveDraft, SetMine
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.statements import counted
from speaking import Speaking, speaking

DIRECT, GROUP, CHANNEL = ConversationKind
Verb = Callable[[Speaking, int], Awaitable[Callable[[], Awaitable[Any]]]]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Speaking]:
    async with speaking(database) as world:
        yield world


async def a_channel(world: Speaking, count: int) -> tuple[Any, ...]:
    """Return a public channel of its owner, `count` members and so many messages, and somebody who is not in it."""
    ada, outsider, *members = await world.people(count + 2)
    channel = await world.make(ada, CHANNEL, *members, visibility=Visibility.PUBLIC)
    for _ in range(count):
        await world.do(SendMessage, ada, channel, body="x")
    return ada, outsider, members, channel


async def creating(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *others = await world.people(count + 1)
    return lambda: world.make(ada, GROUP, *others)


async def creating_again(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *others = await world.people(count + 1)
    wish = Create(id=1, client_id=uuid7(), kind=GROUP, members=[other.user_id for other in others])
    await world.run(wish, ada)
    return lambda: world.run(wish, ada)


async def creating_a_pair(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *others = await world.people(count + 1)
    for other in others[1:]:
        await world.make(ada, DIRECT, other)
    return lambda: world.make(others[0], DIRECT, ada)


def on_the_channel(command: type[Any], who: str, **fields: Any) -> Verb:
    async def ready(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
        ada, outsider, members, channel = await a_channel(world, count)
        people = {"owner": ada, "outsider": outsider, "member": members[0]}
        named = {name: people[value].user_id if name == "user_id" else value for name, value in fields.items()}
        return lambda: world.do(command, people[who], channel, **named)

    return ready


async def inviting(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *others = await world.people(count + 1)
    channel = await world.make(ada, CHANNEL)
    named = [other.user_id for other in others]
    return lambda: world.do(Invite, ada, channel, user_ids=named)


async def comparing(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, _, _, channel = await a_channel(world, 1)
    entries = [(channel, seq + 1, uuid7(), datetime.now(UTC)) for seq in range(count)]
    return lambda: world.run(Compare(id=1, entries=entries), ada)


async def reading(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    _, _, members, channel = await a_channel(world, count)

    async def all_at_once() -> None:
        async with asyncio.TaskGroup() as tasks:
            for member in members:
                tasks.create_task(world.do(Read, member, channel, seq=count))

    return all_at_once


async def reading_all(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *others = await world.people(count + 1)
    for other in others:
        await world.do(SendMessage, other, await world.make(ada, DIRECT, other), body="x")
    rows: list[Any] = []

    async def told(_moved: Any) -> None:
        pass

    async def act() -> None:
        await read_all(ReadAll(id=1), ada, world.database, lambda _user_id, found: rows.extend(found), told)
        assert len(rows) == count

    return act


async def drafting(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    _, _, members, channel = await a_channel(world, count)

    async def keep(thread_seq: int | None) -> None:
        wish = SaveDraft(id=1, conversation_id=channel, thread_seq=thread_seq, text="x", changed_at=datetime.now(UTC))
        await save_draft(wish, members[0], world.database, lambda *_: None)

    for thread_seq in range(1, count + 1):
        await keep(thread_seq)
    return lambda: keep(None)


async def setting_mine(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    _, _, members, channel = await a_channel(world, count)
    wish = SetMine(id=1, conversation_id=channel, pinned=True, hidden=True, marked_unread=True)
    return lambda: set_mine(wish, members[0], world.database, lambda *_: None)


async def choosing_presence(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *others = await world.people(count + 1)
    for other in others:
        await world.make(ada, DIRECT, other)
    wish = SetPresence(id=1, state=ChosenState.DO_NOT_DISTURB)
    return lambda: set_presence(wish, ada, world.database, SystemClock())


async def listing_conversations(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *others = await world.people(count + 1)
    for other in others:
        place = await world.make(ada, DIRECT, other)
        await world.do(SendMessage, other, place, body="x")

    async def page() -> None:
        async with world.database.read() as connection:
            rows = await store.conversations_page(connection, ada.user_id, store.NEWEST, 200)
        assert len(rows) == count

    return page


async def listing_channels(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, *_ = await world.people(1)
    for number in range(count):
        await world.make(ada, CHANNEL, title=f"{ada.user_id} {number}", visibility=Visibility.PUBLIC)

    async def page() -> None:
        async with world.database.read() as connection:
            rows = await store.channels_page(connection, ada.user_id, str(ada.user_id), store.FIRST_TITLE, 200)
        assert len(rows) == count

    return page


async def listing_members(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, _, _, channel = await a_channel(world, count)

    async def page() -> None:
        async with world.database.read() as connection:
            await authorize(connection, ada.user_id, channel, Action.READ)
            assert len(await store.members_page(connection, channel, 0, 200)) == count + 1

    return page


CROWD = """
insert into reactions (conversation_id, seq, emoji, user_id, reaction_seq)
select %(here)s, %(seq)s, '👍', n, 1 from generate_series(1, %(count)s) n;
insert into reaction_counts values (%(here)s, %(seq)s, '👍', %(count)s);
insert into entries (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, target_seq, body, outcome)
select %(here)s, 1000 + n, 'message_edited', 1, 1, gen_random_uuid(), now(), %(seq)s, 'x', '{"previous": "y"}'
from generate_series(1, %(count)s) n;
insert into entries (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, body, pinned_seq)
select %(here)s, 5000 + n, 'message_sent', 1, 1, gen_random_uuid(), now(), 'x', n
from generate_series(1, %(count)s - 1) n;
insert into poll_votes (conversation_id, seq, user_id, options)
select %(here)s, %(poll)s, n, '{0}' from generate_series(1, %(count)s) n;
update polls set votes = array[%(count)s, 0], voters = %(count)s where conversation_id = %(here)s and seq = %(poll)s"""
POLL = {"question": "which", "options": ["one", "other"]}


def on_a_message(command: type[Any], *before: tuple[type[Any], dict[str, Any]], **fields: Any) -> Verb:
    """Act on a message or poll to which so many people have reacted, with so many edits, votes and pins beside it."""

    async def ready(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
        ada, *_ = await world.people(1)
        await custom_emoji(world.database, "parrot")
        here = await world.make(ada, GROUP)
        said = await world.do(SendMessage, ada, here, body="x")
        asked = await world.do(StartPoll, ada, here, **POLL)
        target = asked if command in (Vote, ClosePoll) else said
        async with world.database.transaction() as connection:
            named = {"here": here, "seq": said.seq, "poll": asked.seq, "count": count}
            for statement in CROWD.split(";"):
                await connection.execute(statement, named)
        for earlier, more in before:
            await world.do(earlier, ada, here, target_seq=target.seq, **more)
        if command is StartPoll:
            return lambda: world.do(command, ada, here, **fields)
        if command is Forward:
            source = {"source_conversation_id": here, "source_seq": said.seq}
            return lambda: world.do(command, ada, here, **source)
        return lambda: world.do(command, ada, here, target_seq=target.seq, **fields)

    return ready


async def a_thread(world: Speaking, count: int) -> tuple[Any, ...]:
    """Return a channel of its owner and one member, and a thread in it with `count` replies; both follow it."""
    ada, _, (bob, *_), channel = await a_channel(world, 1)
    root = await world.do(SendMessage, ada, channel, body="x")
    for _ in range(count):
        await world.do(SendMessage, bob, channel, body="x", thread_seq=root.seq)
    return ada, bob, channel, root


async def fetching_a_thread(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, _, channel, root = await a_thread(world, count)
    return lambda: world.do(Fetch, ada, channel, thread_seq=root.seq, limit=200)


async def reading_a_thread(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, bob, channel, root = await a_thread(world, count)

    async def both_at_once() -> None:
        async with asyncio.TaskGroup() as tasks:
            for who in (ada, bob):
                tasks.create_task(world.do(Read, who, channel, seq=root.seq + count, thread_seq=root.seq))

    return both_at_once


async def listing_threads(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, bob, channel, _ = await a_thread(world, 1)
    for _ in range(count - 1):
        root = await world.do(SendMessage, ada, channel, body="x")
        await world.do(SendMessage, bob, channel, body="x", thread_seq=root.seq)

    async def page() -> None:
        async with world.database.read() as connection:
            access = await authorize(connection, ada.user_id, channel, Action.READ)
            found = await threads_page(connection, access, channel, ada.user_id, before=10**9, limit=200)
        assert len(found) == count

    return page


async def listing_followers(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, _, channel, root = await a_thread(world, 1)
    people = [await world.person() for _ in range(count)]
    for person in people:
        await world.do(Join, person, channel)
        await world.do(SendMessage, person, channel, body="x", thread_seq=root.seq)

    async def page() -> None:
        async with world.database.read() as connection:
            await authorize(connection, ada.user_id, channel, Action.READ)
            found = await followers_page(connection, channel, root.seq, after=0, limit=200)
        assert len(found) == count + 2

    return page


async def listing_followed_threads(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, bob, channel, _ = await a_thread(world, 1)
    for _ in range(count - 1):
        root = await world.do(SendMessage, ada, channel, body="x")
        await world.do(SendMessage, bob, channel, body="x", thread_seq=root.seq)

    async def page() -> None:
        async with world.database.read() as connection:
            assert len(await followed_page(connection, bob.user_id, NEWEST, 200, only_unread=False)) == count

    return page


async def listing_unreads(world: Speaking, count: int) -> Callable[[], Awaitable[Any]]:
    ada, bob = await world.people(2)
    for _ in range(count):
        here = await world.make(ada, GROUP, bob)
        await world.do(SendMessage, ada, here, body="x")

    async def page() -> None:
        async with world.database.read() as connection:
            found = await unreads_page(connection, bob.user_id, own_store.NEWEST[:2], 200)
            told = await with_entries(connection, bob.user_id, found)
        assert [len(one.entries) for one in told] == [1] * count

    return page


OPENING = {"-- lock conversation": 1, "-- recorded": 1, "-- authorize": 1}
"""Every verb: the lock, its own key, its rights."""
RECORD = {"-- record": 1}
COSTS: dict[str, tuple[Verb, dict[str, int]]] = {
    "create": (
        creating,
        {"-- recorded": 1, "-- candidates": 1, "-- create conversation": 1, "-- add founders": 1} | RECORD,
    ),
    "create again": (creating_again, {"-- recorded": 1}),
    "create a pair": (
        creating_a_pair,
        {
            "-- recorded": 1,
            "-- candidates": 1,
            "-- lock pair": 1,
            "-- pair": 1,
            "-- create conversation": 1,
            "-- add founders": 1,
            "-- keep pair": 1,
            "-- shut pair": 1,
        }
        | RECORD,
    ),
    "join": (on_the_channel(Join, "outsider"), OPENING | {"-- add members": 1} | RECORD),
    "leave": (
        on_the_channel(Leave, "member"),
        OPENING | {"-- owner count": 1, "-- leave member": 1, "-- keep left view": 1} | RECORD,
    ),
    "invite": (inviting, OPENING | {"-- candidates": 1, "-- add members": 1} | RECORD),
    "remove": (
        on_the_channel(Remove, "owner", user_id="member"),
        OPENING | {"-- member": 1, "-- leave member": 1, "-- keep left view": 1, "-- audited": 1} | RECORD,
    ),
    "set role": (
        on_the_channel(SetRole, "owner", user_id="member", role=Role.ADMIN),
        OPENING | {"-- member": 1, "-- owner count": 1, "-- set role": 1, "-- audited": 1} | RECORD,
    ),
    "set settings": (
        on_the_channel(SetSettings, "owner", title="x"),
        OPENING | {"-- set settings": 1, "-- audited": 1} | RECORD,
    ),
    "edit": (on_a_message(Edit, body="other"), OPENING | {"-- target": 1, "-- edit": 1} | RECORD),
    "delete": (on_a_message(Delete), OPENING | {"-- target": 1, "-- delete": 1} | RECORD),
    "react": (on_a_message(React, emoji="👍"), OPENING | {"-- target": 1, "-- react": 1} | RECORD),
    "react with a custom emoji": (
        on_a_message(React, emoji=":parrot:"),
        OPENING | {"-- target": 1, "-- is emoji": 1, "-- react": 1} | RECORD,
    ),
    "unreact": (
        on_a_message(Unreact, (React, {"emoji": "👍"}), emoji="👍"),
        OPENING | {"-- target": 1, "-- unreact": 1} | RECORD,
    ),
    "pin": (on_a_message(Pin), OPENING | {"-- target": 1, "-- pin count": 1, "-- set pin": 1} | RECORD),
    "unpin": (on_a_message(Unpin, (Pin, {})), OPENING | {"-- target": 1, "-- set pin": 1} | RECORD),
    "start poll": (
        on_a_message(StartPoll, **POLL),
        OPENING | {"-- time left": 1, "-- wait": 1, "-- start poll": 1} | RECORD,
    ),
    "vote": (on_a_message(Vote, options=[1]), OPENING | {"-- target": 1, "-- poll": 1, "-- vote": 1} | RECORD),
    "close poll": (on_a_message(ClosePoll), OPENING | {"-- target": 1, "-- poll": 1, "-- close poll": 1} | RECORD),
    "forward": (on_a_message(Forward), {"-- forwarded": 1, "-- authorize": 1, "-- source": 1}),
    "fetch": (on_the_channel(Fetch, "member", limit=200), {"-- authorize": 1, "-- page": 1}),
    "fetch at": (
        on_the_channel(Fetch, "member", limit=200, at=datetime(2026, 1, 1, tzinfo=UTC)),
        {"-- authorize": 1, "-- seq at": 1, "-- page": 1},
    ),
    "fetch a thread": (fetching_a_thread, {"-- authorize": 1, "-- thread page": 1}),
    "read a thread": (reading_a_thread, {"-- move thread read": 1}),
    "list threads": (listing_threads, {"-- authorize": 1, "-- threads page": 1, "-- thread roots": 1}),
    "list followers": (listing_followers, {"-- authorize": 1, "-- followers page": 1}),
    "list followed threads": (listing_followed_threads, {"-- followed threads page": 1, "-- seen entries": 1}),
    "compare": (comparing, {"-- compare": 1}),
    "read": (reading, {"-- move marks": 1}),
    "read all": (
        reading_all,
        {"-- unread conversations": 1, "-- move marks": 1, "-- unmark": 1, "-- head rows": 1},
    ),
    "draft": (drafting, {"-- authorize": 1, "-- save draft": 1}),
    "set mine": (setting_mine, {"-- set mine": 1}),
    "set presence": (choosing_presence, {"-- choose presence": 1}),
    "list unreads": (listing_unreads, {"-- unreads page": 1, "-- seen entries": 1}),
    "list conversations": (listing_conversations, {"-- conversations page": 1}),
    "list channels": (listing_channels, {"-- channels page": 1}),
    "list members": (listing_members, {"-- authorize": 1, "-- members page": 1}),
}


ELSEWHERE = {"hello", "ping", "focus", "typing", "renew", "received", "slash", "answer slash", "send"}
"""Sends are counted below, `hello` in test_opening; the others read nothing, or one row that a bot has left."""


def test_every_command_has_its_cost_listed() -> None:
    assert {tag_of(command).replace("_", " ") for command in get_args(AnyCommand)} <= ELSEWHERE | set(COSTS)


@pytest.mark.parametrize("count", [1, 10, 100])
@pytest.mark.parametrize("verb", COSTS)
async def test_a_command_costs_what_is_listed_whatever_n_is(world: Speaking, verb: str, count: int) -> None:
    ready, cost = COSTS[verb]
    act = await ready(world, count)
    with counted() as statements:
        await act()
    assert dict(statements) == cost


async def test_a_send_costs_no_statement_of_its_own_but_its_batch(world: Speaking) -> None:
    ada, _, _, channel = await a_channel(world, 10)
    with counted() as statements:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(100):
                tasks.create_task(world.do(SendMessage, ada, channel, body="x"))
    assert not statements, "append has a connection of its own; its batches are counted by the trace"
