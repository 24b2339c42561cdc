"""Threads and mentions on a real database: what counts where, what is refused, pages, lists and watermarks."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, LiteralString
from uuid import uuid4

import pytest

from rows import unchanged
from scenarios.log_world import Room, add, appending, open_room, remove, send_together, somebody
from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId, UserId
from seriatim.features.messages.fetch import fetch
from seriatim.log.access import Action, authorize
from seriatim.log.append import Appender
from seriatim.log.draft import Extras, Stored
from seriatim.log.heads import head_rows
from seriatim.log.threads.lists import NEWEST, followed_page, threads_page
from seriatim.log.threads.reads import follow, move_read
from seriatim.protocol.answers import Page
from seriatim.protocol.commands import Fetch, SendMessage
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

ADA, BOB, CYD = range(3)
ROOT = 2
"""The first message of every room here."""


@pytest.fixture
async def log(postgres_dsn: str) -> AsyncIterator[Appender]:
    async with appending(postgres_dsn) as appender:
        yield appender


@pytest.fixture
async def room(database: Database, log: Appender) -> Room:
    room = await open_room(database, 3)
    await log.append(room.draft(ADA, "the root"))
    return room


def in_thread(thread_seq: int = ROOT, *mentions: Sender, broadcast: bool = False) -> Extras:
    return Extras(thread_seq, broadcast, tuple(sorted(one.user_id for one in mentions)))


def mentioning(*user_ids: int) -> Extras:
    return Extras(mentions=tuple(UserId(user_id) for user_id in sorted(user_ids)))


async def reply(log: Appender, room: Room, who: int, extras: Extras | None = None) -> MessageSent:
    entry = (await log.append(room.draft(who, extras=extras or in_thread()))).entry
    assert isinstance(entry, MessageSent)
    return entry


async def sql(database: Database, statement: LiteralString, room: Room) -> list[Any]:
    async with database.transaction() as connection:
        cursor = await connection.execute(statement, {"id": room.conversation_id})
        return await cursor.fetchall() if cursor.description else []


async def counts(database: Database, room: Room, who: int) -> tuple[int, int]:
    """Return what is unread in the main timeline, and the mentions in it."""
    async with database.read() as connection:
        (row,) = await head_rows(connection, room.members[who].user_id, [room.conversation_id])
    return row.unread, row.mentions


async def followed(database: Database, who: Sender, *, only_unread: bool = False) -> list[tuple[int, int, int]]:
    """Return (root, unread, mentions) of the threads that he follows."""
    async with database.read() as connection:
        found = await followed_page(connection, who.user_id, NEWEST, 10, only_unread=only_unread)
    return [(thread.thread_seq, thread.unread, thread.mentions) for thread in found]


def refused(outcome: Stored | ChatError) -> tuple[str, str | None]:
    return (outcome.code, outcome.reason) if isinstance(outcome, ChatError) else ("stored", None)


async def test_a_reply_counts_in_its_thread_or_with_broadcast_in_the_main_timeline(
    database: Database, log: Appender, room: Room
) -> None:
    silent = await reply(log, room, BOB)
    loud = await reply(log, room, BOB, in_thread(broadcast=True))
    last = await reply(log, room, BOB)
    assert [silent.ordinal, loud.ordinal, last.ordinal] == [1, 2, 2]
    assert await counts(database, room, ADA) == (1, 0), "the one that stands in both"
    assert await counts(database, room, CYD) == (2, 0)
    assert await followed(database, room.members[ADA]) == [(ROOT, 2, 0)], "she wrote the root"
    assert await followed(database, room.members[BOB]) == [(ROOT, 0, 0)], "he replied"
    assert await followed(database, room.members[CYD]) == []


@pytest.mark.parametrize(
    ("thread_seq", "reason"),
    [(1, "no_such_thread"), (99, "no_such_thread"), (3, "nested_thread"), (4, "nested_thread")],
)
async def test_only_a_message_of_the_main_timeline_has_a_thread(
    database: Database, log: Appender, room: Room, thread_seq: int, reason: str
) -> None:
    await reply(log, room, BOB)
    await reply(log, room, BOB, in_thread(broadcast=True))
    async with unchanged(database):
        (outcome,) = await send_together(log, [room.draft(ADA, extras=in_thread(thread_seq))])
    assert refused(outcome) == ("bad_request", reason)
    assert isinstance(outcome, ChatError)
    assert outcome.path == "$.thread_seq"


async def test_a_root_from_before_ones_time_is_no_root_until_somebody_replies(
    database: Database, log: Appender, room: Room
) -> None:
    late = somebody()
    async with database.transaction() as connection:
        await add(connection, room, late)
    assert refused((await send_together(log, [room.draft(late, extras=in_thread())]))[0])[1] == "no_such_thread"
    await reply(log, room, ADA)
    assert refused((await send_together(log, [room.draft(late, extras=in_thread())]))[0]) == ("stored", None)


@pytest.mark.promise("L2")
@pytest.mark.parametrize("together", [False, True], ids=["stored before", "of one batch"])
@pytest.mark.parametrize(
    "other", [None, Extras(), in_thread(3), in_thread(broadcast=True), Extras(ROOT, mentions=(UserId(7),))]
)
async def test_a_key_with_another_thread_or_other_mentions_is_reused(
    log: Appender, room: Room, other: Extras | None, *, together: bool
) -> None:
    key = uuid4()
    await log.append(room.draft(ADA))
    drafts = [room.draft(BOB, client_id=key, extras=extras) for extras in (in_thread(), in_thread(), other)]
    outcomes = await send_together(log, drafts) if together else [(await send_together(log, [d]))[0] for d in drafts]
    assert [refused(one)[0] for one in outcomes] == ["stored", "stored", "key_reused"]
    assert [one.duplicate for one in outcomes if isinstance(one, Stored)] == [False, True]


async def test_a_mention_counts_for_present_members_and_is_kept_for_all(
    database: Database, log: Appender, room: Room
) -> None:
    outsider = somebody()
    async with database.transaction() as connection:
        await remove(connection, room, room.members[CYD])
    named = [room.members[who].user_id for who in (ADA, BOB, CYD)] + [outsider.user_id]
    entry = await reply(log, room, ADA, mentioning(*named))
    assert entry.mentions == tuple(sorted(named))
    assert await counts(database, room, BOB) == (2, 1)
    assert await counts(database, room, ADA) == (0, 0), "nobody mentions himself"
    rows = await sql(database, "select user_id from mentions where conversation_id = %(id)s", room)
    assert rows == [(room.members[BOB].user_id,)]
    await log.append(room.draft(BOB))
    assert await counts(database, room, BOB) == (0, 0), "who writes has read what stands above"


async def test_everybody_is_one_row_and_counts_once_whoever_is_named_besides(
    database: Database, log: Appender, room: Room
) -> None:
    await reply(log, room, ADA, mentioning(0, room.members[BOB].user_id))
    assert [await counts(database, room, who) for who in range(3)] == [(0, 0), (2, 1), (2, 1)]
    assert await sql(database, "select count(*) from mentions where conversation_id = %(id)s", room) == [(1,)]


@pytest.mark.parametrize(
    ("kind", "members", "who", "allowed"),
    [
        (ConversationKind.GROUP, 50, BOB, True),
        (ConversationKind.GROUP, 51, BOB, False),
        (ConversationKind.GROUP, 51, ADA, True),
        (ConversationKind.CHANNEL, 3, BOB, False),
        (ConversationKind.CHANNEL, 3, ADA, True),
        (ConversationKind.DIRECT, 2, BOB, True),
    ],
)
async def test_who_may_mention_everybody(
    database: Database, log: Appender, kind: ConversationKind, members: int, who: int, *, allowed: bool
) -> None:
    room = await open_room(database, members, kind=kind)
    (outcome,) = await send_together(log, [room.draft(who, extras=mentioning(0))])
    assert refused(outcome) == (("stored", None) if allowed else ("forbidden", "mention_all"))


async def test_everybody_is_mentioned_once_in_ten_minutes_also_in_one_batch(
    database: Database, log: Appender, room: Room
) -> None:
    first = room.draft(BOB, extras=mentioning(0))
    drafts = [first, room.draft(BOB, extras=mentioning(0)), room.draft(ADA, extras=mentioning(0)), room.draft(BOB)]
    outcomes = await send_together(log, drafts)
    assert [refused(one) for one in outcomes] == [
        ("stored", None),
        ("rate_limited", "mention_all"),
        ("stored", None),
        ("stored", None),
    ]
    (again,) = await send_together(log, [first])
    assert isinstance(again, Stored)
    assert again.duplicate, "a key comes first"
    (later,) = await send_together(log, [room.draft(BOB, extras=mentioning(0))])
    assert isinstance(later, ChatError)
    assert later.retry_after_ms is not None
    assert 590_000 < later.retry_after_ms <= 600_000
    earlier: LiteralString = """update members set all_mentioned_at = all_mentioned_at - interval '10 minutes'
        where conversation_id = %(id)s"""
    await sql(database, earlier, room)
    assert refused((await send_together(log, [room.draft(BOB, extras=mentioning(0))]))[0]) == ("stored", None)


LIMITS: dict[str, tuple[LiteralString, set[int]]] = {
    "archived": ("update conversations set archived_at = now() where id = %(id)s", {ADA, BOB}),
    "post_role": ("update conversations set post_role = 'admin' where id = %(id)s", {BOB}),
    "silenced": (
        "update members set silenced_until = 'infinity' where conversation_id = %(id)s and role = 'member'",
        {BOB},
    ),
}


@pytest.mark.parametrize("reason", LIMITS)
async def test_who_may_not_post_is_told_why_and_a_stored_key_comes_first(
    database: Database, log: Appender, room: Room, reason: str
) -> None:
    setting, silent = LIMITS[reason]
    before = room.draft(BOB)
    await log.append(before)
    await sql(database, setting, room)
    outcomes = await send_together(log, [room.draft(ADA), room.draft(BOB), before])
    told = [refused(one) for one in outcomes]
    assert told[:2] == [("forbidden", reason) if who in silent else ("stored", None) for who in (ADA, BOB)]
    assert told[2] == ("stored", None)


async def test_slow_mode_lets_members_wait_also_within_one_batch_and_in_threads(
    database: Database, log: Appender, room: Room
) -> None:
    await sql(database, "update conversations set slow_mode_s = 60 where id = %(id)s", room)
    drafts = [room.draft(BOB), room.draft(BOB), room.draft(CYD, extras=in_thread()), room.draft(ADA), room.draft(ADA)]
    outcomes = await send_together(log, drafts)
    assert [refused(one)[0] for one in outcomes] == ["stored", "forbidden", "stored", "stored", "stored"]
    (later,) = await send_together(log, [room.draft(CYD)])
    assert isinstance(later, ChatError)
    assert later.reason == "slow_mode"
    assert later.retry_after_ms is not None
    assert 50_000 < later.retry_after_ms <= 60_000
    passed: LiteralString = (
        "update members set sent_at = sent_at - interval '60 seconds' where conversation_id = %(id)s"
    )
    await sql(database, passed, room)
    assert refused((await send_together(log, [room.draft(CYD)]))[0]) == ("stored", None)


@pytest.mark.promise("D5")
async def test_a_threads_watermark_never_falls_and_takes_no_ordinal_of_the_main_timeline(
    database: Database, log: Appender, room: Room
) -> None:
    for _ in range(5):
        await log.append(room.draft(CYD))
    replies = [await reply(log, room, BOB, in_thread(ROOT, broadcast=loud)) for loud in (False, True, False, False)]
    here, ada = room.conversation_id, room.members[ADA].user_id
    for asked, stands, unread in [(replies[1], 1, 2), (replies[0], 1, 2), (replies[2], 2, 1), (replies[1], 2, 1)]:
        async with database.transaction() as connection:
            (mark,) = await move_read(connection, [(here, ROOT, ada, asked.seq)])
        assert (mark.read_seq, mark.unread) == (replies[stands].seq, unread)
        async with database.read() as connection:
            (thread,) = await followed_page(connection, ada, NEWEST, 10, only_unread=False)
        assert (thread.read, thread.unread) == (replies[stands].seq, unread)
    async with database.transaction() as connection:
        (mark,) = await move_read(connection, [(here, ROOT, ada, 10**6)])
    assert (mark.read_seq, mark.unread) == (replies[-1].seq, 0), "not past the last reply"


async def test_who_does_not_follow_reads_without_a_mark_and_outsiders_are_left_out(
    database: Database, log: Appender, room: Room
) -> None:
    last = await reply(log, room, BOB)
    here, cyd = room.conversation_id, room.members[CYD].user_id
    async with database.transaction() as connection:
        marks = await move_read(connection, [(here, ROOT, cyd, last.seq), (here, ROOT, somebody().user_id, last.seq)])
    assert [(mark.user_id, mark.read_seq, mark.unread) for mark in marks] == [(cyd, 0, 0)]


async def test_following_begins_with_nothing_unread_and_ends_when_one_says_so_or_leaves(
    database: Database, log: Appender, room: Room
) -> None:
    await reply(log, room, BOB)
    cyd = room.members[CYD]
    for following in (True, False, True):
        async with database.transaction() as connection:
            mark = await follow(connection, cyd.user_id, room.conversation_id, ROOT, following=following)
        assert mark is not None
        assert mark.unread == 0
        last = await reply(log, room, BOB)
        assert await followed(database, cyd) == ([(ROOT, 1, 0)] if following else [])
    async with database.transaction() as connection:
        mark = await follow(connection, cyd.user_id, room.conversation_id, ROOT, following=True)
    assert mark is not None
    assert (mark.read_seq, mark.unread) == (last.seq - 1, 1), "who follows already keeps his place"
    async with database.transaction() as connection:
        assert await follow(connection, cyd.user_id, room.conversation_id, 1, following=True) is None
        await remove(connection, room, cyd)
    assert await followed(database, cyd) == []
    async with database.transaction() as connection:
        assert await follow(connection, cyd.user_id, room.conversation_id, ROOT, following=True) is None


async def test_followed_threads_come_with_the_last_reply_first_in_pages(database: Database, log: Appender) -> None:
    room = await open_room(database, 2)
    roots = [(await reply(log, room, ADA, Extras())).seq for _ in range(5)]
    for root in (*roots, roots[1]):
        await reply(log, room, BOB, in_thread(root))
    await reply(log, room, ADA, in_thread(roots[4]))
    ada = room.members[ADA].user_id
    found: list[tuple[int, int, Any]] = []
    before: Any = NEWEST
    async with database.read() as connection:
        while page := await followed_page(connection, ada, before, 2, only_unread=False):
            found += [(one.thread_seq, one.unread, one.root and one.root.seq) for one in page]
            before = (page[-1].last_at, page[-1].conversation_id, page[-1].thread_seq)
    order = [roots[4], roots[1], roots[3], roots[2], roots[0]]
    assert found == [(root, {roots[4]: 0, roots[1]: 2}.get(root, 1), root) for root in order]
    assert [row[0] for row in await followed(database, room.members[ADA], only_unread=True)] == order[1:]


async def test_an_ex_member_sees_threads_as_he_left_them(database: Database, log: Appender, room: Room) -> None:
    other = (await reply(log, room, ADA, Extras())).seq
    await reply(log, room, BOB)
    await reply(log, room, BOB, in_thread(other))
    cyd = room.members[CYD].user_id
    async with database.transaction() as connection:
        await remove(connection, room, room.members[CYD])
    await reply(log, room, ADA)
    here = room.conversation_id
    async with database.read() as connection:
        access = await authorize(connection, cyd, here, Action.READ)
        found = await threads_page(connection, access, here, cyd, before=10**6, limit=10)
        assert [(one.thread_seq, one.count) for one in found] == [(other, 1)], "the other went on without him"
        for user_id, count in ((cyd, 1), (room.members[ADA].user_id, 2)):
            access = await authorize(connection, user_id, here, Action.READ)
            (root,) = [one for one in await _page(database, here, user_id) if one.seq == ROOT]
            assert root.thread.count == count


async def _page(database: Database, here: ConversationId, user_id: UserId, **asked: Any) -> list[Any]:
    return (await _fetched(database, here, user_id, **asked)).entries


async def _fetched(database: Database, here: ConversationId, user_id: UserId, **asked: Any) -> Page:
    return await fetch(Fetch(id=1, conversation_id=here, **asked), Sender(user_id, somebody().device_id), database, "e")


@pytest.mark.parametrize(
    ("asked", "places", "complete"),
    [
        ({}, [0, 1, 2, 3, 4], True),
        ({"limit": 2}, [3, 4], False),
        ({"limit": 5}, [0, 1, 2, 3, 4], True),
        ({"after": 0}, [0, 1, 2, 3, 4], True),
        ({"after": 2, "limit": 3}, [2, 3, 4], True),
        ({"after": 0, "limit": 4}, [0, 1, 2, 3], False),
        ({"before": 4, "limit": 2}, [2, 3], False),
        ({"before": 2}, [0, 1], True),
        ({"around": 2, "limit": 2}, [1, 2], False),
        ({"around": 2, "limit": 5}, [0, 1, 2, 3, 4], True),
    ],
)
async def test_a_page_of_a_thread_is_its_root_and_its_replies(
    database: Database, log: Appender, room: Room, asked: dict[str, int], places: list[int], *, complete: bool
) -> None:
    seqs = [ROOT]
    for loud in (False, True, False, False):
        await log.append(room.draft(CYD))
        seqs.append((await reply(log, room, BOB, in_thread(ROOT, broadcast=loud))).seq)
    named = {name: seqs[value] - (name == "after" and value == 0) for name, value in asked.items() if name != "limit"}
    if asked.get("after") == 2:
        named["after"] = seqs[1]
    limits = {"limit": asked["limit"]} if "limit" in asked else {}
    page = await _fetched(database, room.conversation_id, room.members[ADA].user_id, thread_seq=ROOT, **named, **limits)
    assert [entry.seq for entry in page.entries] == [seqs[place] for place in places]
    assert page.complete == complete
    assert page.thread_seq == ROOT


async def test_a_page_of_no_thread_is_empty(database: Database, room: Room) -> None:
    for seq in (1, 99):
        assert await _page(database, room.conversation_id, room.members[ADA].user_id, thread_seq=seq) == []


async def test_a_page_around_a_time_has_the_first_entry_of_then_or_later(database: Database) -> None:
    async with speaking(database) as world:
        ada = await world.person()
        here = await world.make(ada, ConversationKind.GROUP)
        for _ in range(40):
            await world.do(SendMessage, ada, here, body="x")
        everything = await _entries(world, ada, here, limit=200)
        for wanted in (everything[0], everything[17], everything[-1]):
            found = await _entries(world, ada, here, limit=2, at=wanted.created_at)
            assert wanted.seq in [entry.seq for entry in found]
            just_after = await _entries(world, ada, here, limit=1, at=wanted.created_at + timedelta(microseconds=1))
            assert [entry.seq for entry in just_after] == [min(wanted.seq + 1, everything[-1].seq)]
        long_ago = await _entries(world, ada, here, limit=2, at=everything[0].created_at - timedelta(days=9))
        assert [entry.seq for entry in long_ago] == [1, 2]


async def _entries(world: Speaking, who: Sender, here: ConversationId, **asked: Any) -> list[Any]:
    return (await world.do(Fetch, who, here, **asked)).entries
