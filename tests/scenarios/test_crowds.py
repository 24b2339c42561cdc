"""Among 10,000 members a command costs what it costs among ten: one transaction, as many statements, as many rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from seriatim.core.ids import DeviceId, UserId, random_id
from seriatim.log.lane.lane import Lane
from seriatim.protocol.commands import Delete, Edit, Fetch, Pin, React, Read, SendMessage, StartPoll, Vote
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database
from seriatim.storage.postgres.statements import counted
from speaking import Speaking, speaking

FEW, MANY = 10, 10_000
CROWD = """
with added as (
    insert into members (conversation_id, user_id, joined_seq)
    select %(here)s, n, 1 from generate_series(1, %(count)s) n
)
update conversations set member_count = member_count + %(count)s where id = %(here)s"""
# Rows of members, whichever transactions since then have written them.
WRITTEN = """
select count(*) from members where conversation_id = %(here)s and xmin::text::bigint >= %(since)s::bigint"""


class Cost(NamedTuple):
    """What one command cost."""

    statements: dict[str, int]
    transactions: int
    batches: int
    members_written: int


class Meter:
    """Counts what a process does with its database."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self._database = database
        self.transactions = self.batches = 0
        real, call = Database.transaction, Lane.call

        @asynccontextmanager
        async def transaction(database: Database) -> AsyncIterator[Connection]:
            self.transactions += 1
            async with real(database) as connection:
                yield connection

        def counting(lane: Lane, parameters: Any) -> None:
            self.batches += 1
            call(lane, parameters)

        monkeypatch.setattr(Database, "transaction", transaction)
        monkeypatch.setattr(Lane, "call", counting)

    async def cost(self, world: Speaking, command: type[Any], ada: Sender, here: Any, fields: dict[str, Any]) -> Cost:
        """Run a command and return what it cost."""
        since = await self._one("select pg_current_xact_id()::text", {})
        self.transactions = self.batches = 0
        with counted() as statements:
            await world.do(command, ada, here, **fields)
        spent = dict(statements), self.transactions, self.batches
        return Cost(*spent, await self._one(WRITTEN, {"here": here, "since": since}))

    async def _one(self, sql: Any, named: dict[str, Any]) -> Any:
        async with self._database.read() as connection:
            return (await (await connection.execute(sql, named)).fetchone() or (None,))[0]


async def costs(world: Speaking, database: Database, meter: Meter, count: int) -> dict[str, Cost]:
    """Return the cost of each command in a group of so many members."""
    (ada,) = await world.people(1)
    here = await world.make(ada, ConversationKind.GROUP)
    async with database.transaction() as connection:
        await connection.execute(CROWD, {"here": here, "count": count})
    said = await world.do(SendMessage, ada, here, body="x")
    poll = await world.do(StartPoll, ada, here, question="which", options=["one", "other"])
    wishes: list[tuple[type[Any], dict[str, Any]]] = [
        (SendMessage, {"body": "to all", "mentions": (0,)}),
        (SendMessage, {"body": "reply", "thread_seq": said.seq}),
        (Edit, {"target_seq": said.seq, "body": "y"}),
        (React, {"target_seq": said.seq, "emoji": "\N{THUMBS UP SIGN}"}),
        (Pin, {"target_seq": said.seq}),
        (Vote, {"target_seq": poll.seq, "options": [0]}),
        (Delete, {"target_seq": said.seq}),
        (Read, {"seq": poll.seq}),
        (Fetch, {"limit": 200}),
    ]
    member = Sender(UserId(1), DeviceId(random_id()))
    return {
        f"{command.__name__} {fields}": await meter.cost(
            world, command, member if command is Read else ada, here, fields
        )
        for command, fields in wishes
    }


async def test_a_command_among_10000_members_costs_what_it_costs_among_ten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter(database, monkeypatch)
    async with speaking(database) as world:
        few, many = [list((await costs(world, database, meter, count)).items()) for count in (FEW, MANY)]
    for (wish, among_few), (_, among_many) in zip(few, many, strict=True):
        assert among_many == among_few, wish
        assert among_many.transactions + among_many.batches <= 1, f"{wish}: one transaction"
        assert among_many.members_written <= 1, f"{wish}: never a row for each member"
