"""A broker that drops, repeats and reorders: the SDK still shows every entry once and in order."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from seriatim.client import Client, ConversationKind, MessageSent
from seriatim.core.ids import ConversationId, uuid7
from seriatim.delivery.broker.port import Broker, Hint
from world import PASSWORD, Server

COUNT = 150
WITHIN_S = 20.0
"""Sooner than the heartbeat, which would repair it too."""
Fault = Callable[[random.Random, list[Hint]], list[Hint]]


def drop(dice: random.Random, hints: list[Hint]) -> list[Hint]:
    return [hint for hint in hints if dice.random() > 0.3]


def repeat(dice: random.Random, hints: list[Hint]) -> list[Hint]:
    return [hint for hint in hints for _ in range(dice.choice([1, 1, 3]))]


def reorder(dice: random.Random, hints: list[Hint]) -> list[Hint]:
    return dice.sample(hints, len(hints))


class Unreliable:
    """A broker around another one that does harm to what passes, a handful of hints at a time."""

    def __init__(self, inner: Broker, faults: list[Fault]) -> None:
        self._inner = inner
        self._faults = faults
        self._dice = random.Random(7)
        self._held: list[Hint] = []
        self.harmed = 0

    def publish(self, hints: list[Hint]) -> None:
        self._held += hints
        if len(self._held) < 8:
            return
        held, self._held = self._held, []
        passed = held
        for fault in self._faults:
            passed = fault(self._dice, passed)
        self.harmed += passed != held
        self._inner.publish(passed)

    def let_go(self) -> None:
        """Pass on what was held back, whole: later hints show what is missing before them."""
        held, self._held = self._held, []
        self._inner.publish(held)


@pytest.mark.promise("D1")
@pytest.mark.parametrize(
    "faults", [[drop], [repeat], [reorder], [drop, repeat, reorder]], ids=["drop", "repeat", "reorder", "all"]
)
async def test_every_entry_is_shown_once_and_in_order_whatever_the_broker_does(
    server: Server, monkeypatch: pytest.MonkeyPatch, faults: list[Fault]
) -> None:
    names = [f"{stem}-{uuid7()}" for stem in ("ada", "bob")]
    ada, bob = [await Client.sign_up(server.url, name, PASSWORD) for name in names]
    publisher: Any = server.parts.publisher
    broker = Unreliable(publisher._broker, faults)
    async with ada, bob:
        here = ConversationId((await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id)
        monkeypatch.setattr(publisher, "_broker", broker)
        async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks:
            reading = [tasks.create_task(shown(client, here)) for client in (ada, bob)]
            for start in range(0, COUNT, 10):  # some overlap, so that batches of several are published
                await asyncio.gather(*(ada.send(here, str(start + n), ordered=False) for n in range(10)))
            monkeypatch.undo()
            broker.let_go()
            await ada.send(here, "the last one, which the broker lets through")
    assert broker.harmed > 10
    for seqs in [task.result() for task in reading]:
        assert seqs == list(range(2, COUNT + 3))


async def shown(client: Client, here: ConversationId) -> list[int]:
    """Return the seqs of the messages that a client shows, as they come."""
    seqs: list[int] = []
    async for entry in client.entries():
        if isinstance(entry, MessageSent) and entry.conversation_id == here:
            seqs.append(entry.seq)
            if entry.body.startswith("the last"):
                return seqs
    raise AssertionError("entries never end")
