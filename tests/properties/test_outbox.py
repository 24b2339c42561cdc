"""The outbox under any order of events: nothing overtakes, nothing is lost, nothing is in flight twice."""

from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from seriatim.core.ids import ConversationId
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.link.outbox import ANSWER_WITHIN_S, WINDOW, Item, Outbox


class OutboxMachine(RuleBasedStateMachine):
    """A caller that keeps, transmits, is answered, refused and disconnected in any order."""

    flying = Bundle("flying")

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox([])
        self.now = 0.0
        self.frame_id = 0
        self.kept: list[SendMessage] = []
        self.ordered: set[UUID] = set()
        self.settled: list[UUID] = []

    @rule(conversation=st.integers(1, 3), ordered=st.booleans())
    def keep(self, conversation: int, ordered: bool) -> None:
        key = UUID(int=len(self.kept) + 1)
        command = SendMessage(id=0, client_id=key, conversation_id=ConversationId(conversation), body="x")
        self.kept.append(command)
        if ordered:
            self.ordered.add(key)
        self.outbox.keep(command, ordered=ordered)
        self.outbox.keep(command, ordered=ordered)

    @rule(target=flying)
    def transmit(self) -> list[Item]:
        items: list[Item] = []
        for item in self.outbox.due(self.now):
            self.frame_id += 1
            self.outbox.transmitted(item, self.frame_id, self.now)
            items.append(item)
        return items

    @rule(items=flying, answer=st.sampled_from(["ack", "again", "later"]))
    def answer(self, items: list[Item], answer: str) -> None:
        for item in items:
            if self.outbox.of_frame(item.frame_id) is not item:
                continue
            if answer == "ack":
                self.settle(item.command.client_id)
            else:
                self.outbox.postpone(item, self.now, 0 if answer == "again" else None)

    @rule(pick=st.integers(0, 50))
    def event_of_an_own_entry(self, pick: int) -> None:
        if pick < len(self.kept):
            self.settle(self.kept[pick].client_id)

    @rule()
    def disconnect(self) -> None:
        self.outbox.disconnected()

    @rule(seconds=st.sampled_from([0.1, 1.0, ANSWER_WITHIN_S]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.outbox.overdue(self.now)

    def settle(self, key: UUID) -> None:
        if self.outbox.settle(key) is not None:
            self.settled.append(key)

    @invariant()
    def at_most_one_ordered_command_per_conversation_flies(self) -> None:
        lanes = [item.lane for item in self.outbox if item.ordered and item.frame_id is not None]
        assert len(set(lanes)) == len(lanes)

    @invariant()
    def what_flies_is_the_first_of_its_lane(self) -> None:
        first: dict[object, Item] = {}
        for item in self.outbox:
            if item.ordered:
                first.setdefault(item.lane, item)
        flying = [item for item in self.outbox if item.ordered and item.frame_id is not None]
        assert all(first[item.lane] is item for item in flying)

    @invariant()
    def nothing_is_forgotten_and_the_window_holds(self) -> None:
        assert {item.command.client_id for item in self.outbox} == {c.client_id for c in self.kept} - set(self.settled)
        assert sum(item.frame_id is not None for item in self.outbox) <= WINDOW

    def teardown(self) -> None:
        """Whatever happened, answers empty it, and ordered commands of a conversation go in their order."""
        self.now += 1_000
        self.outbox.disconnected()
        went: list[SendMessage] = []
        while len(self.outbox):
            items = self.transmit()
            assert items, "something is left that never leaves"
            for item in items:
                went.append(item.command)
                self.settle(item.command.client_id)
        for conversation in (1, 2, 3):
            keys = [c.client_id for c in went if c.conversation_id == conversation and c.client_id in self.ordered]
            assert keys == sorted(keys)


TestOutbox = pytest.mark.promise("L4")(OutboxMachine.TestCase)
