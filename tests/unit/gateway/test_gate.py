"""The gate without a server: what becomes of a command is told once, whatever its feature does."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from seriatim.core.errors import ChatError, Forbidden, TooLarge
from seriatim.core.ids import ConversationId, uuid7
from seriatim.gateway.gate import SocketGate
from seriatim.protocol.answers import Ok
from seriatim.protocol.codec import JSON
from seriatim.protocol.commands import Command, Read, SendMessage
from seriatim.protocol.limits import RATES

HERE = ConversationId(7)
READ = Read(id=3, conversation_id=HERE, seq=1)
SEND = SendMessage(id=4, client_id=uuid7(), conversation_id=HERE, body="hi")


class Told:
    """A session that keeps what the gate tells it."""

    session_id, sender = "s", (1, 2)

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.done_with = asyncio.Event()

    def answer(self, frame: Any) -> None:
        self.said.append(frame)

    def refuse(self, id_: int | None, error: ChatError) -> None:
        self.said.append((id_, error.code, error.message))

    def close(self, code: int, _reason: str) -> None:
        self.said.append(code)

    def done(self, command: Command) -> None:
        self.said.append(("done", command.id))
        self.done_with.set()


class Encoding(Told):
    """One that encodes what it is to answer, as sessions do."""

    def answer(self, frame: Any) -> None:
        JSON.encode(frame)
        super().answer(frame)


class Commands:
    """Does what the test says in the place of all features."""

    def __init__(self, act: Callable[[], Awaitable[Any]]) -> None:
        self._act = act
        self.ended: Counter[tuple[str, str]] = Counter()

    async def run(self, _command: Any, _sender: Any) -> Any:
        return await self._act()

    def send(self, *_given: Any) -> None:
        raise TooLarge("too long", path="$.body")

    def refused(self, *_given: Any) -> None:
        """Take note, as the product does for its own ends."""


@asynccontextmanager
async def open_gate(act: Callable[[], Awaitable[Any]]) -> AsyncGenerator[SocketGate]:
    parts: Any = {
        "commands": Commands(act),
        "greeter": None,
        "heads_check": None,
        "traces": None,
        "presence": None,
        "typists": None,
        "marks": None,
    }
    gate = SocketGate(**parts, rates=RATES)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(gate.run())
        await asyncio.sleep(0)
        yield gate
        running.cancel()


async def told(act: Callable[[], Awaitable[Any]], command: Command = READ) -> list[Any]:
    session: Any = Told()
    async with open_gate(act) as gate:
        gate.command(session, command, None)
        await session.done_with.wait()
    return session.said


async def test_an_answer_is_told_before_the_next_command_may_start() -> None:
    async def act() -> Ok:
        return Ok(id=3)

    assert await told(act) == [Ok(id=3), ("done", 3)]


async def test_a_refusal_is_told_with_the_number_of_its_command() -> None:
    async def act() -> None:
        raise Forbidden("not yours")

    assert await told(act) == [(3, "forbidden", "not yours"), ("done", 3)]


async def test_a_refused_send_is_told_at_once() -> None:
    async def act() -> None:
        raise AssertionError("a send needs no task")

    assert await told(act, SEND) == [(4, "too_large", "too long"), ("done", 4)]


async def test_an_answer_that_cannot_be_encoded_is_a_bug_of_its_own_session(capsys: pytest.CaptureFixture[str]) -> None:
    answers: list[Any] = [object(), Ok(id=3)]

    async def act() -> Any:
        return answers.pop(0)

    unlucky: Any = Encoding()
    lucky: Any = Encoding()
    async with open_gate(act) as gate:
        for session in (unlucky, lucky):
            gate.command(session, READ, None)
            await session.done_with.wait()
    assert unlucky.said == [(3, "internal", "a bug of ours; it is logged"), 4003, ("done", 3)]
    assert lucky.said == [Ok(id=3), ("done", 3)]
    assert "TypeError" in capsys.readouterr().out, "it is logged"


async def test_a_bug_closes_its_own_session_without_showing_the_inside_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes: list[Any] = [ZeroDivisionError("the inside"), Ok(id=3)]

    async def act() -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    unlucky: Any = Told()
    lucky: Any = Told()
    async with open_gate(act) as gate:
        for session in (unlucky, lucky):
            gate.command(session, READ, None)
            await session.done_with.wait()
    assert unlucky.said == [(3, "internal", "a bug of ours; it is logged"), 4003, ("done", 3)]
    assert lucky.said == [Ok(id=3), ("done", 3)]
    assert "the inside" in capsys.readouterr().out, "it is logged"
