"""Coming back to a whole server: slow commits, many conversations, own reading elsewhere, what happens meanwhile."""

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any

import pytest

from seriatim.core.ids import ConversationId, DeviceId, UserId, random_id, uuid7
from seriatim.features.conversations.rules import change
from seriatim.log.record import record
from seriatim.protocol.commands import SetSettings
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database
from world import Device, Server

Heads = dict[int, int]


async def whisper(connection: Connection, device: Device, here: int, title: str) -> int:
    """Write an entry that nobody is told of, within the caller's transaction; return its seq."""
    wish = SetSettings(id=1, client_id=uuid7(), conversation_id=ConversationId(here), title=title)
    stored = await record(connection, change(wish, Sender(UserId(device.user_id), DeviceId(device.device_id))))
    return stored.entry.seq


async def pinged(device: Device, known: Heads) -> str:
    """Let the device ask for what moved, take it in, and return the new token."""
    await device.say(type="ping")
    pong = await device.next("pong")
    known.update({row[0]: row[1] for row in pong["heads"]})
    return pong["resume_token"]


@pytest.mark.promise("D3")
async def test_what_commits_slowly_while_a_device_resumes_is_found_by_the_next_heartbeat(
    server: Server, database: Database
) -> None:
    dice, ada, bob = random.Random(3), await server.device("ada"), await server.device("bob")
    places = [await ada.group(bob) for _ in range(6)]
    known: Heads = {}
    token = await pinged(bob, known)
    for step in range(4):
        async with AsyncExitStack() as held:
            slow = dice.sample(places, 3)
            for here in slow:
                connection = await held.enter_async_context(database.transaction())
                await whisper(connection, ada, here, f"slow {step}")
            quick = dice.choice([here for here in places if here not in slow])
            sent = await ada.send(quick, "quick")
            await bob.connect(resume={"epoch": bob.welcome["epoch"], "token": token})
            known |= {row[0]: row[1] for row in bob.welcome["heads"]}
            assert known[quick] == sent["seq"]
            if step % 2:  # the token of a heartbeat in between has to wait for them as well
                token = await pinged(bob, known)
        token = await pinged(bob, known)
        async with database.read() as connection:
            rows = await connection.execute("select id, last_seq from conversations where id = any(%s)", [places])
            assert known == dict(await rows.fetchall()), "0 stale"


@pytest.mark.promise("D3")
async def test_more_than_a_thousand_conversations_come_in_pages(server: Server, database: Database) -> None:
    ada = await server.device("ada")
    ids = sorted({random_id() for _ in range(LIMITS.heads_rows + 150)})
    async with database.transaction() as connection:
        await connection.execute(
            "insert into conversations (id, kind, visibility, title, created_at, member_count)"
            " select id, 'group', 'private', 'g', now() - n * interval '1 minute', 1"
            " from unnest(%s::bigint[]) with ordinality as t (id, n)",
            [ids],
        )
        await connection.execute(
            "insert into members (conversation_id, user_id, joined_seq) select unnest(%s::bigint[]), %s, 1",
            [ids, ada.user_id],
        )
    await ada.connect()
    rows, more = ada.welcome["heads"], ada.welcome["more"]
    assert (len(rows), more) == (LIMITS.heads_rows, True)
    while more:
        page = await ada.next("heads")
        rows, more = rows + page["rows"], page["more"]
    assert [row[0] for row in rows] == ids, "each once, the newest first"
    async with database.transaction() as connection:
        await connection.execute(
            "update conversations set head_xid = pg_current_xact_id(), last_seq = 7 where id = any(%s)", [ids]
        )
    await ada.say(type="ping")
    page = await ada.next("heads", "pong")
    assert (page["type"], len(page["rows"]), page["more"]) == ("heads", LIMITS.heads_rows, True)
    pong = await ada.next("pong")
    moved = page["rows"] + pong["heads"]
    assert ([row[0] for row in moved], {row[1] for row in moved}) == (ids, {7})
    await ada.connect(resume={"epoch": ada.welcome["epoch"], "token": pong["resume_token"]})
    assert (ada.welcome["heads"], ada.welcome["more"]) == ([], False)


@pytest.mark.promise("D3")
async def test_what_was_read_elsewhere_comes_with_the_heads(server: Server) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    phone = await server.another_device(bob)
    here, other = await ada.group(bob), await ada.group(bob)
    for place in (here, other):
        await ada.send(place, "unread")
    token = await pinged(phone, {})
    await phone.close()
    read = await bob.ask("read", conversation_id=here, seq=2)
    assert read["type"] == "ok"
    await phone.connect(resume={"epoch": phone.welcome["epoch"], "token": token})
    row = next(row for row in phone.welcome["heads"] if row[0] == here)
    assert row[1:5] == [2, 2, row[3], 0], "read up to its head, nothing unread"
    assert [row[4] for row in phone.welcome["heads"] if row[0] == other] in ([], [1])


class Pause:
    """Stands between the greeter and the database, and lets go when the test says so."""

    def __init__(self, pages: Any, *, before: bool) -> None:
        self._ask = pages._ask
        self._before = before
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, asks: Any) -> Any:
        answers = None if self._before else await self._ask(asks)
        self.reached.set()
        await self.go_on.wait()
        return await self._ask(asks) if answers is None else answers


@pytest.mark.promise("D3")
@pytest.mark.parametrize("before", [True, False], ids=["before the heads are read", "after they were read"])
async def test_events_during_the_greeting_are_neither_lost_nor_told_before_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    ada, bob = await server.device("ada"), await server.device("bob")
    here = await ada.direct(bob)
    gate: Any = server.parts.sockets.gate
    greeter: Any = gate._greeter
    pause = Pause(greeter._pages, before=before)
    await bob.connect(greet=False)
    monkeypatch.setattr(greeter._pages, "_ask", pause)
    await bob.say(
        type="hello",
        token=bob.credentials["access_token"],
        device_id=bob.device_id,
        client={"name": "test", "version": "1"},
    )
    await bob.say(type="fetch", id=9, conversation_id=here)  # a command that did not wait for `welcome`
    await pause.reached.wait()
    sent = [await ada.send(here, str(number)) for number in range(3)]
    pause.go_on.set()
    frames = [await bob.next() for _ in range(5)]
    assert [frame["type"] for frame in frames] == ["welcome", "event", "event", "event", "page"]
    assert [frame["entry"]["seq"] for frame in frames[1:4]] == [one["seq"] for one in sent] == [2, 3, 4]
    head = next(row[1] for row in frames[0]["heads"] if row[0] == here)
    assert head == (4 if before else 1)
    assert frames[4]["head"] == 4
