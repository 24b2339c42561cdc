"""The rules that hold between parser and receiver, without a socket."""

import asyncio
from collections.abc import Callable

import pytest

from seriatim.gateway.transport import listener as module
from seriatim.gateway.transport.listener import BINARY, CLOSE, CONTINUATION, PING, TEXT, Listener
from seriatim.protocol.codec import Subprotocol


class Wire:
    """What the parser offers, written down; stands for its transport too."""

    def __init__(self) -> None:
        self.underlying_transport = self
        self.is_close_frame_sent = False
        self.did: list[object] = []

    def write(self, data: bytes) -> None:
        self.did.append(data)

    def send_pong(self, message: bytes) -> None:
        self.did.append(("pong", message))

    def send_close(self, code: int, message: bytes) -> None:
        if not self.is_close_frame_sent:
            self.did.append((code, message))
        self.is_close_frame_sent = True

    def close(self) -> None:
        self.did.append("end")

    def abort(self) -> None:
        self.did.append("abort")

    def get_write_buffer_size(self) -> int:
        return 7


class Receiver:
    def __init__(self) -> None:
        self.told: list[object] = []
        self.ended = False
        self.paused, self.resumed, self.closed = (self.telling(word) for word in ("paused", "resumed", "closed"))

    def telling(self, word: str) -> Callable[[], None]:
        return lambda: self.told.append(word)

    def ending(self) -> None:
        self.ended = True

    def received(self, payload: bytes | memoryview) -> None:
        self.told.append(bytes(payload))
        if payload == b"bug":
            raise ZeroDivisionError


def opened(subprotocol: Subprotocol = Subprotocol.JSON, size: int = 100) -> tuple[Listener, Wire, Receiver]:
    listener, wire, receiver = Listener("192.0.2.1", subprotocol, size), Wire(), Receiver()
    listener.receiver = receiver
    listener.open(wire)  # pyright: ignore[reportArgumentType]
    return listener, wire, receiver


def codes(wire: Wire) -> list[int]:
    return [done[0] for done in wire.did if isinstance(done, tuple) and isinstance(done[0], int)]


async def test_a_whole_message_is_delivered_and_a_fragmented_one_when_it_is_whole() -> None:
    listener, wire, receiver = opened()
    listener.frame(TEXT, 1, 0, b"one")
    listener.frame(TEXT, 0, 0, b"t")
    listener.frame(PING, 1, 0, b"?")
    assert receiver.told == [b"one"]
    listener.frame(CONTINUATION, 1, 0, b"wo")
    assert (receiver.told, wire.did) == ([b"one", b"two"], [("pong", b"?")])


async def test_text_of_the_binary_subprotocol_is_not_checked_for_utf8() -> None:
    listener, wire, receiver = opened(Subprotocol.MSGPACK)
    listener.frame(BINARY, 1, 0, b"\xff")
    assert (receiver.told, wire.did) == ([b"\xff"], [])


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(TEXT, 1, 1, b"")], 1002),
        ([(CONTINUATION, 1, 0, b"")], 1002),
        ([(TEXT, 0, 0, b""), (TEXT, 1, 0, b"")], 1002),
        ([(TEXT, 0, 0, b""), (BINARY, 1, 0, b"")], 1002),
        ([(BINARY, 1, 0, b"")], 1003),
        ([(TEXT, 1, 0, b"\xff")], 1007),
        ([(TEXT, 0, 0, b"\xe2"), (CONTINUATION, 1, 0, b"\x82")], 1007),
        ([(TEXT, 0, 0, b"x" * 60), (CONTINUATION, 0, 0, b"x" * 41)], 1009),
        ([(TEXT, 0, 0, b"")] + [(CONTINUATION, 0, 0, b"")] * 64, 1009),
        ([(PING, 1, 0, b"")] * 11, 4005),
        ([(CLOSE, 1, 0, b"\x00\x00")], 1002),
        ([(CLOSE, 1, 0, b"\x13\x88")], 1002),
    ],
)
async def test_a_breach_is_closed_once_and_nothing_is_delivered_after_it(
    frames: list[tuple[int, int, int, bytes]], code: int
) -> None:
    listener, wire, receiver = opened()
    for one in frames:
        listener.frame(*one)
    listener.frame(TEXT, 1, 0, b"late")
    assert (codes(wire), receiver.told) == ([code], [])


async def test_the_rate_of_control_frames_starts_anew_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    listener, wire, _ = opened()
    for _ in range(3):
        for _ in range(10):
            listener.frame(PING, 1, 0, b"")
        now[0] += 1.0
    assert wire.did == [("pong", b"")] * 30


async def test_a_write_after_a_close_frame_is_dropped_whoever_sent_it() -> None:
    listener, wire, _ = opened()
    listener.write(b"1")
    wire.is_close_frame_sent = True  # the parser did
    listener.write(b"2")
    assert wire.did == [b"1"]


async def test_a_connection_is_aborted_when_the_peer_does_not_answer_the_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_WITHIN_S", 0.0)
    for ours in (True, False):
        listener, wire, _ = opened()
        if ours:
            listener.close(4000, "x")
        else:
            listener.failed()
        async with asyncio.timeout(5):
            while "abort" not in wire.did:
                await asyncio.sleep(0)


async def test_the_peers_answer_to_our_close_ends_the_connection() -> None:
    listener, wire, _ = opened()
    listener.close(4000, "bye")
    listener.close(4001, "again")
    listener.frame(CLOSE, 1, 0, b"\x0f\xa0")
    assert wire.did == [(4000, b"bye"), "end"]
    listener.gone()


async def test_a_long_reason_is_cut_between_characters() -> None:
    listener, wire, _ = opened()
    listener.close(4000, "\N{EURO SIGN}" * 100)
    assert wire.did == [(4000, "\N{EURO SIGN}".encode() * 41)]
    listener.gone()


async def test_a_bug_above_closes_with_4003() -> None:
    listener, wire, _ = opened()
    listener.frame(TEXT, 1, 0, b"bug")
    assert codes(wire) == [4003]
    listener.gone()


async def test_the_end_is_told_once_and_every_call_after_it_is_harmless() -> None:
    listener, wire, receiver = opened()
    listener.paused()
    listener.resumed()
    assert listener.buffered_bytes() == 7
    listener.gone()
    listener.gone()
    listener.write(b"x")
    listener.close(1000, "")
    listener.abort()
    listener.paused()
    listener.failed()
    assert (receiver.told, wire.did, listener.buffered_bytes()) == (["paused", "resumed", "closed"], [], 0)


@pytest.mark.parametrize("end", ["close", "failed"])
async def test_nobody_writes_past_a_listener_that_has_sent_a_close_frame(end: str) -> None:
    listener, wire, receiver = opened()
    assert listener.transport() is wire.underlying_transport
    if end == "close":
        listener.close(4000, "restart")
    else:
        listener.failed()
    assert receiver.ended
    assert listener.transport() is None
    listener.gone()
