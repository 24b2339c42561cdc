"""Outboxes: one write a tick, and a bound while the peer does not read."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.core.trace import Hop, Trace
from seriatim.gateway.outbox import Outbox, Outboxes
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.encoded import EncodedEvents, Wire, wires
from seriatim.protocol.entries import MessageSent
from seriatim.protocol.limits import OUTBOX_BYTES, OUTBOX_FRAMES
from seriatim.protocol.session import Signal

WIRE: Wire = wires(lambda payload: payload + b"\n", bytes)[Subprotocol.JSON]


class Connection:
    address = "127.0.0.1"
    subprotocol = Subprotocol.JSON

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed: tuple[int, str] | None = None

    def write(self, framed: bytes) -> None:
        self.writes.append(framed)

    def transport(self) -> "Connection":
        return self

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def abort(self) -> None:
        raise AssertionError

    def buffered_bytes(self) -> int:
        return 0


class OnScreen:
    def __init__(self, *ids: int) -> None:
        self.focus = frozenset(map(ConversationId, ids))
        self.untold_count = 0

    def untold(self) -> None:
        self.untold_count += 1


def event(conversation_id: int, seq: int, body: str = "x") -> EncodedEvents:
    entry = MessageSent(
        conversation_id=ConversationId(conversation_id),
        seq=seq,
        sender_id=UserId(1),
        device_id=DeviceId(1),
        client_id=UUID(int=seq),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ordinal=seq,
        body=body,
    )
    return EncodedEvents("e", entry.conversation_id, [entry])


def push(outbox: Outbox, one: EncodedEvents) -> None:
    outbox.push(one.framed(WIRE), one)


@pytest.fixture
async def boxes() -> Outboxes:
    return Outboxes(asyncio.get_running_loop())


@pytest.fixture
def connection() -> Connection:
    return Connection()


@pytest.fixture
async def outbox(boxes: Outboxes, connection: Connection) -> Outbox:
    return Outbox(boxes, connection, WIRE)


async def test_the_frames_of_one_tick_are_one_write(boxes: Outboxes, outbox: Outbox, connection: Connection) -> None:
    for frame in (b"a", b"b", b"c"):
        outbox.push(frame)
    assert connection.writes == []
    await asyncio.sleep(0)
    assert connection.writes == [b"abc"]


async def test_a_close_follows_what_was_queued_before_it(outbox: Outbox, connection: Connection) -> None:
    outbox.push(b"last words")
    outbox.close(4000, "restart")
    assert connection.closed is None
    await asyncio.sleep(0)
    assert (connection.writes, connection.closed) == ([b"last words"], (4000, "restart"))


async def test_a_stalled_peer_gets_everything_in_order_when_it_reads_again(
    boxes: Outboxes, outbox: Outbox, connection: Connection
) -> None:
    outbox.push(b"a")
    outbox.paused(1.0)
    outbox.push(b"b")
    await asyncio.sleep(0)
    assert connection.writes == []
    assert boxes.queued_bytes == 2
    outbox.resumed()
    outbox.push(b"c")
    await asyncio.sleep(0)
    assert connection.writes == [b"ab", b"c"]
    assert boxes.queued_bytes == 0


@pytest.mark.promise("D9")
async def test_a_peer_that_stalls_again_in_the_same_tick_keeps_nothing_that_cannot_be_shed(
    boxes: Outboxes, outbox: Outbox, connection: Connection
) -> None:
    outbox.paused(1.0)
    for seq in range(1, OUTBOX_FRAMES):
        push(outbox, event(2, seq))
        outbox.resumed()
        outbox.paused(1.0)
    assert (len(connection.writes), boxes.queued_bytes) == (OUTBOX_FRAMES - 1, 0)
    for seq in range(OUTBOX_FRAMES, 3 * OUTBOX_FRAMES):
        push(outbox, event(2, seq))
    assert connection.closed is None


@pytest.mark.promise("D9")
async def test_beyond_the_bound_events_off_screen_become_one_gap_each(
    boxes: Outboxes, outbox: Outbox, connection: Connection
) -> None:
    outbox.focused = OnScreen(1)
    outbox.paused(1.0)
    outbox.push(WIRE.encode({"type": "ok", "id": 1}))
    push(outbox, event(1, 1))
    for seq in range(1, OUTBOX_FRAMES):
        push(outbox, event(2 + seq % 2, seq))
    assert len(outbox._queue or ()) <= 4, "the ack, the event on screen, two gaps"
    outbox.resumed()
    await asyncio.sleep(0)
    frames = [msgspec.json.decode(line) for line in connection.writes[0].splitlines()]
    assert [frame["type"] for frame in frames] == ["ok", "event", "gap", "gap"]
    assert {frame["conversation_id"]: frame["head"] for frame in frames[2:]} == {
        2: OUTBOX_FRAMES - 2,
        3: OUTBOX_FRAMES - 1,
    }
    assert connection.closed is None


@pytest.mark.promise("D9")
async def test_beyond_the_bound_typing_goes_first_then_presence_then_events_off_screen(
    boxes: Outboxes, outbox: Outbox, connection: Connection
) -> None:
    screen = outbox.focused = OnScreen(1)
    outbox.paused(1.0)

    def types() -> list[str]:
        return [msgspec.json.decode(one.framed)["type"] for one in outbox._queue or ()]

    def fill(count: int, kind: Signal) -> None:
        for _ in range(count):
            outbox.push(WIRE.encode({"type": kind.name.lower()}), kind)

    fill(OUTBOX_FRAMES - 100, Signal.TYPING)
    fill(99, Signal.PRESENCE)
    push(outbox, event(2, 1))
    push(outbox, event(2, 2))
    assert types() == ["presence"] * 99 + ["event"] * 2
    assert screen.untold_count == 0
    fill(OUTBOX_FRAMES - 101, Signal.PRESENCE)
    push(outbox, event(2, 3))
    assert types() == ["event"] * 3
    assert screen.untold_count == 1, "it is told again"
    for seq in range(4, OUTBOX_FRAMES + 2):
        push(outbox, event(2, seq))
    assert types() == ["gap"]
    assert boxes.queued_bytes == outbox.queued_bytes


@pytest.mark.promise("D9")
async def test_a_peer_that_never_reads_is_closed_within_the_bound(
    boxes: Outboxes, outbox: Outbox, connection: Connection
) -> None:
    outbox.focused = OnScreen(1)
    outbox.paused(1.0)
    most = 0
    for seq in range(1, 200):
        push(outbox, event(1, seq, body="x" * 16_000))
        most = max(most, boxes.queued_bytes)
    assert connection.closed is not None
    assert connection.closed[0] == CloseCode.TOO_SLOW
    assert most <= OUTBOX_BYTES + 20_000
    assert boxes.queued_bytes == 0


@pytest.mark.promise("D9")
async def test_beyond_the_budget_of_all_the_largest_goes_first() -> None:
    boxes = Outboxes(asyncio.get_running_loop(), all_bytes=1_000)
    small, large = Connection(), Connection()
    small_box, large_box = Outbox(boxes, small, WIRE), Outbox(boxes, large, WIRE)
    small_box.paused(1.0)
    large_box.paused(1.0)
    large_box.push(b"x" * 800)
    small_box.push(b"x" * 300)
    assert (small.closed, large.closed and large.closed[0]) == (None, CloseCode.TOO_SLOW)
    assert boxes.queued_bytes == 300


async def test_a_peer_that_takes_nothing_for_ten_seconds_is_closed(
    boxes: Outboxes, outbox: Outbox, connection: Connection
) -> None:
    outbox.paused(1.0)
    boxes.check(10.9)
    assert connection.closed is None
    boxes.check(11.0)
    assert connection.closed is not None
    assert connection.closed[0] == CloseCode.TOO_SLOW


async def test_a_traced_command_ends_with_the_write_of_its_tick(boxes: Outboxes, outbox: Outbox) -> None:
    finished: list[Trace] = []
    trace = Trace(0)
    outbox.push(b"a")
    boxes.finish(trace, finished.append)
    await asyncio.sleep(0)
    assert [hop.hop for hop in trace.hops] == [Hop.RECEIVE, Hop.WRITE]
    assert finished == [trace]


async def test_what_is_said_to_a_stalled_peer_that_is_gone_is_dropped(boxes: Outboxes, outbox: Outbox) -> None:
    outbox.paused(1.0)
    outbox.gone()
    outbox.push(b"the answer to its last command")
    push(outbox, event(1, 1))
    assert boxes.queued_bytes == 0


async def test_a_peer_that_stalls_in_the_tick_of_its_close_is_closed_all_the_same(
    boxes: Outboxes, outbox: Outbox, connection: Connection
) -> None:
    outbox.push(b"last words")
    outbox.close(4410, "signed out")
    outbox.paused(1.0)
    await asyncio.sleep(0)
    assert connection.closed == (4410, "signed out")
    assert boxes.queued_bytes == 0


@pytest.mark.promise("D9")
async def test_an_outbox_that_is_closed_for_all_its_budget_takes_nothing_back(connection: Connection) -> None:
    boxes = Outboxes(asyncio.get_running_loop(), all_bytes=2 * OUTBOX_FRAMES)
    outbox = Outbox(boxes, connection, WIRE)
    outbox.paused(1.0)
    for _ in range(OUTBOX_FRAMES):
        outbox.push(b"ab")
    assert connection.closed is None
    outbox.push(b"ab")  # over both bounds at once
    assert connection.closed is not None
    assert (boxes.queued_bytes, outbox.queued_bytes, boxes.closed_slow_count) == (0, 0, 1)


class Member:
    """A session as a broadcast sees it."""

    def __init__(self, boxes: Outboxes, wire: Wire = WIRE) -> None:
        self.device_id = DeviceId(1)
        self.connection = Connection()
        self.wire = wire
        self.outlet = Outbox(boxes, self.connection, wire)  # pyright: ignore[reportArgumentType] - a fake

    def deliver(self, events: EncodedEvents) -> None:
        self.outlet.push(events.framed(self.wire), events)

    def tell(self, frame: object) -> None:
        raise AssertionError


async def test_a_broadcast_writes_at_once_to_whom_nothing_else_is_to_be_told_before(boxes: Outboxes) -> None:
    free, busy, greeting = Member(boxes), Member(boxes), Member(boxes)
    free.outlet.live()
    busy.outlet.live()
    busy.outlet.push(b"before;")
    one, two = event(1, 1), event(1, 2)
    boxes.broadcast([free, busy, greeting], one)
    boxes.broadcast([free, busy, greeting], two)
    assert free.connection.writes == [one.framed(WIRE), two.framed(WIRE)]
    assert (busy.connection.writes, greeting.connection.writes) == ([], [])
    await asyncio.sleep(0)
    assert busy.connection.writes == [b"before;" + one.framed(WIRE) + two.framed(WIRE)]
    assert greeting.connection.writes == [one.framed(WIRE) + two.framed(WIRE)], "through the session, which holds back"
    boxes.broadcast([busy], event(1, 3))
    assert len(busy.connection.writes) == 2, "its queue is empty again"


async def test_a_broadcast_keeps_to_each_members_encoding(boxes: Outboxes) -> None:
    packed = wires(bytes, lambda payload: b"packed" + payload)[Subprotocol.MSGPACK]
    members = [Member(boxes), Member(boxes, packed), Member(boxes)]
    for member in members:
        member.outlet.live()
    one = event(1, 1)
    boxes.broadcast(members, one)
    assert [member.connection.writes for member in members] == [[one.framed(member.wire)] for member in members]
    assert one.framed(packed).startswith(b"packed")


@pytest.mark.parametrize("end", ["paused", "closing", "ending", "gone"])
async def test_a_broadcast_writes_past_no_outbox_that_waits_or_ends(boxes: Outboxes, end: str) -> None:
    member = Member(boxes)
    member.outlet.live()
    match end:
        case "paused":
            member.outlet.paused(1.0)
        case "closing":
            member.outlet.close(4000, "restart")
        case "ending":
            member.outlet.ending()
        case _:
            member.outlet.gone()
    boxes.broadcast([member], event(1, 1))
    assert member.connection.writes == []


async def test_a_peer_that_reads_again_takes_broadcasts_after_what_waited(boxes: Outboxes) -> None:
    member = Member(boxes)
    member.outlet.live()
    member.outlet.paused(1.0)
    one, two, three = event(1, 1), event(1, 2), event(1, 3)
    boxes.broadcast([member], one)
    member.outlet.resumed()
    boxes.broadcast([member], two)
    await asyncio.sleep(0)
    boxes.broadcast([member], three)
    assert member.connection.writes == [one.framed(WIRE), two.framed(WIRE), three.framed(WIRE)]


async def test_a_trace_counts_the_writes_of_a_broadcast(boxes: Outboxes) -> None:
    members = [Member(boxes) for _ in range(3)]
    for member in members[:2]:
        member.outlet.live()
    trace, finished = Trace(0), list[Trace]()
    boxes.broadcast(members, event(1, 1))
    boxes.finish(trace, finished.append)
    await asyncio.sleep(0)
    assert [(hop.hop, hop.network) for hop in finished[0].hops[1:]] == [(Hop.WRITE, 3)]
