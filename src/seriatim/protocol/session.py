"""The server's side of one connection, without I/O: bytes to commands in order, answers and events to bytes.

new -> greeting (hello is being checked) -> live -> closed. While greeting, events are held: the session is registered
for delivery before its resume token is taken, so nothing falls between the heads it is told and the events it gets.
"""

import time
from enum import IntEnum
from typing import Any, Protocol

from seriatim.core.buckets import draw
from seriatim.core.errors import BadRequest, ChatError, RateLimited, TooLarge, Unauthenticated
from seriatim.core.ids import ConversationId, DeviceId, SessionId, UserId
from seriatim.core.trace import Hop, Trace, passed
from seriatim.protocol.answers import Ok, Welcome
from seriatim.protocol.codec import error_frame
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.commands import (
    AnyCommand,
    Command,
    Focus,
    Hello,
    Ping,
    Renew,
    SendMessage,
    Typing,
    conversation_of,
)
from seriatim.protocol.encoded import EncodedEvents, Wire
from seriatim.protocol.lanes import Lanes
from seriatim.protocol.limits import (
    HEARTBEAT_S,
    HELLO_WITHIN_S,
    LIMITS,
    OUTBOX_FRAMES,
    PONG_WITHIN_S,
    RECEIVED_EVERY_S,
    REFUSED_FRAMES,
    REFUSED_FRAMES_WINDOW_S,
    TOKEN_GRACE_S,
    TYPING_EVERY_S,
    Rates,
)
from seriatim.protocol.own.commands import Received
from seriatim.protocol.sender import Sender


class Phase(IntEnum):
    """Where a session is in its life."""

    NEW = 0
    GREETING = 1
    LIVE = 2
    CLOSED = 3


class Signal(IntEnum):
    """What tells of a moment and is not in the log, so that a slow reader may miss it."""

    TYPING = 0
    """Over by itself; dropped first."""
    PRESENCE = 1
    """Told again once the reader keeps up."""


Mark = EncodedEvents | Signal | None
"""What frames are, where a slow reader's may be folded or dropped; None: they may not."""


class Outlet(Protocol):
    """The way to this session's socket (gateway/outbox)."""

    ready: Any
    """Where a broadcast may write framed bytes now (`write`); None: only `push` keeps the order."""

    @property
    def stalled(self) -> bool:
        """Whether the peer takes nothing at present."""
        ...

    def live(self) -> None:
        """Take events of large groups past the session from the next tick on: it holds none back any more."""
        ...

    def push(self, framed: bytes, mark: Mark = None) -> None:
        """Queue frames for this tick's flush."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Flush, then close."""
        ...


class Gate(Protocol):
    """What a session asks of its gateway; each call returns at once and is answered through the session's methods."""

    rates: Rates

    def hello(self, session: "Session", hello: Hello) -> None:
        """Check the token, register for delivery, read the heads, then `session.welcome` or `session.refuse_hello`."""
        ...

    def renew(self, session: "Session", token: str) -> None:
        """Check a fresh token of the same device and move `session.expires_at`; raises Unauthenticated."""
        ...

    def command(self, session: "Session", command: Command, trace: Trace | None) -> None:
        """Handle one command; then `session.answer` or `session.refuse`, and always `session.done`."""
        ...

    def due(self, session: "Session") -> None:
        """Let the session take part in the next heads check; then `session.answer_ping`."""
        ...

    def received(self, session: "Session", received: Received) -> None:
        """Move the delivered watermarks of the session's user."""
        ...

    def live(self, session: "Session") -> None:
        """Count the session's user as present, with `session.focus` on its screen."""
        ...

    def gone(self, session: "Session") -> None:
        """Forget the session, if it ever was live."""
        ...

    def focus(self, session: "Session", focus: Focus) -> None:
        """Tell the session typing and presence of these conversations and people only."""
        ...

    def typing(self, session: "Session", typing: Typing) -> None:
        """Tell the others who look at this conversation."""
        ...

    def untold(self, session: "Session") -> None:
        """Tell the session all presence again: it did not get some."""
        ...


# Members of an enum are looked up slowly (Python 3.11); these stand on the path of every frame.
_LIVE, _CLOSED = Phase.LIVE, Phase.CLOSED
_RECEIVE, _DECODE = Hop.RECEIVE, Hop.DECODE
_NOBODY = Sender(UserId(0), DeviceId(0))

_NOTHING: frozenset[ConversationId] = frozenset()
"""Shared: an empty frozenset takes 216 bytes, and most sessions look at nothing."""


class Session:
    """One live connection of one device. Times are monotonic seconds, handed in.

    Bounds: 100 commands in flight; 1,000 bursts and news held while greeting; 10 refused frames in 60 s; frames by
    `Rates`.
    """

    __slots__ = (
        "_early",
        "_frames",
        "_gate",
        "_held",
        "_lanes",
        "_received_at",
        "_refused",
        "_typing",
        "deadline",
        "expires_at",
        "focus",
        "heard_at",
        "in_flight",
        "inactive",
        "outlet",
        "phase",
        "resume_token",
        "sender",
        "session_id",
        "wire",
    )

    def __init__(self, session_id: SessionId, gate: Gate, outlet: Outlet, wire: Wire, now: float) -> None:
        self.session_id = session_id
        self.outlet = outlet
        self.wire = wire
        self.phase = Phase.NEW
        self.sender = _NOBODY
        """Who speaks here, once the token was checked."""
        self.focus = _NOTHING
        self.resume_token: str | None = None
        """Where the next heads check of this session begins."""
        self.heard_at = now
        self.expires_at = float("inf")
        """When the access token ends, monotonic."""
        self.inactive = False
        """Whether the device says that nobody looks at it."""
        self.deadline = now + HELLO_WITHIN_S
        self.in_flight = 0
        self._gate = gate
        self._frames = now
        self._received_at = now - RECEIVED_EVERY_S
        self._refused: list[float] | None = None
        self._typing: tuple[float, Typing | None] | None = None
        """When the device last said that somebody types, and where, unless that is over."""
        self._held: list[EncodedEvents | bytes] | None = None
        """While greeting: what happened meanwhile, events and framed news, in order."""
        self._early: list[AnyCommand] | None = None
        self._lanes: Lanes[tuple[Command, Trace | None]] | None = None

    @property
    def user_id(self) -> UserId:
        """Whose session this is."""
        return self.sender.user_id

    @property
    def device_id(self) -> DeviceId:
        """On which of his devices."""
        return self.sender.device_id

    # -- in: from the socket

    def received(self, payload: bytes | memoryview, now: float) -> None:
        """Take one whole WebSocket message; never raises on what a peer can send."""
        passed(None, _RECEIVE)
        received_ns = time.monotonic_ns()
        if self.phase is _CLOSED:
            return
        self.heard_at = now
        try:
            commands = self.wire.codec.decode(payload)
        except ChatError as error:
            self._refuse_frame(error, now, self.wire.codec.id_of(payload))
            return
        passed(None, _DECODE)
        for command in commands:
            self._handle(command, now, received_ns)

    def _handle(self, command: AnyCommand, now: float, received_ns: int) -> None:
        self._frames, wait_ms = draw(self._frames, self._gate.rates.frames, now)
        if wait_ms:
            self._refuse_rate(command, "frames", wait_ms)
            return
        self._take(command, now, received_ns)

    def _take(self, command: AnyCommand, now: float, received_ns: int) -> None:
        if self.phase is _CLOSED:
            return
        if self.phase is _LIVE:
            if type(command) is SendMessage:
                self._send(command, received_ns)
            else:
                self._low_rate(command, now)
        else:
            self._before_live(command)

    def _before_live(self, command: AnyCommand) -> None:
        if self.phase is Phase.GREETING:
            early = self._early
            if early is None:
                early = self._early = []
            if len(early) < LIMITS.commands_in_flight:
                early.append(command)
            else:
                self._refuse_rate(command, "in_flight", 1_000)
        elif isinstance(command, Hello):
            self.phase = Phase.GREETING
            self._held = []
            self.focus = frozenset(command.focus) or _NOTHING
            self.inactive = command.inactive
            self._gate.hello(self, command)
        else:
            self.refuse_hello(Unauthenticated("the first frame of a session is `hello`"), CloseCode.NO_HELLO)

    def _send(self, command: SendMessage, received_ns: int) -> None:
        trace: Trace | None = None
        if command.trace:
            trace = Trace(received_ns)
            trace.note(_DECODE)
        if self._may_start(command):
            lanes = self._lanes
            if lanes is None:
                lanes = self._lanes = Lanes()
            if lanes.enter(command.conversation_id, (command, trace), send=True):
                self._gate.command(self, command, trace)

    def _low_rate(self, command: AnyCommand, now: float) -> None:
        match command:
            case Ping():
                self._gate.due(self)
            case Focus():
                self._look(command, now)
            case Typing():
                self._type(command, now)
            case Received():
                if now - self._received_at >= RECEIVED_EVERY_S:
                    self._received_at = now
                    self._gate.received(self, command)
            case Hello():
                self._refuse_frame(BadRequest("a session says `hello` once", path="$.type"), now)
            case Renew():
                self._renew(command)
            case _:
                self._start(command)

    def _look(self, command: Focus, now: float) -> None:
        if len(command.conversation_ids) + len(command.user_ids) > LIMITS.focus_ids:
            error = BadRequest(f"at most {LIMITS.focus_ids} conversations and people together", path="$.user_ids")
            self._refuse_frame(error, now)
            return
        self.focus = frozenset(command.conversation_ids) or _NOTHING
        self._gate.focus(self, command)

    def _type(self, command: Typing, now: float) -> None:
        """Pass one `on` in 3 s, and its end; what is beyond is dropped, for the next one says the same."""
        said_at, said = self._typing or (now - TYPING_EVERY_S, None)
        if command.on:
            if now - said_at < TYPING_EVERY_S:
                return
            self._typing = (now, command)
        elif said is not None and said.conversation_id == command.conversation_id:
            self._typing = (said_at, None)
        else:
            return
        self._gate.typing(self, command)

    def _start(self, command: Command) -> None:
        if self._may_start(command):
            if self._lanes is None:
                self._lanes = Lanes()
            if self._lanes.enter(conversation_of(command), (command, None), send=False):
                self._gate.command(self, command, None)

    def _may_start(self, command: Command) -> bool:
        if self.in_flight >= LIMITS.commands_in_flight:
            self._refuse_rate(command, "in_flight", 100)
            return False
        self.in_flight += 1
        return True

    def _renew(self, command: Renew) -> None:
        try:
            self._gate.renew(self, command.token)
        except ChatError as error:
            self.refuse(command.id, error)
        else:
            self.answer(Ok(id=command.id))

    # -- out: from the gateway

    def welcome(self, welcome: Welcome, now: float) -> None:
        """Go live: tell the heads, release the events held since registering, then handle early commands."""
        if self.phase is not Phase.GREETING:
            return
        self.phase = _LIVE
        self.heard_at = now
        self.resume_token = welcome.resume_token
        self.answer(welcome)
        held, self._held = self._held, None
        for one in held or ():
            if isinstance(one, EncodedEvents):
                self.outlet.push(one.framed(self.wire), one)
            else:
                self.outlet.push(one)
        self.outlet.live()
        self._gate.live(self)
        early, self._early = self._early, None
        for command in early or ():  # they paid the rate of frames when they came
            self._take(command, now, time.monotonic_ns())

    def refuse_hello(self, error: ChatError, close_code: int) -> None:
        """Say why this session does not begin, and close."""
        if self.phase is not _CLOSED:
            self.answer(error_frame(error, fatal=True))
            self.close(close_code, error.code)

    def deliver(self, events: EncodedEvents) -> None:
        """Pass events on to the device, or hold them until the heads were told."""
        if self._held is None:
            self.outlet.push(events.framed(self.wire), events)
        elif len(self._held) < OUTBOX_FRAMES:
            self._held.append(events)
        else:  # it comes back with the token it has stored, so nothing is lost
            self.close(CloseCode.STATE_LOST, "too much happened before the heads were read")

    def tell(self, frame: Any) -> None:
        """Queue one frame that answers nothing, or hold it until the heads were told: no device expects it before."""
        if self._held is None:
            self.answer(frame)
        elif len(self._held) < OUTBOX_FRAMES:
            self._held.append(self.wire.encode(frame))
        else:
            self.close(CloseCode.STATE_LOST, "too much happened before the heads were read")

    def signal(self, frame: Any, kind: Signal) -> None:
        """Queue one frame that a slow reader may miss."""
        self.outlet.push(self.wire.encode(frame), kind)

    def untold(self) -> None:
        """Note that presence was dropped: it is told again."""
        self._gate.untold(self)

    def answer(self, frame: Any) -> None:
        """Queue one frame."""
        self.outlet.push(self.wire.encode(frame))

    def refuse(self, id_: int | None, error: ChatError) -> None:
        """Queue the `error` frame of a command."""
        self.outlet.push(self.wire.encode(error_frame(error, id_)))

    def done(self, command: Command) -> None:
        """Note that a command was answered, and start what waited for it."""
        self.in_flight -= 1
        if self._lanes is None:
            return
        send = type(command) is SendMessage
        key = command.conversation_id if send else conversation_of(command)
        for next_command, trace in self._lanes.leave(key, send=send):
            if self.phase is _LIVE:
                self._gate.command(self, next_command, trace)

    def close(self, code: int, reason: str) -> None:
        """End the session: nothing is handled any more, what is queued is flushed."""
        if self.phase is not _CLOSED:
            self.phase = _CLOSED
            self.outlet.close(code, reason)

    def expired(self, now: float) -> bool:
        """Close if a deadline has passed and say so; else set `deadline` to the next one."""
        if self.phase is Phase.NEW:
            if now >= self.deadline:
                self.close(CloseCode.NO_HELLO, "no hello in time")
                return True
            return False
        if now >= self.expires_at + TOKEN_GRACE_S:
            self.close(CloseCode.NOT_AUTHENTICATED, "the access token expired")
            return True
        silent_at = self.heard_at + HEARTBEAT_S + PONG_WITHIN_S
        if now >= silent_at:
            self.close(CloseCode.NO_PONG, "no ping in time")
            return True
        self.deadline = min(silent_at, self.expires_at + TOKEN_GRACE_S)
        return self.phase is _CLOSED

    # -- refusals

    def _refuse_frame(self, error: ChatError, now: float, id_: int | None = None) -> None:
        self.refuse(id_, error)
        if isinstance(error, TooLarge):  # no fault of the program: somebody wrote too much; a flood of it is one
            self._frames, wait_ms = draw(self._frames, self._gate.rates.frames, now)
            if not wait_ms:
                return
        recent = [at for at in self._refused or () if at > now - REFUSED_FRAMES_WINDOW_S]
        recent.append(now)
        self._refused = recent
        if len(recent) > REFUSED_FRAMES:
            self.close(CloseCode.BAD_FRAME, "too many refused frames")

    def _refuse_rate(self, command: AnyCommand | Command, limit: str, wait_ms: int) -> None:
        id_ = command.id if isinstance(command, Command) else None
        self.refuse(id_, RateLimited(f"too many: {limit}", reason=limit, retry_after_ms=wait_ms))
