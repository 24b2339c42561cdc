"""One run of the simulation: devices that talk while everything goes wrong, then peace, then the check."""

import itertools
from uuid import UUID

from properties.schedule import Schedule
from properties.simulated_device import Device
from properties.simulated_server import Faults, Log, Servers
from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.entries import Entry
from seriatim.protocol.link import History

END_S, SETTLED_S = 40.0, 100.0
CONVERSATIONS = [ConversationId(1), ConversationId(2)]
USERS = [UserId(user_id) for user_id in (1, 2, 3, 4)]


class Simulation:
    """Four devices, three gateways, two conversations; forty seconds of faults, then a minute to settle."""

    def __init__(self, seed: int, *, faults: Faults | None = None, failovers: bool = True) -> None:
        self.schedule = Schedule(seed)
        self.log = Log(CONVERSATIONS, USERS)
        self.servers = Servers(self.schedule, self.log, gateways=3, end=END_S, faults=faults or Faults())
        self.devices = [
            Device(
                user_id, self.schedule, self.servers.connect, history=History.NEWEST if user_id == 4 else History.ALL
            )
            for user_id in USERS
        ]
        self.failovers = failovers
        self.wishes: dict[UUID, SendMessage] = {}
        self.repair_s: list[float] = []
        self._keys = itertools.count(100)

    def run(self) -> set[str]:
        """Run to the end; return the words for what is wrong."""
        for device in self.devices:
            device.start()
            device.watch = lambda entry, device=device: self._seen(device, entry)
            self.schedule.soon(0, 1, lambda device=device: self._talk(device))
        self.schedule.after(1, self._nemesis)
        self.schedule.run(SETTLED_S)
        return self.check()

    def check(self) -> set[str]:
        """Compare what every device holds with the log; name each kind of fault found."""
        found: set[str] = set()
        stored = {(entry.device_id, entry.client_id) for log in self.log.entries.values() for entry in log}
        for conversation_id, log in self.log.entries.items():
            keys = [(entry.device_id, entry.client_id) for entry in log]
            if len(set(keys)) != len(keys):
                found.add("duplicated in the log")
            for device in self.devices:
                found |= self._compare(device, conversation_id, log)
            if not self.failovers:  # what a shorter log has lost is sent again, after what came later
                found |= self._order(log)
        for device in self.devices:
            if device.disk.outbox:
                found.add("never acked")
            for client_id in device.acked:
                if (device.device_id, client_id) not in stored:
                    found.add("acked, not stored")
        all_keys = {client_id for _, client_id in stored}
        if any(key not in all_keys for key, wish in self.wishes.items() if wish.body != "forbidden"):
            found.add("wish lost")
        return found

    def _compare(self, device: Device, conversation_id: ConversationId, log: list[Entry]) -> set[str]:
        held = device.disk.entries(conversation_id)
        found: set[str] = set()
        seqs = [entry.seq for entry in held]
        if len(set(seqs)) != len(seqs) or len({entry.client_id for entry in held}) != len(held):
            found.add("duplicated on a device")
        if seqs != sorted(seqs):
            found.add("out of order")
        if {entry.seq for entry in log} - set(seqs):
            found.add("lost")
        stored = {entry.seq: entry for entry in log}
        if any(stored.get(entry.seq) != entry for entry in held):
            found.add("phantom")
        return found

    def _order(self, log: list[Entry]) -> set[str]:
        """Each device's messages stand in the order in which they were wished."""
        for device in self.devices:
            numbers = [entry.client_id.int for entry in log if entry.device_id == device.device_id]
            if numbers != sorted(numbers):
                return {"sender order"}
        return set()

    def _seen(self, device: Device, entry: Entry) -> None:
        committed_s = (entry.created_at - self.log.entries[entry.conversation_id][0].created_at).total_seconds()
        if device.live_since is not None and device.live_since + 0.6 < committed_s:
            self.repair_s.append(self.schedule.now - committed_s)

    def _talk(self, device: Device) -> None:
        if self.schedule.now >= END_S:
            return
        key = UUID(int=next(self._keys))
        body = "forbidden" if self.schedule.random.random() < 0.02 else f"message {key.int}"
        conversation_id = self.schedule.random.choice(CONVERSATIONS)
        wish = self.wishes[key] = SendMessage(id=0, conversation_id=conversation_id, client_id=key, body=body)
        device.send(wish)
        self.schedule.after(self.schedule.random.expovariate(1.2), lambda: self._talk(device))

    def _nemesis(self) -> None:
        if self.schedule.now >= END_S:
            return
        dice = self.schedule.random.random()
        if dice < 0.4:
            self.schedule.random.choice(self.devices).lose_connection()
        elif dice < 0.6:
            self.schedule.random.choice(self.devices).crash()
        elif dice < 0.75:
            self.schedule.random.choice(self.servers.gateways).kill()
        elif dice < 0.8 and self.failovers:
            self.servers.fail_over(self.schedule.random.randint(0, 6))
        self.schedule.after(self.schedule.random.expovariate(0.4), self._nemesis)
