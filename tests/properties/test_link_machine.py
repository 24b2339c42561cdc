"""The link under any sequence of frames, losses and crashes against a growing log: its store is a true prefix."""

from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from properties.schedule import Schedule
from properties.simulated_device import Device
from properties.simulated_server import Faults, Log, Servers
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.answers import Event, Gap, HeadRow, Pong
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.link import History

CONVERSATION, ME, OTHER = ConversationId(1), UserId(1), UserId(2)
NOTHING_FAILS = Faults(0, 0, 0, 0, 0, 0, 0)


class LinkMachine(RuleBasedStateMachine):
    """One device; the other one writes to the log, and what reaches the device is up to hypothesis."""

    history = History.ALL

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule(1)
        self.log = Log([CONVERSATION], [ME, OTHER])
        self.servers = Servers(self.schedule, self.log, gateways=1, end=0.0, faults=NOTHING_FAILS)
        self.device = Device(ME, self.schedule, self.servers.connect, history=self.history)
        self.device.start()
        self.keys = 100
        self.wished: list[UUID] = []

    def key(self) -> UUID:
        self.keys += 1
        return UUID(int=self.keys)

    @rule(count=st.integers(1, 5))
    def others_write(self, count: int) -> None:
        for _ in range(count):
            self._write()

    @rule()
    def others_write_a_lot(self) -> None:
        for _ in range(1_100):
            self._write()

    def _write(self) -> None:
        command = SendMessage(id=0, client_id=self.key(), conversation_id=CONVERSATION, body="x")
        self.log.append(command, OTHER, DeviceId(20), self.schedule.now)

    @rule(pick=st.floats(0, 1, exclude_max=True))
    def hint_of_any_entry(self, pick: float) -> None:
        entries = self.log.entries[CONVERSATION]
        self._push(Event(epoch=self.log.epoch, entry=entries[int(pick * len(entries))]))

    @rule(back=st.integers(0, 4))
    def hint_of_a_late_entry(self, back: int) -> None:
        entries = self.log.entries[CONVERSATION]
        self._push(Event(epoch=self.log.epoch, entry=entries[max(0, len(entries) - 1 - back)]))

    @rule()
    def gap(self) -> None:
        self._push(Gap(conversation_id=CONVERSATION, head=len(self.log.entries[CONVERSATION])))

    @rule(behind=st.integers(0, 3))
    def pong_that_may_be_old(self, behind: int) -> None:
        head = max(1, len(self.log.entries[CONVERSATION]) - behind)
        self._push(Pong(heads=[HeadRow(CONVERSATION, head, 0, 0, 0, 0, 0)], resume_token="0"))

    def _push(self, frame: object) -> None:
        for socket in self.servers.gateways[0].sockets:
            if socket.session.phase == 2:  # live
                socket.session.answer(frame)

    @rule()
    def send(self) -> None:
        key = self.key()
        self.wished.append(key)
        self.device.send(SendMessage(id=0, client_id=key, conversation_id=CONVERSATION, body="mine"))

    @rule(seconds=st.sampled_from([0.05, 0.2, 1.0, 6.0, 40.0]))
    def wait(self, seconds: float) -> None:
        until = self.schedule.now + seconds
        self.schedule.run(until)
        self.schedule.now = until

    @rule()
    def lose_connection(self) -> None:
        self.device.lose_connection()

    @rule()
    def crash(self) -> None:
        self.device.crash()

    @rule()
    def fill(self) -> None:
        self.device.do(self.device.link.fill(self.schedule.now, CONVERSATION, 2**40))

    @invariant()
    def what_is_stored_is_the_log_without_holes_but_the_known_ones(self) -> None:
        held = self.device.disk.entries(CONVERSATION)
        position = self.device.disk.positions.get(CONVERSATION)
        seqs = [entry.seq for entry in held]
        assert len(set(seqs)) == len(seqs)
        assert all(self.log.entries[CONVERSATION][entry.seq - 1] == entry for entry in held)
        if position is not None and position.cursor is not None:
            missing = {seq for low, high in position.holes for seq in range(low, high + 1)}
            assert set(seqs) == set(range(1, position.cursor + 1)) - missing

    def teardown(self) -> None:
        """Left alone, the device reaches the head, and every wish is in the log once, in order."""
        self.schedule.run(self.schedule.now + 120)
        log = self.log.entries[CONVERSATION]
        assert self.device.disk.positions[CONVERSATION].cursor == len(log)
        assert [entry.client_id for entry in log if entry.device_id == self.device.device_id] == self.wished
        assert not self.device.disk.outbox


class NewestMachine(LinkMachine):
    """The same for a device that leaps over what is far behind."""

    history = History.NEWEST


TestAllHistory = pytest.mark.promise("L3")(LinkMachine.TestCase)
TestNewestHistory = pytest.mark.promise("D1")(NewestMachine.TestCase)
