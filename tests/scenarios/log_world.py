"""What the log's scenarios share: rooms with members, an appender that runs, and ways to look behind it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId, DeviceId, UserId, random_id
from seriatim.log import roster
from seriatim.log.append import Appender
from seriatim.log.draft import Change, Draft, Extras, Stored
from seriatim.log.record import record
from seriatim.protocol.entries import ConversationCreated, MemberAdded, MemberLeft, SettingsChanged
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

DEADLINE_S = 20.0


class Room(NamedTuple):
    """A conversation and its founders."""

    conversation_id: ConversationId
    members: list[Sender]

    def draft(
        self,
        who: Sender | int = 0,
        body: str = "hi",
        *,
        client_id: UUID | None = None,
        target_seq: int | None = None,
        extras: Extras | None = None,
    ) -> Draft:
        """Return a message of this member (or anybody) in this room."""
        sender = self.members[who] if isinstance(who, int) else who
        key = client_id or uuid4()
        return Draft(self.conversation_id, sender.user_id, sender.device_id, key, body, target_seq, None, extras)


def somebody() -> Sender:
    """Return a user nobody knows yet."""
    return Sender(UserId(random_id()), DeviceId(random_id()))


async def open_room(
    database: Database,
    members: int = 2,
    *,
    kind: ConversationKind = ConversationKind.GROUP,
    visibility: Visibility = Visibility.PRIVATE,
) -> Room:
    """Create a conversation; its first entry has seq 1."""
    room = Room(ConversationId(random_id()), [somebody() for _ in range(members)])
    founders = [(one.user_id, Role.OWNER if one is room.members[0] else Role.MEMBER) for one in room.members]
    async with database.transaction() as connection:
        await roster.create_conversation(
            connection, room.conversation_id, kind=kind, visibility=visibility, title=None, founders=founders
        )
        content = {
            "conversation_kind": kind,
            "visibility": visibility,
            "members": [one.user_id for one in room.members],
        }
        await record(
            connection,
            Change(room.conversation_id, room.members[0], uuid4(), ConversationCreated, content, roster=True),
        )
    return room


async def rename(connection: Connection, room: Room, title: str = "a name", *, client_id: UUID | None = None) -> Stored:
    """Record an entry that does not count as unread, in the caller's transaction."""
    change = Change(
        room.conversation_id, room.members[0], client_id or uuid4(), SettingsChanged, {"title": title}, roster=False
    )
    return await record(connection, change)


async def add(connection: Connection, room: Room, who: Sender) -> Stored:
    """Let the owner invite somebody."""
    conversation = await roster.lock(connection, room.conversation_id)
    await roster.add_members(connection, conversation, [who.user_id], Role.MEMBER)
    content = {"user_id": who.user_id, "role": Role.MEMBER}
    return await record(
        connection, Change(room.conversation_id, room.members[0], uuid4(), MemberAdded, content, roster=True)
    )


async def remove(connection: Connection, room: Room, who: Sender) -> Stored:
    """Let the owner remove somebody."""
    conversation = await roster.lock(connection, room.conversation_id)
    await roster.leave_member(connection, room.conversation_id, who.user_id, conversation.last_seq + 1)
    change = Change(room.conversation_id, room.members[0], uuid4(), MemberLeft, {"user_id": who.user_id}, roster=True)
    return await record(connection, change)


def _unheard(_stored: list[Stored]) -> None:
    pass


@asynccontextmanager
async def appending(
    dsn: str, committed: Callable[[list[Stored]], None] = _unheard, *, batch: int = 1_000
) -> AsyncGenerator[Appender]:
    """Run an appender of one's own."""
    appender = Appender(dsn, committed, batch=batch)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(appender.run())
        try:
            yield appender
        finally:
            running.cancel()


Outcome = Stored | ChatError


class Ear:
    """A waiter that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def stored(self, stored: Stored) -> None:
        self.heard.set_result(stored)  # a second call raises: exactly one is promised

    def refused(self, error: ChatError) -> None:
        self.heard.set_result(error)


async def send_together(appender: Appender, drafts: Iterable[Draft]) -> list[Outcome]:
    """Submit drafts in one tick, so that they are one batch, and return what became of each."""
    ears: list[Ear] = []
    for draft in drafts:
        ears.append(Ear())
        appender.submit(draft, ears[-1])
    async with asyncio.timeout(DEADLINE_S):
        return [await ear.heard for ear in ears]


async def until(condition: Callable[[], Awaitable[bool]], deadline_s: float = DEADLINE_S) -> None:
    """Wait until the condition holds; fails after the deadline."""
    async with asyncio.timeout(deadline_s):
        while not await condition():
            await asyncio.sleep(0.01)


async def healthy(appender: Appender) -> bool:
    """Say whether the appender has a connection."""
    return appender.healthy


async def rows_of(connection: Connection, conversation_id: int) -> list[tuple[int, UUID, str | None]]:
    """Return (seq, client_id, body) of a conversation's entries, in order."""
    cursor = await connection.execute(
        "select seq, client_id, body from entries where conversation_id = %(id)s order by seq", {"id": conversation_id}
    )
    return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]


async def append_backend_waits(connection: Connection, event_type: str) -> bool:
    """Say whether a batch waits inside PostgreSQL: `Lock`, or `IPC` for a standby."""
    cursor = await connection.execute(
        "select 1 from pg_stat_activity where application_name = 'seriatim-append' and state = 'active'"
        " and wait_event_type = %(type)s",
        {"type": event_type},
    )
    return await cursor.fetchone() is not None


async def cancelled_a_wait_for_the_standby(connection: Connection) -> bool:
    """End the waits of other connections' commits for a standby, as an impatient operator would."""
    cursor = await connection.execute(
        "select pg_cancel_backend(pid) from pg_stat_activity"
        " where wait_event = 'SyncRep' and application_name = 'seriatim-writing'"
    )
    return await cursor.fetchone() is not None


async def signal_append_backend(dsn: str, function: str) -> None:
    """Call pg_cancel_backend or pg_terminate_backend on every append connection."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            sql.SQL("select {}(pid) from pg_stat_activity where application_name = 'seriatim-append'").format(
                sql.Identifier(function)
            )
        )
