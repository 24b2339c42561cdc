"""A device in the simulation: the real link, a disk that outlives crashes, and a driver in virtual time."""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Protocol
from uuid import UUID

import msgspec

from properties.schedule import Schedule
from seriatim.client.frames import decode
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.commands import AnyCommand, ClientName, SendMessage
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import EntryIdentity
from seriatim.protocol.link import (
    Acked,
    Action,
    Apply,
    Connect,
    Disconnect,
    Durable,
    Failed,
    Held,
    History,
    Identity,
    Keep,
    Kept,
    Link,
    OutboxCommand,
    Position,
    Recall,
    SaveToken,
    Settled,
    Transmit,
    Truncate,
)
from seriatim.protocol.link.actions import DURABLE


class Socket(Protocol):
    """One connection as the device sees it."""

    def sent(self, payload: bytes) -> None: ...
    def close(self) -> None: ...


class Disk:
    """What survives a crash of the device; the same questions as client/store.Store."""

    def __init__(self, device_id: DeviceId) -> None:
        self.device_id = device_id
        self.epoch: str | None = None
        self.token: str | None = None
        self.positions: dict[ConversationId, Position] = {}
        self.outbox: dict[UUID, Kept] = {}
        self.applied: dict[ConversationId, list[Entry]] = {}

    def held(self) -> Held:
        return Held(
            epoch=self.epoch, token=self.token, positions=dict(self.positions), outbox=list(self.outbox.values())
        )

    def entries(self, conversation_id: ConversationId) -> list[Entry]:
        return self.applied.setdefault(conversation_id, [])

    def recall(self, asks: Iterable[tuple[ConversationId, int]]) -> list[EntryIdentity]:
        found: list[EntryIdentity] = []
        for conversation_id, seq in asks:
            below = [entry for entry in self.entries(conversation_id) if entry.seq <= seq]
            if below:
                newest = max(below, key=lambda entry: entry.seq)
                found.append((conversation_id, newest.seq, newest.client_id, newest.created_at))
        return found

    def write(self, actions: Sequence[Durable]) -> list[SendMessage]:
        lost: list[SendMessage] = []
        for action in actions:
            match action:
                case Keep(command, ordered):
                    self.keep(command, ordered=ordered)
                case Acked(client_id, _, seq) if action.awaits_entry:
                    self.outbox[client_id] = self.outbox[client_id]._replace(seq=seq)
                case Acked(client_id) | Settled(client_id) | Failed(client_id):
                    self.outbox.pop(client_id, None)
                case Apply(conversation_id, entries, position):
                    self.apply(conversation_id, entries, position)
                case Truncate():
                    lost += self.truncate(action)
                case SaveToken(epoch, token):
                    self.epoch, self.token = epoch, token
        return lost

    def keep(self, command: OutboxCommand, *, ordered: bool) -> None:
        self.outbox[command.client_id] = Kept(command, ordered)

    def apply(self, conversation_id: ConversationId, entries: Sequence[Entry], position: Position) -> None:
        self.entries(conversation_id).extend(entries)
        self.positions[conversation_id] = position

    def truncate(self, truncate: Truncate) -> list[SendMessage]:
        held = self.entries(truncate.conversation_id)
        own = [entry for entry in held if entry.seq > truncate.after and entry.device_id == self.device_id]
        self.applied[truncate.conversation_id] = [entry for entry in held if entry.seq <= truncate.after]
        self.positions[truncate.conversation_id] = truncate.position
        lost = [
            SendMessage(id=0, conversation_id=entry.conversation_id, client_id=entry.client_id, body=entry.body)
            for entry in own
        ]
        for command in lost:
            self.keep(command, ordered=True)
        return lost


class Device:
    """Runs one link on the schedule; a crash throws the link away and starts another from the disk."""

    def __init__(
        self,
        user_id: UserId,
        schedule: Schedule,
        connect: Callable[["Device"], Socket | None],
        *,
        history: History = History.ALL,
    ) -> None:
        self.user_id, self.device_id = user_id, DeviceId(user_id * 10)
        self.schedule = schedule
        self.disk = Disk(self.device_id)
        self.socket: Socket | None = None
        self.life = 0
        """Raised by every connection and crash: what belongs to an older one is not for this one."""
        self.failed: list[UUID] = []
        self.acked: dict[UUID, int] = {}
        self.live_since: float | None = None
        self.watch: Callable[[Entry], object] = lambda _: None
        self._connect = connect
        self._history = history
        self._wake_at: float | None = None
        self.link = self._fresh()

    def _fresh(self) -> Link:
        identity = Identity(user_id=self.user_id, device_id=self.device_id, client=ClientName("simulated", "1"))
        random = Random(self.schedule.random.random())
        return Link(identity, self.disk.held(), history=self._history, random=random)

    def start(self) -> None:
        self.do(self.link.wake(self.schedule.now))

    def crash(self) -> None:
        self.hang_up()
        self.life += 1
        self._wake_at = None
        self.link = self._fresh()
        self.schedule.soon(0.05, 1, self.start)

    def lose_connection(self) -> None:
        if self.socket is not None:
            self.hang_up()
            self.do(self.link.closed(self.schedule.now, 1006))

    def hang_up(self) -> None:
        self.life += 1
        self.live_since = None
        socket, self.socket = self.socket, None
        if socket is not None:
            socket.close()

    def received(self, payload: bytes) -> None:
        for frame in decode(payload):
            if self.socket is not None:
                self.do(self.link.frame(self.schedule.now, frame))

    def send(self, command: OutboxCommand, *, ordered: bool = True) -> None:
        self.do(self.link.send(self.schedule.now, command, ordered=ordered))

    def do(self, actions: Sequence[Action]) -> None:
        durable = [action for action in actions if isinstance(action, DURABLE)]
        lost = self.disk.write(durable)
        for action in durable:
            self.note(action)
        for action in actions[len(durable) :]:
            self._do(action)
        for command in lost:
            self.send(command)
        self._set_alarm()

    def note(self, action: Durable) -> None:
        match action:
            case Acked(client_id, _, seq):
                self.acked[client_id] = seq
            case Failed(client_id):
                self.failed.append(client_id)
            case Apply(_, entries):
                for entry in entries:
                    self.watch(entry)
            case _:
                pass

    def transmit(self, frame: AnyCommand) -> None:
        if self.socket is not None:
            self.socket.sent(msgspec.json.encode(frame))

    def _do(self, action: Action) -> None:
        match action:
            case Transmit(frame):
                self.transmit(frame)
            case Connect(after_s):
                life = self.life
                self.schedule.after(after_s, lambda: self._open(life))
            case Disconnect():
                self.hang_up()
            case Recall(asks):
                self.do(self.link.recalled(self.schedule.now, self.disk.recall(asks)))
            case _:
                pass

    def _open(self, life: int) -> None:
        if life != self.life or self.socket is not None:
            return
        self.socket = self._connect(self)
        if self.socket is None:
            self.do(self.link.closed(self.schedule.now, 1006))
            return
        self.live_since = self.schedule.now
        self.do(self.link.connected(self.schedule.now, "token"))

    def _set_alarm(self) -> None:
        next_at = self.link.next_at()
        if next_at is None or (self._wake_at is not None and self._wake_at <= next_at):
            return
        self._wake_at = next_at
        link = self.link
        self.schedule.after(max(0.0, next_at - self.schedule.now), lambda: self._alarm(link, next_at))

    def _alarm(self, link: Link, at: float) -> None:
        if link is not self.link:
            return
        if self._wake_at == at:
            self._wake_at = None
        next_at = link.next_at()
        if next_at is not None and next_at <= self.schedule.now:
            self.do(link.tick(self.schedule.now))
        else:
            self._set_alarm()
