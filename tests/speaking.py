"""People on a real database who speak through the features, as the gateway lets them: commands in, answers out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from seriatim.core.ids import ConversationId, DeviceId, UserId, random_id, uuid7
from seriatim.features.conversations.create import create
from seriatim.features.messages import rules
from seriatim.features.messages.compare import compare
from seriatim.features.messages.fetch import fetch
from seriatim.features.messages.forward import forward
from seriatim.features.receipts.marks import Marks
from seriatim.gateway.commands import VERBS
from seriatim.log.append import Appender
from seriatim.log.draft import Stored
from seriatim.log.watermarks import Mark
from seriatim.protocol.answers import Compared, Ok, OwnRead, Page, Sent
from seriatim.protocol.commands import (
    Command,
    Compare,
    Create,
    Fetch,
    Forward,
    Read,
    SendMessage,
)
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

SECRET = b"the secret of these tests"
EPOCH = "an epoch"


class Speaking:
    """Runs any command to its answer, and remembers the rest: the last entry stored, the read marks told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.published: list[Stored] = []
        self.told: list[tuple[UserId, DeviceId, OwnRead]] = []
        self.log = Appender(database.dsn, self.published.extend)
        self.moved: list[Mark] = []
        self.marks = Marks(
            database, lambda *told: self.told.append(told), self._moved, window_s=0.02, read_window_s=0.01
        )

    async def _moved(self, marks: Sequence[Mark]) -> None:
        self.moved.extend(marks)

    async def person(self, name: str | None = None) -> Sender:
        """Sign somebody up, on one device."""
        (sender,) = await self.people(1, name)
        return sender

    async def people(self, count: int, name: str | None = None) -> list[Sender]:
        """Sign up so many people at once."""
        people = [Sender(UserId(random_id()), DeviceId(random_id())) for _ in range(count)]
        now = datetime.now(UTC)
        async with self.database.transaction() as connection, connection.cursor() as cursor:
            await cursor.executemany(
                "insert into users (id, name, name_key, created_at) values (%s, %s, %s, %s)",
                [(user_id, name or f"p{user_id}", f"p{user_id}", now) for user_id, *_ in people],
            )
        return people

    async def run(self, command: Command, sender: Sender) -> Sent | Ok | Page | Compared:
        """Return the answer, as the integrated server's `commands` does."""
        match command:
            case Fetch():
                return await fetch(command, sender, self.database, EPOCH)
            case Compare():
                return await compare(command, sender, self.database, EPOCH)
            case Read():
                await self.marks.read(command, sender)
                return Ok(id=command.id)
            case SendMessage():
                stored = await self.log.append(rules.draft(command, sender))
            case Forward():
                found = await forward(command, sender, self.database)
                stored = found if isinstance(found, Stored) else await self.log.append(found)
            case Create():
                stored = await create(command, sender, self.database, SECRET)
                self.published.append(stored)
            case _:
                stored = await VERBS[type(command)](command, sender, self.database)
                self.published.append(stored)
        entry = stored.entry
        return Sent(
            id=command.id,
            conversation_id=entry.conversation_id,
            client_id=command.client_id,
            seq=entry.seq,
            created_at=entry.created_at,
            duplicate=stored.duplicate,
        )

    def listing(self, _sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection for a list, as the integrated server's `commands` does."""
        return self.database.read()

    def charge(self, _rate: str, _sender: Sender) -> None:
        """Take nothing: there are no rates here."""

    def changing(self, _sender: Sender, _rate: str = "change") -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, as the integrated server's `commands` does."""
        return self.database.transaction()

    async def make(self, owner: Sender, kind: ConversationKind, *members: Sender, **fields: Any) -> ConversationId:
        """Create a conversation and return its id."""
        if kind is ConversationKind.CHANNEL:
            fields.setdefault("title", "a channel")
        named = [member.user_id for member in members]
        sent = await self.run(Create(id=1, client_id=uuid7(), kind=kind, members=named, **fields), owner)
        assert isinstance(sent, Sent)
        return sent.conversation_id

    async def do(self, command: type[Command], sender: Sender, conversation_id: ConversationId, **fields: Any) -> Any:
        """Run a command on a conversation, with a fresh key where it has one."""
        if "client_id" in command.__struct_fields__:
            fields.setdefault("client_id", uuid7())
        return await self.run(command(id=1, conversation_id=conversation_id, **fields), sender)

    async def history(self, sender: Sender, conversation_id: ConversationId, **fields: Any) -> list[Any]:
        """Return the entries of a page as (seq, what)."""
        page: Page = await self.do(Fetch, sender, conversation_id, **({"limit": 200} | fields))
        return [(entry.seq, getattr(entry, "body", entry.__struct_config__.tag)) for entry in page.entries]


@asynccontextmanager
async def speaking(database: Database) -> AsyncIterator[Speaking]:
    """Run the parts that run for long while the block lasts."""
    world = Speaking(database)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(world.log.run()), tasks.create_task(world.marks.run())]
        async with asyncio.timeout(10):
            while not world.log.healthy:
                await asyncio.sleep(0.005)
        yield world
        for task in running:
            task.cancel()


def key(number: int) -> UUID:
    """Return a client_id that a test can name."""
    return UUID(int=number)
