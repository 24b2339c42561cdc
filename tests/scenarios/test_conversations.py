"""Conversations on a real database: founded once, joined, left and listed, each as a committed entry."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from seriatim.core.errors import ChatError, Conflict, KeyReused, NotFound
from seriatim.core.ids import ConversationId, UserId, random_id, uuid7
from seriatim.features.conversations import store
from seriatim.log.access import Action, authorize
from seriatim.protocol.answers import FLAG_LEFT, Sent
from seriatim.protocol.commands import (
    Command,
    Create,
    Fetch,
    Invite,
    Join,
    Leave,
    Remove,
    SendMessage,
    SetRole,
    SetSettings,
)
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.resources import Conversation
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, key, speaking

DIRECT, GROUP, CHANNEL = ConversationKind


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Speaking]:
    async with speaking(database) as world:
        yield world


async def seen(world: Speaking, sender: Sender, conversation_id: ConversationId) -> Conversation:
    async with world.database.read() as connection:
        return store.conversation_of(await store.one_conversation(connection, sender.user_id, conversation_id))


async def refused(
    world: Speaking, command: type[Command], sender: Sender, conversation_id: ConversationId, **fields: Any
) -> ChatError:
    with pytest.raises(ChatError) as refusal:
        await world.do(command, sender, conversation_id, **fields)
    return refusal.value


async def head(world: Speaking, sender: Sender, conversation_id: ConversationId) -> int:
    return (await world.do(Fetch, sender, conversation_id)).head


async def test_a_group_begins_with_its_founders_who_read_it_from_its_first_entry(world: Speaking) -> None:
    ada, bob, cat = await world.people(3)
    group = await world.make(ada, GROUP, bob, cat, title="Three")
    await world.do(SendMessage, ada, group, body="hi")
    for person, role in ((ada, Role.OWNER), (bob, Role.MEMBER), (cat, Role.MEMBER)):
        assert await world.history(person, group) == [(1, "conversation_created"), (2, "hi")]
        found = await seen(world, person, group)
        assert (found.title, found.role, found.member_count, found.roster_version) == ("Three", role, 3, 1)


@pytest.mark.promise("L2")
async def test_a_retried_create_finds_the_same_conversation(world: Speaking) -> None:
    ada, bob, cat = await world.people(3)
    wish = Create(id=1, client_id=uuid7(), kind=GROUP, title="Once", members=[bob.user_id])
    first = await world.run(wish, ada)
    again = await world.run(wish, ada)
    assert isinstance(first, Sent)
    assert isinstance(again, Sent)
    assert (again.conversation_id, again.seq, again.created_at) == (first.conversation_id, 1, first.created_at)
    assert (first.duplicate, again.duplicate) == (False, True)
    with pytest.raises(KeyReused):
        await world.run(Create(id=1, client_id=wish.client_id, kind=GROUP, title="Once", members=[cat.user_id]), ada)
    elsewhere = await world.run(wish, Sender(ada.user_id, cat.device_id))
    assert isinstance(elsewhere, Sent)
    assert elsewhere.conversation_id != first.conversation_id, "a key is a device's own"


@pytest.mark.promise("L2")
async def test_creates_that_race_with_one_key_make_one_conversation(world: Speaking) -> None:
    ada, bob = await world.people(2)
    wish = Create(id=1, client_id=uuid7(), kind=GROUP, members=[bob.user_id])
    async with asyncio.TaskGroup() as tasks:
        racing = [tasks.create_task(world.run(wish, ada)) for _ in range(4)]
    answers = [task.result() for task in racing]
    assert len({answer.conversation_id for answer in answers if isinstance(answer, Sent)}) == 1
    assert sorted(answer.duplicate for answer in answers if isinstance(answer, Sent)) == [False, True, True, True]


async def test_two_people_have_one_direct_conversation_whoever_begins(world: Speaking) -> None:
    ada, bob, cat = await world.people(3)
    first = await world.make(ada, DIRECT, bob)
    found = await world.run(Create(id=1, client_id=uuid7(), kind=DIRECT, members=[ada.user_id, bob.user_id]), bob)
    assert isinstance(found, Sent)
    assert (found.conversation_id, found.seq, found.duplicate) == (first, 1, True)
    assert await world.make(ada, DIRECT, cat) != first
    mine = await seen(world, ada, first)
    assert mine.other is not None
    assert (mine.other.user_id, mine.role, mine.member_count) == (bob.user_id, Role.MEMBER, 2)


async def test_both_sides_of_a_direct_conversation_that_begin_at_once_meet_in_it(world: Speaking) -> None:
    for _ in range(5):
        ada, bob = await world.people(2)
        async with asyncio.TaskGroup() as tasks:
            racing = [tasks.create_task(world.make(*pair)) for pair in ((ada, DIRECT, bob), (bob, DIRECT, ada)) * 2]
        assert len({task.result() for task in racing}) == 1


async def test_a_member_who_does_not_exist_is_named_and_nothing_is_made(world: Speaking) -> None:
    ada, bob = await world.people(2)
    nobody = UserId(random_id())
    with pytest.raises(NotFound) as refusal:
        await world.run(
            Create(id=1, client_id=uuid7(), kind=GROUP, members=[bob.user_id, ada.user_id, bob.user_id, nobody]), ada
        )
    assert refusal.value.path == "$.members[3]"
    async with world.database.read() as connection:
        assert await store.conversations_page(connection, ada.user_id, store.NEWEST, 10) == []
    group = await world.make(ada, GROUP)
    assert (await refused(world, Invite, ada, group, user_id=nobody)).path == "$.user_id"


async def test_who_is_invited_reads_what_follows_and_has_nothing_unread(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP)
    await world.do(SendMessage, ada, group, body="before")
    await world.do(Invite, ada, group, user_id=bob.user_id)
    assert (await seen(world, bob, group)).unread == 0
    await world.do(SendMessage, ada, group, body="after")
    assert await world.history(bob, group) == [(3, "member_added"), (4, "after")]
    assert (await seen(world, bob, group)).unread == 1


@pytest.mark.promise("I1")
async def test_an_ex_member_reads_up_to_where_he_left_also_through_the_lists(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob, title="Then")
    await world.do(SendMessage, ada, group, body="seen")
    await world.do(Leave, bob, group)
    await world.do(SendMessage, ada, group, body="unseen")
    await world.do(SetSettings, ada, group, title="Now", topic="secret")
    assert await world.history(bob, group) == [(1, "conversation_created"), (2, "seen"), (3, "member_left")]
    found = await seen(world, bob, group)
    assert (found.title, found.topic, found.member_count, found.head, found.flags) == ("Then", None, 1, 3, FLAG_LEFT)
    assert (found.unread, found.last and found.last.seq, found.role) == (0, 2, None)
    async with world.database.read() as connection:
        rows = await store.conversations_page(connection, bob.user_id, store.NEWEST, 10)
    assert [store.conversation_of(row) for row in rows] == [found]
    assert found.last_message_at == (await world.do(Fetch, ada, group)).entries[1].created_at


async def test_an_ex_member_who_is_invited_again_begins_anew(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    await world.do(Remove, ada, group, user_id=bob.user_id)
    await world.do(SendMessage, ada, group, body="meanwhile")
    await world.do(Invite, ada, group, user_id=bob.user_id, role=Role.ADMIN)
    await world.do(SendMessage, ada, group, body="again")
    assert await world.history(bob, group) == [(4, "member_added"), (5, "again")]
    found = await seen(world, bob, group)
    assert (found.role, found.unread, found.flags, found.member_count) == (Role.ADMIN, 1, 0, 2)


async def test_anybody_joins_a_public_channel_and_reads_it_whole(world: Speaking) -> None:
    ada, bob = await world.people(2)
    channel = await world.make(ada, CHANNEL, title="Open", visibility=Visibility.PUBLIC)
    await world.do(SendMessage, ada, channel, body="before")
    assert await world.history(bob, channel) == [(1, "conversation_created"), (2, "before")]
    await world.do(Join, bob, channel)
    await world.do(SendMessage, bob, channel, body="mine")
    assert [entry for _, entry in await world.history(bob, channel)][-2:] == ["member_added", "mine"]
    assert (await refused(world, Join, bob, channel)).reason == "already_member"


async def test_a_private_conversation_cannot_be_joined_and_looks_like_none(world: Speaking) -> None:
    ada, bob = await world.people(2)
    for kind in (GROUP, CHANNEL):
        hidden = await refused(world, Join, bob, await world.make(ada, kind))
        missing = await refused(world, Join, bob, ConversationId(random_id()))
        assert (hidden.code, hidden.message, hidden.path) == (missing.code, missing.message, missing.path)
        assert hidden.code == "not_found"


async def test_the_last_owner_hands_over_before_he_goes(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    assert (await refused(world, Leave, ada, group)).reason == "last_owner"
    assert (await refused(world, SetRole, ada, group, user_id=ada.user_id, role=Role.MEMBER)).reason == "last_owner"
    await world.do(SetRole, ada, group, user_id=bob.user_id, role=Role.OWNER)
    await world.do(SetRole, ada, group, user_id=ada.user_id, role=Role.MEMBER)
    await world.do(Leave, ada, group)
    await world.do(Leave, bob, group)
    assert (await seen(world, bob, group)).member_count == 0


async def test_owners_who_leave_at_once_leave_one_behind(world: Speaking) -> None:
    ada, bob, cat = await world.people(3)
    group = await world.make(ada, GROUP, bob, cat)
    await world.do(SetRole, ada, group, user_id=bob.user_id, role=Role.OWNER)

    async def goes(owner: Sender) -> bool:
        try:
            await world.do(Leave, owner, group)
        except Conflict:
            return False
        return True

    async with asyncio.TaskGroup() as tasks:
        going = [tasks.create_task(goes(owner)) for owner in (ada, bob)]
    assert sorted(task.result() for task in going) == [False, True]


@pytest.mark.promise("L2")
async def test_a_retry_finds_its_entry_whatever_became_of_the_membership(world: Speaking) -> None:
    ada, bob = await world.people(2)
    group = await world.make(ada, GROUP, bob)
    first = await world.do(Leave, bob, group, client_id=key(1))
    again = await world.do(Leave, bob, group, client_id=key(1))
    assert (again.seq, again.created_at, again.duplicate) == (first.seq, first.created_at, True)
    invited = await world.do(Invite, ada, group, client_id=key(2), user_id=bob.user_id)
    await world.do(Remove, ada, group, user_id=bob.user_id)
    assert (await world.do(Invite, ada, group, client_id=key(2), user_id=bob.user_id)).seq == invited.seq
    assert (await refused(world, Leave, ada, group, client_id=key(2))).code == KeyReused.code
    assert await head(world, ada, group) == 4, "retries made no entries"


async def test_a_full_conversation_takes_nobody_more(world: Speaking) -> None:
    ada, bob = await world.people(2)
    channel = await world.make(ada, CHANNEL, visibility=Visibility.PUBLIC)
    async with world.database.transaction() as connection:
        await connection.execute("update conversations set member_count = %s where id = %s", (LIMITS.members, channel))
    assert (await refused(world, Join, bob, channel)).reason == "full"
    assert (await refused(world, Invite, ada, channel, user_id=bob.user_id)).reason == "full"


async def test_settings_change_what_is_named_and_the_rest_stays(world: Speaking) -> None:
    ada = await world.person()
    channel = await world.make(ada, CHANNEL, title="Old")
    await world.do(SetSettings, ada, channel, topic="About")
    await world.do(SetSettings, ada, channel, title=" New ", visibility=Visibility.PUBLIC)
    found = await seen(world, ada, channel)
    assert (found.title, found.topic, found.visibility) == ("New", "About", Visibility.PUBLIC)
    assert found.roster_version == 1, "settings are no roster"
    await world.do(SetSettings, ada, channel, topic="")
    assert (await seen(world, ada, channel)).topic is None


async def test_rights_come_with_the_role_at_once(world: Speaking) -> None:
    ada, bob, cat = await world.people(3)
    group = await world.make(ada, GROUP, bob, cat)
    assert (await refused(world, Remove, bob, group, user_id=cat.user_id)).code == "forbidden"
    await world.do(SetRole, ada, group, user_id=bob.user_id, role=Role.ADMIN)
    assert (await refused(world, Remove, bob, group, user_id=ada.user_id)).code == "forbidden"
    assert (await refused(world, SetRole, bob, group, user_id=cat.user_id, role=Role.ADMIN)).code == "forbidden"
    assert (await refused(world, Invite, bob, group, user_id=(await world.person()).user_id, role=Role.OWNER)).code == (
        "forbidden"
    )
    await world.do(Remove, bob, group, user_id=cat.user_id)
    async with world.database.read() as connection:
        assert (await authorize(connection, cat.user_id, group, Action.READ)).role is None


async def test_the_list_pages_newest_first_and_shows_each_conversation_once(world: Speaking) -> None:
    ada, bob = await world.people(2)
    made = [await world.make(ada, GROUP, bob, title=str(number)) for number in range(5)]
    await world.do(SendMessage, bob, made[1], body="one")
    await world.do(SendMessage, bob, made[3], body="two")
    pages: list[ConversationId] = []
    after = store.NEWEST
    async with world.database.read() as connection:
        while rows := await store.conversations_page(connection, ada.user_id, after, 2):
            assert len(rows) <= 2
            pages += [row.conversation_id for row in rows]
            after = store.place_of(rows[-1])
    assert pages == [made[3], made[1], made[4], made[2], made[0]]
    found = await seen(world, ada, made[3])
    assert (found.unread, found.last and found.last.body) == (1, "two")
    assert (await seen(world, bob, made[3])).unread == 0


async def test_the_directory_finds_public_channels_by_the_beginning_of_their_title(world: Speaking) -> None:
    ada, bob = await world.people(2)
    word = f"Äpfel {random_id()}"
    for title in (f"{word} b", f"{word} a", f"{word} c"):
        await world.make(ada, CHANNEL, title=title, visibility=Visibility.PUBLIC)
    await world.make(ada, CHANNEL, title=f"{word} hidden")

    async def titles(name: str, limit: int = 2) -> list[str | None]:
        found: list[str | None] = []
        after = store.FIRST_TITLE
        async with world.database.read() as connection:
            while rows := await store.channels_page(connection, bob.user_id, name, after, limit):
                found += [row.title for row in rows]
                after = store.title_place_of(rows[-1])
        return found

    assert await titles(word.lower()) == [f"{word} a", f"{word} b", f"{word} c"]
    assert await titles(f"{word} B") == [f"{word} b"]
    assert await titles("%") == []


async def test_members_are_paged_by_id_and_only_the_present_ones(world: Speaking) -> None:
    ada, *others = await world.people(6)
    group = await world.make(ada, GROUP, *others)
    await world.do(Leave, others[0], group)
    present = sorted(person.user_id for person in (ada, *others[1:]))
    async with world.database.read() as connection:
        first = await store.members_page(connection, group, 0, 3)
        rest = await store.members_page(connection, group, first[-1].user_id, 3)
    assert [member.user_id for member in (*first, *rest)] == present
    assert {member.user_id: member.role for member in (*first, *rest)}[ada.user_id] is Role.OWNER
