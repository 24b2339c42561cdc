"""Servers in the simulation: the real sessions over a log in memory, gateways that die, a broker that loses hints.

`Faults` says how often; after `end` nothing goes wrong any more, so that everything can settle.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from properties.schedule import Schedule
from properties.simulated_device import Device
from seriatim.core.errors import ChatError, Forbidden, KeyReused, RateLimited
from seriatim.core.ids import ConversationId, DeviceId, SessionId, UserId
from seriatim.core.trace import Trace
from seriatim.protocol.answers import Compared, HeadRow, Page, Pong, Sent, Welcome
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.commands import Command, Compare, Fetch, Focus, Hello, SendMessage, Typing
from seriatim.protocol.encoded import EncodedEvents, Wire
from seriatim.protocol.entries import ConversationCreated, Entry, MessageSent
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.protocol.limits import LIMITS, Rates
from seriatim.protocol.own.commands import Received
from seriatim.protocol.sender import Sender
from seriatim.protocol.session import Phase, Session

HEARTBEAT_S = 5.0
START = datetime(2026, 1, 1, tzinfo=UTC)
Key = tuple[ConversationId, DeviceId, UUID]


class Faults(NamedTuple):
    """Probabilities of what goes wrong."""

    hint_lost: float = 0.04
    hint_lost_for_one: float = 0.04
    ack_lost: float = 0.05
    command_lost: float = 0.03
    killed_after_commit: float = 0.02
    aborted: float = 0.03
    refused: float = 0.03


class Log:
    """The truth: entries by conversation, keys, and commits in their order."""

    def __init__(self, conversations: list[ConversationId], users: list[UserId]) -> None:
        self.epoch = "epoch-1"
        self.entries: dict[ConversationId, list[Entry]] = {conversation_id: [] for conversation_id in conversations}
        self.keys: dict[Key, Entry] = {}
        self.commits: list[ConversationId] = []
        for conversation_id in conversations:
            created = ConversationCreated(
                **self._fields(conversation_id, users[0], DeviceId(0), UUID(int=conversation_id), 0.0),
                conversation_kind=ConversationKind.GROUP,
                visibility=Visibility.PRIVATE,
                members=users,
            )
            self._store(created)

    def append(self, command: SendMessage, user_id: UserId, device_id: DeviceId, now: float) -> tuple[Entry, bool]:
        """Store a message, or find the one that its key has stored; True: it is a duplicate."""
        key = self.key(command, device_id)
        found = self.keys.get(key)
        if found is not None:
            if getattr(found, "body", None) != command.body:
                raise KeyReused("another body")
            return found, True
        fields = self._fields(command.conversation_id, user_id, device_id, command.client_id, now)
        entry = MessageSent(**fields, ordinal=len(self.entries[command.conversation_id]), body=command.body)
        self._store(entry)
        self.keys[key] = entry
        return entry, False

    def key(self, command: SendMessage, device_id: DeviceId) -> Key:
        return command.conversation_id, device_id, command.client_id

    def fail_over(self, lost: int) -> None:
        """Come back as a copy that lacks the last commits: another epoch."""
        self.epoch = f"epoch-{int(self.epoch[6:]) + 1}"
        for conversation_id in self.commits[len(self.commits) - lost :]:
            if len(self.entries[conversation_id]) > 1:
                gone = self.entries[conversation_id].pop()
                self.keys.pop((conversation_id, gone.device_id, gone.client_id), None)
        self.commits = []
        for conversation_id in self.entries:
            self.commits.append(conversation_id)

    def heads(self, token: str | None) -> tuple[list[HeadRow], str]:
        """Return the heads of conversations that moved since the token, and the next token."""
        since = int(token or 0)
        moved = dict.fromkeys(self.commits[since:])
        rows = [HeadRow(id_, len(self.entries[id_]), 0, 0, 0, 0, 0) for id_ in moved]
        return rows, str(len(self.commits))

    def page(self, fetch: Fetch) -> Page:
        entries = self.entries[fetch.conversation_id]
        if fetch.after is not None:
            chosen = entries[fetch.after : fetch.after + fetch.limit]
        else:
            end = len(entries) if fetch.before is None else fetch.before - 1
            chosen = entries[max(0, end - fetch.limit) : end]
        return Page(
            id=fetch.id,
            conversation_id=fetch.conversation_id,
            epoch=self.epoch,
            entries=list(chosen),
            head=len(entries),
            first_kept=1,
            complete=not chosen or chosen[-1].seq == len(entries),
        )

    def compare(self, compare: Compare) -> Compared:
        return Compared(id=compare.id, epoch=self.epoch, entries=[row for row in compare.entries if self.has(*row)])

    def has(self, conversation_id: ConversationId, seq: int, client_id: UUID, created_at: datetime) -> bool:
        entries = self.entries[conversation_id]
        return seq <= len(entries) and (entries[seq - 1].client_id, entries[seq - 1].created_at) == (
            client_id,
            created_at,
        )

    def _fields(
        self, conversation_id: ConversationId, user_id: UserId, device_id: DeviceId, client_id: UUID, now: float
    ) -> dict[str, Any]:
        return {
            "conversation_id": conversation_id,
            "seq": len(self.entries[conversation_id]) + 1,
            "sender_id": user_id,
            "device_id": device_id,
            "client_id": client_id,
            "created_at": START + timedelta(seconds=now),
        }

    def _store(self, entry: Entry) -> None:
        self.entries[entry.conversation_id].append(entry)
        self.commits.append(entry.conversation_id)


class Outlet:
    """A session's way to its device: in order, delayed, and cut when the connection is."""

    def __init__(self, schedule: Schedule, device: Device) -> None:
        self.schedule, self.device = schedule, device
        self.peer: ServerSocket | None = None
        self.arrives_at = 0.0
        self.ready = None

    def live(self) -> None: ...

    def push(self, framed: bytes, events: EncodedEvents | None = None) -> None:
        self.arrives_at = max(self.arrives_at, self.schedule.now + self.schedule.random.uniform(0.001, 0.08))
        self.schedule.after(self.arrives_at - self.schedule.now, lambda: self._arrive(framed))

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"the server closed a good connection: {code} {reason}")

    def _arrive(self, framed: bytes) -> None:
        if self.device.socket is self.peer and self.peer is not None and self.peer.is_open:
            self.device.received(framed)


class ServerSocket:
    """One connection: the device's bytes arrive at the real session, in order."""

    def __init__(self, gateway: "Gateway", device: Device, number: int) -> None:
        self.gateway, self.is_open = gateway, True
        self.outlet = Outlet(gateway.schedule, device)
        self.outlet.peer = self
        wire = Wire(Subprotocol.JSON, bytes)
        self.session = Session(SessionId(str(number)), gateway, self.outlet, wire, gateway.schedule.now)
        self.committed_at = 0.0
        self._arrives_at = 0.0
        gateway.sockets.append(self)

    def sent(self, payload: bytes) -> None:
        schedule = self.gateway.schedule
        self._arrives_at = max(self._arrives_at, schedule.now + schedule.random.uniform(0.001, 0.08))
        schedule.after(self._arrives_at - schedule.now, lambda: self._arrive(payload))

    def close(self) -> None:
        self.is_open = False
        self.session.phase = Phase.CLOSED
        if self in self.gateway.sockets:
            self.gateway.sockets.remove(self)

    def _arrive(self, payload: bytes) -> None:
        if self.is_open:
            self.session.received(payload, self.gateway.schedule.now)


class Gateway:
    """One gateway process: what its sessions ask is answered from the log, late, and with faults."""

    rates = Rates()

    def __init__(self, world: "Servers") -> None:
        self.world, self.schedule = world, world.schedule
        self.sockets: list[ServerSocket] = []
        self.is_up = True

    def kill(self) -> None:
        self.is_up = False
        for socket in list(self.sockets):
            socket.outlet.device.lose_connection()
        self.schedule.soon(0.5, 4, self._return)

    def _return(self) -> None:
        self.is_up = True

    # --- what the sessions ask (session.Gate)

    def hello(self, session: Session, hello: Hello) -> None:
        session.sender = Sender(UserId(hello.device_id // 10), hello.device_id)
        resume = hello.resume
        token = resume.token if resume is not None and resume.epoch == self.world.log.epoch else None
        self.register(session)
        self.schedule.soon(0.001, 0.2, lambda: self._welcome(session, token))

    def register(self, session: Session) -> None:
        """Let hints reach the session, before its heads are read."""
        self.world.registered[session] = self

    def renew(self, session: Session, token: str) -> None:
        raise NotImplementedError

    def due(self, session: Session) -> None:
        self.schedule.soon(0.0, 1.0, lambda: self._pong(session))

    def live(self, session: Session) -> None:
        """Presence is no part of the simulation."""

    def gone(self, session: Session) -> None:
        """Presence is no part of the simulation."""

    def focus(self, session: Session, focus: Focus) -> None:
        """Presence is no part of the simulation."""

    def typing(self, session: Session, typing: Typing) -> None:
        """Presence is no part of the simulation."""

    def untold(self, session: Session) -> None:
        """Presence is no part of the simulation."""

    def received(self, session: Session, received: Received) -> None:
        """Delivered marks are no part of the simulation."""

    def command(self, session: Session, command: Command, trace: Trace | None) -> None:
        socket = next((found for found in self.sockets if found.session is session), None)
        if socket is None:
            return
        if isinstance(command, SendMessage):
            socket.committed_at = max(
                socket.committed_at, self.schedule.now + self.schedule.random.uniform(0.001, 0.08)
            )
            self.schedule.after(socket.committed_at - self.schedule.now, lambda: self._send(session, command))
        else:
            self.schedule.soon(0.002, 0.3, lambda: self._read(session, command))

    def _welcome(self, session: Session, token: str | None) -> None:
        if session.phase is not Phase.GREETING:
            return
        rows, next_token = self.world.log.heads(token)
        welcome = Welcome(
            session_id=session.session_id,
            user_id=session.user_id,
            device_id=session.device_id,
            epoch=self.world.log.epoch,
            heartbeat_ms=int(HEARTBEAT_S * 1_000),
            limits=LIMITS,
            server_time=START,
            resume_token=next_token,
            heads=rows,
            more=False,
        )
        session.welcome(welcome, self.schedule.now)

    def _pong(self, session: Session) -> None:
        if session.phase is Phase.LIVE:
            rows, session.resume_token = self.world.log.heads(session.resume_token)
            session.answer(Pong(heads=rows, resume_token=session.resume_token))

    def _read(self, session: Session, command: Command) -> None:
        match command:
            case Fetch():
                session.answer(self.world.log.page(command))
            case Compare():
                session.answer(self.world.log.compare(command))
            case _:
                raise NotImplementedError(command)
        session.done(command)

    def _send(self, session: Session, command: SendMessage) -> None:
        if not self.is_up or session.phase is Phase.CLOSED:
            return
        try:
            self.store(session, command)
        except ChatError as error:
            session.refuse(command.id, error)
        session.done(command)

    def store(self, session: Session, command: SendMessage) -> None:
        """Commit, publish, then ack."""
        world = self.world
        if command.body == "forbidden":
            raise Forbidden("a wish that is refused for good")
        if world.goes_wrong(world.faults.refused):
            raise RateLimited("too many", retry_after_ms=200)
        if world.goes_wrong(world.faults.command_lost):
            return
        entry, duplicate = world.log.append(command, session.user_id, session.device_id, self.schedule.now)
        if world.goes_wrong(world.faults.killed_after_commit):
            self.kill()
            return
        world.publish(entry)
        self.ack(session, command, entry, duplicate=duplicate)

    def ack(self, session: Session, command: SendMessage, entry: Entry, *, duplicate: bool) -> None:
        if not self.world.goes_wrong(self.world.faults.ack_lost):
            sent = Sent(
                id=command.id,
                conversation_id=entry.conversation_id,
                client_id=entry.client_id,
                seq=entry.seq,
                created_at=entry.created_at,
                duplicate=duplicate,
            )
            session.answer(msgspec.structs.replace(sent))


class Servers:
    """Several gateways, one log, and a broker between them that promises nothing."""

    def __init__(self, schedule: Schedule, log: Log, *, gateways: int, end: float, faults: Faults) -> None:
        self.schedule, self.log, self.end, self.faults = schedule, log, end, faults
        self.registered: dict[Session, Gateway] = {}
        self.gateways = [Gateway(self) for _ in range(gateways)]
        self._connections = 0

    def goes_wrong(self, probability: float) -> bool:
        return self.schedule.now < self.end and self.schedule.random.random() < probability

    def connect(self, device: Device) -> ServerSocket | None:
        up = [gateway for gateway in self.gateways if gateway.is_up]
        if not up:
            return None
        self._connections += 1
        return ServerSocket(self.schedule.random.choice(up), device, self._connections)

    def publish(self, entry: Entry) -> None:
        """Hint at an entry: maybe to nobody, to some, late, in any order."""
        if self.goes_wrong(self.faults.hint_lost):
            return
        event = EncodedEvents(self.log.epoch, entry.conversation_id, [entry])
        for session, gateway in list(self.registered.items()):
            if session.phase is Phase.CLOSED or not gateway.is_up:
                del self.registered[session]
            elif not self.goes_wrong(self.faults.hint_lost_for_one):
                self.schedule.soon(0.001, 0.25, lambda session=session: self._deliver(session, event))

    def fail_over(self, lost: int) -> None:
        """Every gateway dies, and the database comes back without its last commits."""
        for gateway in self.gateways:
            gateway.kill()
        self.log.fail_over(lost)

    def _deliver(self, session: Session, event: EncodedEvents) -> None:
        if session.phase in {Phase.GREETING, Phase.LIVE}:
            session.deliver(event)
