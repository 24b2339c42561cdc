"""The server's session, without sockets: bytes in, frames out."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from seriatim.core.errors import Forbidden, TokenExpired
from seriatim.core.ids import ConversationId, DeviceId, SessionId, UserId, uuid7
from seriatim.core.trace import Trace
from seriatim.protocol.answers import DevicesChanged, Ok, SelfChanged, Welcome
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.commands import Command, Focus, Hello, Typing
from seriatim.protocol.encoded import EncodedEvents, wires
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.limits import LIMITS, OUTBOX_FRAMES, Rate, Rates
from seriatim.protocol.own.commands import Received
from seriatim.protocol.sender import Sender
from seriatim.protocol.session import Mark, Phase, Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HERE = ConversationId(7)


class Told:
    """An outlet that keeps what it was told, decoded."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.is_live = False

    ready = None

    def live(self) -> None:
        self.is_live = True

    stalled = False

    def push(self, framed: bytes, mark: Mark = None) -> None:
        self.frames.append(msgspec.json.decode(framed))

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


class Gateway:
    """A gate that notes what it is asked."""

    def __init__(self) -> None:
        self.rates = Rates(frames=Rate(50, 200))
        self.hellos: list[Hello] = []
        self.commands: list[tuple[Command, Trace | None]] = []
        self.due_sessions: list[Session] = []
        self.signals: list[Any] = []

    def hello(self, session: Session, hello: Hello) -> None:
        self.hellos.append(hello)
        session.sender = Sender(UserId(1), DeviceId(2))

    def renew(self, session: Session, token: str) -> None:
        if token == "stale":
            raise TokenExpired("too old")
        session.expires_at = 1e9

    def command(self, session: Session, command: Command, trace: Trace | None) -> None:
        self.commands.append((command, trace))

    def due(self, session: Session) -> None:
        self.due_sessions.append(session)

    def live(self, session: Session) -> None:
        self.signals.append(("live", session.inactive))

    def gone(self, session: Session) -> None:
        self.signals.append("gone")

    def focus(self, session: Session, focus: Focus) -> None:
        self.signals.append(focus)

    def typing(self, session: Session, typing: Typing) -> None:
        self.signals.append(typing)

    def untold(self, session: Session) -> None:
        self.signals.append("untold")

    def received(self, session: Session, received: Received) -> None:
        self.signals.append(received)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def session(gateway: Gateway, told: Told) -> Session:
    wire = wires(bytes, bytes)[Subprotocol.JSON]
    return Session(SessionId("s"), gateway, told, wire, now=0.0)


def say(session: Session, *frames: dict[str, Any], now: float = 1.0) -> None:
    session.received(msgspec.json.encode(frames[0] if len(frames) == 1 else frames), now)


HELLO = {"type": "hello", "token": "t", "device_id": 2, "client": {"name": "test", "version": "1"}}


def welcome() -> Welcome:
    return Welcome(
        session_id=SessionId("s"),
        user_id=UserId(1),
        device_id=DeviceId(2),
        epoch="e",
        heartbeat_ms=25_000,
        limits=LIMITS,
        server_time=NOW,
        resume_token="t1",
        heads=[],
        more=False,
    )


def greet(session: Session) -> None:
    say(session, HELLO)
    session.welcome(welcome(), 1.0)


def send_frame(body: str = "hi", *, id_: int = 1, conversation_id: int = HERE, **more: Any) -> dict[str, Any]:
    return {
        "type": "send",
        "id": id_,
        "conversation_id": conversation_id,
        "client_id": str(uuid7()),
        "body": body,
        **more,
    }


def event(seq: int) -> EncodedEvents:
    entry = MessageSent(
        conversation_id=HERE,
        seq=seq,
        sender_id=UserId(9),
        device_id=DeviceId(9),
        client_id=UUID(int=seq),
        created_at=NOW,
        ordinal=seq,
        body="x",
    )
    return EncodedEvents("e", entry.conversation_id, [entry])


def test_a_session_that_greets_for_too_long_is_closed_and_resumes_from_its_old_token(
    session: Session, told: Told
) -> None:
    say(session, HELLO)
    for seq in range(1, OUTBOX_FRAMES + 1):
        session.deliver(event(seq))
    assert told.closed is None
    session.deliver(event(OUTBOX_FRAMES + 1))
    assert told.closed is not None
    assert told.closed[0] == CloseCode.STATE_LOST
    session.welcome(welcome(), 2.0)
    assert told.frames == [], "what it was told would have a hole"


def test_events_are_held_until_the_heads_were_told(session: Session, told: Told) -> None:
    say(session, HELLO)
    session.deliver(event(5))
    assert (told.types(), told.is_live) == ([], False)
    session.welcome(welcome(), 1.0)
    assert (told.types(), told.is_live) == (["welcome", "event"], True)
    session.deliver(event(6))
    assert [frame["entry"]["seq"] for frame in told.frames[1:]] == [5, 6]


def test_commands_sent_before_the_welcome_are_handled_after_it_in_order(session: Session, gateway: Gateway) -> None:
    say(session, HELLO)
    say(session, send_frame("one", id_=1), send_frame("two", id_=2))
    assert gateway.commands == []
    session.welcome(welcome(), 1.0)
    assert [command.id for command, _ in gateway.commands] == [1, 2]


def test_commands_sent_before_the_welcome_pay_the_rate_of_frames_once(session: Session, gateway: Gateway) -> None:
    gateway.rates = Rates(frames=Rate(1, 5))
    say(session, HELLO)
    for id_ in range(1, 5):
        say(session, send_frame(id_=id_))
    session.welcome(welcome(), 1.0)
    assert [command.id for command, _ in gateway.commands] == [1, 2, 3, 4]


def test_news_are_held_until_the_heads_were_told_in_their_place_among_the_events(session: Session, told: Told) -> None:
    say(session, HELLO)
    session.deliver(event(5))
    session.tell(SelfChanged(what=DevicesChanged()))
    session.deliver(event(6))
    assert told.frames == []
    session.welcome(welcome(), 1.0)
    session.tell(SelfChanged(what=DevicesChanged()))
    assert told.types() == ["welcome", "event", "self", "event", "self"]


def test_too_many_news_before_the_welcome_close_as_too_many_events_do(session: Session, told: Told) -> None:
    say(session, HELLO)
    for _ in range(OUTBOX_FRAMES):
        session.tell(SelfChanged(what=DevicesChanged()))
    assert told.closed is None
    session.tell(SelfChanged(what=DevicesChanged()))
    assert told.closed is not None
    assert told.closed[0] == CloseCode.STATE_LOST


def test_a_first_frame_that_is_no_hello_ends_the_session(session: Session, told: Told) -> None:
    say(session, send_frame())
    assert told.frames[0]["code"] == "unauthenticated"
    assert told.frames[0]["fatal"]
    assert told.closed is not None
    assert told.closed[0] == CloseCode.NO_HELLO


def test_a_second_hello_is_refused_and_the_session_goes_on(session: Session, told: Told, gateway: Gateway) -> None:
    greet(session)
    say(session, HELLO)
    assert told.frames[-1]["code"] == "bad_request"
    say(session, send_frame())
    assert len(gateway.commands) == 1


def test_a_refused_frame_names_its_id_and_the_field(session: Session, told: Told, gateway: Gateway) -> None:
    greet(session)
    say(session, send_frame("", id_=42))
    assert (told.frames[-1]["id"], told.frames[-1]["code"]) == (42, "bad_request")
    assert told.frames[-1]["path"] == "$.body"
    assert gateway.commands == []


def test_the_eleventh_refused_frame_within_a_minute_closes(session: Session, told: Told) -> None:
    greet(session)
    for second in range(10):
        session.received(b"nonsense", 2.0 + second)
    assert told.closed is None
    session.received(b"nonsense", 13.0)
    assert told.closed is not None
    assert told.closed[0] == CloseCode.BAD_FRAME


def test_refused_frames_are_forgotten_after_a_minute(session: Session, told: Told) -> None:
    greet(session)
    for index in range(30):
        session.received(b"nonsense", 2.0 + index * 7)
    assert told.closed is None


def test_frames_beyond_the_rate_are_refused_with_a_time(session: Session, told: Told, gateway: Gateway) -> None:
    gateway.rates = Rates(frames=Rate(1, 3))
    greet(session)
    for id_ in range(5):
        say(session, send_frame(id_=id_))
    refused = [frame for frame in told.frames if frame["type"] == "error"]
    assert [frame["code"] for frame in refused] == ["rate_limited"] * len(refused) != []
    assert all(frame["retry_after_ms"] > 0 and frame["reason"] == "frames" for frame in refused)


def test_a_hundred_and_one_unanswered_commands_are_one_too_many(session: Session, told: Told, gateway: Gateway) -> None:
    gateway.rates = Rates(frames=Rate(1e6, 10_000))
    greet(session)
    for id_ in range(LIMITS.commands_in_flight + 1):
        say(session, send_frame(id_=id_))
    assert len(gateway.commands) == LIMITS.commands_in_flight
    assert (told.frames[-1]["code"], told.frames[-1]["reason"]) == ("rate_limited", "in_flight")
    session.done(gateway.commands[0][0])
    say(session, send_frame(id_=900))
    assert gateway.commands[-1][0].id == 900


def test_commands_of_one_conversation_are_handled_in_order(session: Session, gateway: Gateway) -> None:
    greet(session)
    leave = {"type": "leave", "id": 2, "conversation_id": HERE, "client_id": str(uuid7())}
    say(session, send_frame(id_=1), leave, send_frame(id_=3))
    assert [command.id for command, _ in gateway.commands] == [1]
    session.done(gateway.commands[0][0])
    assert [command.id for command, _ in gateway.commands] == [1, 2]
    session.done(gateway.commands[1][0])
    assert [command.id for command, _ in gateway.commands] == [1, 2, 3]


def test_a_ping_takes_part_in_the_next_heads_check(session: Session, gateway: Gateway) -> None:
    greet(session)
    say(session, {"type": "ping"}, now=20.0)
    assert gateway.due_sessions == [session]
    assert not session.expired(54.0)


def test_silence_for_a_heartbeat_and_ten_seconds_closes(session: Session, told: Told) -> None:
    greet(session)
    assert not session.expired(35.0)
    assert session.expired(36.0)
    assert told.closed is not None
    assert told.closed[0] == CloseCode.NO_PONG


def test_no_hello_within_ten_seconds_closes(session: Session, told: Told) -> None:
    assert not session.expired(9.9)
    assert session.expired(10.0)
    assert told.closed is not None
    assert told.closed[0] == CloseCode.NO_HELLO


def test_a_session_ends_a_minute_after_its_token(session: Session, told: Told) -> None:
    greet(session)
    session.expires_at = 20.0
    session.heard_at = 79.0
    assert not session.expired(79.9)
    assert session.expired(80.0)
    assert told.closed is not None
    assert told.closed[0] == CloseCode.NOT_AUTHENTICATED


def test_a_fresh_token_keeps_the_session_and_a_stale_one_is_refused(session: Session, told: Told) -> None:
    greet(session)
    session.expires_at = 20.0
    say(session, {"type": "renew", "id": 3, "token": "fresh"})
    assert told.frames[-1] == {"type": "ok", "id": 3}
    say(session, {"type": "renew", "id": 4, "token": "stale"})
    assert (told.frames[-1]["id"], told.frames[-1]["code"]) == (4, "token_expired")
    assert session.expires_at > 20.0


def test_nothing_is_handled_after_the_close(session: Session, gateway: Gateway) -> None:
    greet(session)
    session.close(CloseCode.DRAINED, "restart")
    say(session, send_frame())
    assert gateway.commands == []
    assert session.phase is Phase.CLOSED


def test_only_a_send_that_asks_is_traced(session: Session, gateway: Gateway) -> None:
    greet(session)
    say(session, send_frame(), send_frame(trace=True))
    traces = [trace for _, trace in gateway.commands]
    assert traces[0] is None
    assert traces[1] is not None
    assert [hop.hop for hop in traces[1].hops] == ["receive", "decode"]


def test_a_refusal_carries_the_code_and_the_path(session: Session, told: Told) -> None:
    greet(session)
    session.refuse(5, Forbidden("no", path="$.role"))
    assert told.frames[-1] == {"type": "error", "id": 5, "code": "forbidden", "message": "no", "path": "$.role"}
    session.answer(Ok(id=1))
    assert told.frames[-1]["type"] == "ok"


def live(session: Session) -> None:
    say(session, HELLO)
    session.welcome(welcome(), 0.0)


@pytest.mark.promise("D7")
def test_somebody_types_once_in_three_seconds_and_stops_once(session: Session, gateway: Gateway) -> None:
    live(session)
    for now, frame in (
        (10.0, {"conversation_id": 1}),
        (12.9, {"conversation_id": 1}),  # too soon
        (12.9, {"conversation_id": 2}),  # wherever
        (12.9, {"conversation_id": 2, "on": False}),  # was never said to be on
        (12.9, {"conversation_id": 1, "on": False}),
        (12.9, {"conversation_id": 1, "on": False}),  # is over already
        (13.0, {"conversation_id": 1, "thread_seq": 3}),
    ):
        say(session, {"type": "typing", **frame}, now=now)
    typed = [(one.conversation_id, one.thread_seq, one.on) for one in gateway.signals if isinstance(one, Typing)]
    assert typed == [(1, None, True), (1, None, False), (1, 3, True)]


def test_a_screen_holds_a_hundred_conversations_and_people_together(
    session: Session, gateway: Gateway, told: Told
) -> None:
    live(session)
    many = {"conversation_ids": list(range(1, 61)), "user_ids": list(range(1, 41))}
    say(session, {"type": "focus", **many})
    assert len(session.focus) == 60
    say(session, {"type": "focus", "conversation_ids": list(range(1, 62)), "user_ids": list(range(1, 41))})
    assert told.frames[-1]["code"] == "bad_request"
    assert told.frames[-1]["path"] == "$.user_ids"
    assert len(session.focus) == 60, "nothing changed"
    assert [type(one) for one in gateway.signals] == [tuple, Focus]


def test_a_session_goes_live_with_what_hello_said(session: Session, gateway: Gateway) -> None:
    say(session, {**HELLO, "inactive": True})
    assert gateway.signals == []
    session.welcome(welcome(), 0.0)
    assert gateway.signals == [("live", True)]


def test_what_was_received_is_taken_twice_a_second(session: Session, gateway: Gateway) -> None:
    live(session)
    for number, now in ((1, 10.0), (2, 10.4), (3, 10.6)):
        say(session, {"type": "received", "seqs": {"7": number}}, now=now)
    assert [one.seqs for one in gateway.signals if isinstance(one, Received)] == [{7: 1}, {7: 3}]
