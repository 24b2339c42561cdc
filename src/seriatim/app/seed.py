"""Seeding: people with tokens, conversations and history, past the front door's limits, for benches and trials."""

from collections.abc import Iterator
from typing import LiteralString, NamedTuple

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seriatim.core.clock import Clock
from seriatim.core.ids import ConversationId, DeviceId, UserId, random_id, uuid7
from seriatim.features.accounts.tokens import Tokens
from seriatim.storage.postgres.database import Database


class Plan(NamedTuple):
    """What to make. Conversations take people from the front, round and round; the first member owns them."""

    people: int
    pairs: int = 0
    """Direct conversations of people 1+2, 3+4 ..."""
    groups: tuple[int, ...] = ()
    """Sizes of groups."""
    conversations_of_first: int = 0
    """Further groups, each of person 1 and one other: an account with a long list."""
    entries: int = 0
    """Messages in the last of the conversations made."""
    prefix: str = "person"
    """Names are `<prefix>-<number>`."""


class SeededPerson(msgspec.Struct, frozen=True):
    """Somebody with one device and its access token; there is no password."""

    user_id: UserId
    device_id: DeviceId
    name: str
    token: str


class SeededConversation(msgspec.Struct, frozen=True):
    """A conversation; `members` are places in `Seeded.people`."""

    conversation_id: ConversationId
    members: list[int]


class Seeded(msgspec.Struct, frozen=True):
    """What was made."""

    people: list[SeededPerson]
    conversations: list[SeededConversation]


COPY_USERS: LiteralString = "copy users (id, name, name_key, created_at) from stdin"
COPY_DEVICES: LiteralString = "copy devices (id, user_id, name, kind, created_at, last_seen_at) from stdin"
COPY_CONVERSATIONS: LiteralString = """
copy conversations (id, kind, visibility, title, roster_version, member_count, last_seq, last_ordinal, last_message_at)
from stdin"""
COPY_MEMBERS: LiteralString = "copy members (conversation_id, user_id, role, joined_seq) from stdin"
COPY_ENTRIES: LiteralString = """
copy entries (conversation_id, seq, sender_id, device_id, client_id, created_at, roster_version, kind, meta)
from stdin"""
COPY_PAIRS: LiteralString = "copy direct_pairs (low_user_id, high_user_id, conversation_id) from stdin"
HISTORY: LiteralString = """
insert into entries (conversation_id, seq, sender_id, device_id, client_id, created_at, ordinal, kind, body)
select %(conversation_id)s, n + 1, %(sender_id)s, %(device_id)s, gen_random_uuid(),
    %(now)s - (%(count)s - n) * interval '1 second', n, 'message_sent',
    'message ' || n || ' of a long conversation, about as long as people write'
from generate_series(%(first)s::bigint, %(last)s::bigint) n"""
RAISE_HEAD: LiteralString = """
update conversations set last_seq = %(count)s + 1, last_ordinal = %(count)s, last_message_at = %(now)s,
    head_xid = pg_current_xact_id()
where id = %(conversation_id)s"""
HISTORY_SLICE = 50_000


async def seed(plan: Plan, database: Database, tokens: Tokens, clock: Clock) -> Seeded:
    """Make what the plan says in one go per table; nothing is checked against limits, for there is no front door here.

    Raises:
        psycopg.errors.UniqueViolation: names of this prefix exist; take another one.
    """
    now = clock.now()
    people = [_person(plan.prefix, number, tokens) for number in range(1, plan.people + 1)]
    conversations = list(_conversations(plan))
    async with await AsyncConnection.connect(database.dsn) as connection:
        await _copy(connection, COPY_USERS, ((p.user_id, p.name, p.name.casefold(), now) for p in people))
        devices = ((p.device_id, p.user_id, "seeded", "seed", now, now) for p in people)
        await _copy(connection, COPY_DEVICES, devices)
        await _copy(
            connection,
            COPY_CONVERSATIONS,
            (
                (c.conversation_id, kind, "private", title, 1, len(c.members), 1, 0, now)
                for kind, title, c in conversations
            ),
        )
        await _copy(connection, COPY_MEMBERS, _members(conversations, people))
        await _copy(connection, COPY_ENTRIES, (_created(made, people, now) for made in conversations))
        await _copy(connection, COPY_PAIRS, _pairs(conversations, people))
        await connection.commit()
        if plan.entries and conversations:
            await _history(connection, conversations[-1][2], people, plan.entries, now)
        await connection.set_autocommit(True)
        await connection.execute("vacuum analyze")
    return Seeded(people, [conversation for _, _, conversation in conversations])


Made = tuple[str, str | None, SeededConversation]


def _person(prefix: str, number: int, tokens: Tokens) -> SeededPerson:
    user_id, device_id = UserId(random_id()), DeviceId(random_id())
    token, _ = tokens.issue(user_id, device_id)
    return SeededPerson(user_id, device_id, f"{prefix}-{number:06}", token)


def _conversations(plan: Plan) -> Iterator[Made]:
    def made(kind: str, title: str | None, members: list[int]) -> Made:
        return kind, title, SeededConversation(ConversationId(random_id()), members)

    for number in range(plan.pairs):
        first = 2 * number % plan.people
        yield made("direct", None, [first, first + 1])
    for number, size in enumerate(plan.groups):
        yield made("group", f"Group {number + 1}", [place % plan.people for place in range(size)])
    for number in range(plan.conversations_of_first):
        yield made("group", f"Topic {number + 1}", [0, 1 + number % (plan.people - 1)])


def _members(conversations: list[Made], people: list[SeededPerson]) -> Iterator[tuple[object, ...]]:
    for kind, _, conversation in conversations:
        for rank, place in enumerate(conversation.members):
            role = "owner" if rank == 0 and kind != "direct" else "member"
            yield conversation.conversation_id, people[place].user_id, role, 1


def _created(made: Made, people: list[SeededPerson], now: object) -> tuple[object, ...]:
    kind, title, conversation = made
    owner = people[conversation.members[0]]
    meta = {
        "conversation_kind": kind,
        "visibility": "private",
        "title": title,
        "members": [people[place].user_id for place in conversation.members],
    }
    text = msgspec.json.encode(meta).decode()
    return (
        conversation.conversation_id,
        1,
        owner.user_id,
        owner.device_id,
        uuid7(),
        now,
        1,
        "conversation_created",
        text,
    )


def _pairs(conversations: list[Made], people: list[SeededPerson]) -> Iterator[tuple[object, ...]]:
    for kind, _, conversation in conversations:
        if kind == "direct":
            low, high = sorted(people[place].user_id for place in conversation.members)
            yield low, high, conversation.conversation_id


async def _copy(
    connection: AsyncConnection[TupleRow], statement: LiteralString, rows: Iterator[tuple[object, ...]]
) -> None:
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


async def _history(
    connection: AsyncConnection[TupleRow],
    conversation: SeededConversation,
    people: list[SeededPerson],
    count: int,
    now: object,
) -> None:
    owner = people[conversation.members[0]]
    named = {
        "conversation_id": conversation.conversation_id,
        "sender_id": owner.user_id,
        "device_id": owner.device_id,
        "now": now,
        "count": count,
    }
    for first in range(1, count + 1, HISTORY_SLICE):
        await connection.execute(HISTORY, {**named, "first": first, "last": min(first + HISTORY_SLICE - 1, count)})
        await connection.commit()
    await connection.execute(RAISE_HEAD, named)
    await connection.commit()
