"""Pages of the log: each form of fetch, and nobody sees a seq outside what he may read."""

from datetime import datetime, timedelta, timezone

import psycopg
import pytest

from scenarios.log_world import Room, add, appending, open_room, remove, rename, send_together, somebody
from seriatim.core.errors import Forbidden, NotFound
from seriatim.core.ids import ConversationId
from seriatim.log.access import Action, authorize
from seriatim.log.draft import Change
from seriatim.log.epoch import epoch
from seriatim.log.read import compare, page
from seriatim.log.record import recorded
from seriatim.protocol.answers import Page
from seriatim.protocol.commands import Fetch
from seriatim.protocol.entries import ConversationCreated, Entry, MemberAdded, MessageSent, SettingsChanged
from seriatim.protocol.fields import ConversationKind, EntryIdentity, Visibility
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from seriatim.storage.postgres.statements import counted

EAST = timedelta(hours=14)


async def talk(dsn: str, room: Room, count: int, *, who: Sender | int = 0) -> None:
    async with appending(dsn) as appender:
        await send_together(appender, [room.draft(who, f"message {n}") for n in range(count)])


async def fetch(database: Database, room: Room, who: Sender, *, limit: int = 50, **place: int) -> Page:
    async with database.read() as connection:
        access = await authorize(connection, who.user_id, room.conversation_id, Action.READ)
        asked = Fetch(id=7, conversation_id=room.conversation_id, limit=limit, **place)
        return await page(connection, access, asked, who.user_id, "an epoch")


def identity_of(entry: Entry) -> EntryIdentity:
    return entry.conversation_id, entry.seq, entry.client_id, entry.created_at


def seqs(found: Page) -> list[int]:
    return [entry.seq for entry in found.entries]


async def test_every_form_of_fetch_gives_a_range_oldest_first(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    await talk(postgres_dsn, room, 9)  # seq 2..10, after conversation_created
    cases: list[tuple[dict[str, int], list[int], bool]] = [
        ({}, [7, 8, 9, 10], False),
        ({"before": 7}, [3, 4, 5, 6], False),
        ({"before": 4}, [1, 2, 3], True),
        ({"before": 1}, [], True),
        ({"before": 99}, [7, 8, 9, 10], False),
        ({"after": 0}, [1, 2, 3, 4], False),
        ({"after": 6}, [7, 8, 9, 10], True),
        ({"after": 8}, [9, 10], True),
        ({"after": 10}, [], True),
        ({"around": 5}, [3, 4, 5, 6], False),
        ({"around": 1}, [1, 2, 3, 4], False),
        ({"around": 10}, [7, 8, 9, 10], False),
    ]
    for place, expected, complete in cases:
        found = await fetch(database, room, room.members[1], limit=4, **place)
        assert (place, seqs(found), found.complete) == (place, expected, complete)
        assert (found.head, found.first_kept, found.epoch, found.id) == (10, 1, "an epoch", 7)
    whole = await fetch(database, room, room.members[1], around=5)
    assert (seqs(whole), whole.complete) == (list(range(1, 11)), True)


async def test_entries_come_back_as_they_were_stored(postgres_dsn: str, database: Database) -> None:
    room, newcomer = await open_room(database), somebody()
    async with appending(postgres_dsn) as appender:
        message = await appender.append(room.draft(1, "grüße 🙂", target_seq=1))
    async with database.transaction() as connection:
        renamed = await rename(connection, room, "a name")
        added = await add(connection, room, newcomer)
    created, *rest = (await fetch(database, room, room.members[0])).entries
    assert isinstance(created, ConversationCreated)
    assert created.members == [one.user_id for one in room.members]
    assert rest == [message.entry, renamed.entry, added.entry]
    assert [type(entry) for entry in rest] == [MessageSent, SettingsChanged, MemberAdded]
    assert rest[0].created_at.tzinfo is not None


async def test_a_page_costs_two_statements_whatever_its_size(postgres_dsn: str, database: Database) -> None:
    room = await open_room(database)
    await talk(postgres_dsn, room, 100)
    for limit in (1, 10, 100):
        with counted() as statements:
            await fetch(database, room, room.members[0], limit=limit)
        assert dict(statements) == {"-- authorize": 1, "-- page": 1}


@pytest.mark.promise("I1")
async def test_a_newcomer_reads_from_his_own_entry_on_and_an_ex_member_up_to_where_he_left(
    postgres_dsn: str, database: Database
) -> None:
    room, newcomer = await open_room(database), somebody()
    await talk(postgres_dsn, room, 3)
    async with database.transaction() as connection:
        await add(connection, room, newcomer)  # seq 5
    await talk(postgres_dsn, room, 2, who=newcomer)
    async with database.transaction() as connection:
        await remove(connection, room, newcomer)  # seq 8
    await talk(postgres_dsn, room, 4)
    for place in ({}, {"before": 100}, {"after": 0}, {"around": 1}, {"around": 12}):
        found = await fetch(database, room, newcomer, **place)
        assert (seqs(found), found.head, found.first_kept, found.complete) == ([5, 6, 7, 8], 8, 5, True)
    assert seqs(await fetch(database, room, newcomer, after=8)) == []
    assert len(seqs(await fetch(database, room, room.members[0]))) == 12

    async with database.transaction() as connection:
        await add(connection, room, newcomer)  # seq 13
    assert seqs(await fetch(database, room, newcomer)) == [13]


@pytest.mark.promise("I1")
async def test_what_is_hidden_and_what_does_not_exist_answer_alike(database: Database) -> None:
    room, outsider = await open_room(database), somebody()
    async with database.read() as connection:
        heard: list[tuple[str, str | None]] = []
        for conversation_id in (room.conversation_id, ConversationId(room.conversation_id ^ 1)):
            for action in Action:
                with pytest.raises(NotFound) as refused:
                    await authorize(connection, outsider.user_id, conversation_id, action)
                heard.append((refused.value.message, refused.value.path))
    assert len(set(heard)) == 1


async def test_anybody_reads_and_joins_a_public_channel_and_does_nothing_else(
    postgres_dsn: str, database: Database
) -> None:
    room = await open_room(database, kind=ConversationKind.CHANNEL, visibility=Visibility.PUBLIC)
    await talk(postgres_dsn, room, 2)
    assert seqs(await fetch(database, room, somebody())) == [1, 2, 3]
    async with database.read() as connection:
        for action in set(Action) - {Action.LOOK, Action.READ, Action.JOIN}:
            with pytest.raises(Forbidden):
                await authorize(connection, somebody().user_id, room.conversation_id, action)
        await authorize(connection, somebody().user_id, room.conversation_id, Action.JOIN)


async def test_an_ex_member_may_only_read(database: Database) -> None:
    room = await open_room(database)
    gone = room.members[1]
    async with database.transaction() as connection:
        await remove(connection, room, gone)
        for action in set(Action) - {Action.LOOK, Action.READ}:
            with pytest.raises(Forbidden):
                await authorize(connection, gone.user_id, room.conversation_id, action)
        assert (await authorize(connection, gone.user_id, room.conversation_id, Action.READ)).role is None


async def test_compare_gives_the_equal_ones_that_the_asker_may_read(postgres_dsn: str, database: Database) -> None:
    room, hidden = await open_room(database), await open_room(database)
    async with appending(postgres_dsn) as appender:
        mine = (await appender.append(room.draft())).entry
        other = (await appender.append(hidden.draft())).entry
    asked = [identity_of(entry) for entry in (mine, other)]
    asked.append((room.conversation_id, 1, mine.client_id, mine.created_at))
    async with database.read() as connection:
        assert await compare(connection, room.members[1].user_id, asked) == asked[:1]
        assert await compare(connection, somebody().user_id, asked) == []
        assert await compare(connection, room.members[1].user_id, []) == []


@pytest.mark.promise("F6")
async def test_an_entry_of_another_time_is_not_equal_but_milliseconds_suffice(
    postgres_dsn: str, database: Database
) -> None:
    room = await open_room(database)
    async with appending(postgres_dsn) as appender:
        place = identity_of((await appender.append(room.draft())).entry)
    at = place[3]
    to_the_millisecond = (*place[:3], at.replace(microsecond=at.microsecond // 1_000 * 1_000))
    never = [datetime(year, 1, 1, tzinfo=timezone(hours)) for year in (1, 1970, 9_999) for hours in (EAST, -EAST)]
    later = (*place[:3], at + timedelta(milliseconds=1))
    async with database.read() as connection:
        asked = [later, to_the_millisecond, *((*place[:3], when) for when in never), place]
        assert await compare(connection, room.members[1].user_id, asked) == [to_the_millisecond, place]


async def test_the_epoch_stands_still_until_the_salt_changes(database: Database) -> None:
    async with database.transaction() as connection:
        before = await epoch(connection)
        assert before == await epoch(connection)
        await connection.execute("update epoch_salt set salt = 'another'")
        assert await epoch(connection) != before
        raise psycopg.Rollback


async def test_a_change_is_found_again_by_its_key(database: Database) -> None:
    room = await open_room(database)
    async with database.transaction() as connection:
        stored = await rename(connection, room)
    entry = stored.entry
    change = Change(
        room.conversation_id, room.members[0], entry.client_id, SettingsChanged, {"title": "a name"}, roster=False
    )
    async with database.read() as connection:
        again = await recorded(connection, change)
        assert again is not None
        assert (again.entry, again.roster_version, again.duplicate) == (entry, stored.roster_version, True)
