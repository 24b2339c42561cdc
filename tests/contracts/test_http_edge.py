"""What the HTTP side does with heads, bodies and clients that never end, on the real server with short time-outs."""

import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from contracts.edge import Edge, Raw, certified, handshake, running, waiting
from seriatim.gateway.transport.http import HttpLimits

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\n"
SHORT = HttpLimits(head_s=0.3, idle_s=0.6, body_window_s=0.3, body_bytes_per_s=1000)


@pytest.fixture(scope="module")
def edge() -> Generator[Edge]:
    with running() as running_edge:
        yield running_edge


@pytest.fixture(scope="module")
def hasty() -> Generator[Edge]:
    with running(limits=SHORT) as running_edge:
        yield running_edge


def answers(edge: Edge, *parts: bytes) -> list[int]:
    """Send the parts, read to the end, and return the status of every answer."""
    with Raw(edge.server.port) as raw:
        for part in parts:
            try:
                raw.send(part)
            except ConnectionError:
                break
        raw.assert_ended()
        lines = raw.buffer.split(b"HTTP/1.1 ")[1:]
        return [int(line[:3]) for line in lines]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def trickle(raw: Raw, data: bytes, *, every_s: float = 0.05) -> float:
    """Send one byte at a time until the server answers or ends; return the seconds that took."""
    began = time.monotonic()
    raw.socket.settimeout(every_s)
    for byte in data:
        try:
            raw.send(bytes((byte,)))
            if not raw.fill() or raw.buffer:
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    raw.socket.settimeout(5)
    return time.monotonic() - began


# Sizes.


def test_requests_on_one_connection_are_answered_in_order(edge: Edge) -> None:
    with Raw(edge.server.port) as raw:
        raw.send(
            GET
            + POST
            + b"content-length: 3\r\n\r\nabc"
            + POST
            + b"transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        )
        bodies: list[bytes] = []
        for _ in range(3):
            assert raw.status() == 200
            bodies.append(raw.take(1))
        assert bodies == [b"0", b"3", b"2"]


def test_a_head_of_16_kib_is_answered_and_one_byte_more_is_431(edge: Edge) -> None:
    frame = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: \r\n\r\n"
    for excess, status in ((0, 200), (1, 431)):
        head = frame.replace(b"x: ", b"x: " + b"y" * (16 * 1024 - len(frame) + excess))
        assert answers(edge, head) == [status]
        assert answers(edge, head[:9000], head[9000:]) == [status]


@pytest.mark.parametrize("head", [b"x: " + b"y" * 3_000_000, b"x" * 3_000_000, b"x: y\r\n" * 400_000])
def test_a_head_of_3_mb_is_431_and_the_client_can_read_why(edge: Edge, head: bytes) -> None:
    assert answers(edge, b"GET / HTTP/1.1\r\nhost: a\r\n" + head) == [431]


def test_a_target_of_3_mb_is_431(edge: Edge) -> None:
    assert answers(edge, b"GET /" + b"a" * 3_000_000) == [431]


def test_100_fields_are_answered_and_more_are_431(edge: Edge) -> None:
    start = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
    assert answers(edge, start + b"a: b\r\n" * 98 + b"\r\n") == [200]
    assert answers(edge, start + b"a: b\r\n" * 99 + b"\r\n") == [431]
    assert answers(edge, start + b"a:\r\n" * 5_000 + b"\r\n") == [431]


def test_a_handshake_has_the_same_limits(edge: Edge) -> None:
    assert answers(edge, handshake(cookie="x" * 20_000)) == [431]


def test_the_head_of_a_later_request_has_the_same_limits(edge: Edge) -> None:
    with Raw(edge.server.port) as raw:
        raw.send(GET)
        assert raw.status() == 200
        raw.take(1)
        raw.send(b"GET / HTTP/1.1\r\nx: " + b"y" * 40_000)
        assert raw.status() == 431


def test_a_body_of_256_kib_is_taken_and_more_is_413(edge: Edge) -> None:
    for size, status in ((256 * 1024, 200), (256 * 1024 + 1, 413)):
        start = POST + b"connection: close\r\ncontent-length: %d\r\n\r\n" % size
        assert answers(edge, start + b"x" * size) == [status]


def test_an_announced_length_is_refused_before_the_body_comes(edge: Edge) -> None:
    assert answers(edge, POST + b"expect: 100-continue\r\ncontent-length: 99999999999\r\n\r\n") == [413]


def test_a_chunked_body_has_the_same_limit(edge: Edge) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    start = POST + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert answers(edge, start, *[chunk] * 8, b"0\r\n\r\n") == [200]
    assert answers(edge, start, *[chunk] * 9, b"0\r\n\r\n") == [413]


def test_a_flood_of_pipelined_requests_is_cut(edge: Edge) -> None:
    assert len(answers(edge, GET.replace(b" / ", b" /slow ") * 1_000)) == 0


def test_the_first_of_pipelined_requests_learns_that_its_client_is_gone(edge: Edge) -> None:
    before = len(waiting)
    with Raw(edge.server.port) as raw:
        raw.send(GET.replace(b" / ", b" /slow ") * 2)
        wait_until(lambda: len(waiting) == before + 1)
    wait_until(lambda: len(waiting) == before)


# Times.


def test_a_head_that_never_ends_is_408(hasty: Edge) -> None:
    with Raw(hasty.server.port) as raw:
        assert 0.25 < trickle(raw, GET[:-2] + b"x: " + b"y" * 500) < 1.5
        assert raw.status() == 408


def test_a_tls_handshake_has_as_long_as_a_head(tmp_path: Path) -> None:
    with running(tls=certified(tmp_path), limits=SHORT) as other, Raw(other.server.port) as raw:
        began = time.monotonic()
        raw.send(b"\x16\x03")  # the beginning of a ClientHello
        raw.assert_ended()
        assert 0.2 < time.monotonic() - began < 3


def test_line_ends_before_a_request_win_no_time(hasty: Edge) -> None:
    with Raw(hasty.server.port) as raw:
        assert 0.25 < trickle(raw, b"\r\n" * 200) < 1.5
        assert raw.status() == 408


def test_a_handshake_that_never_ends_is_408(hasty: Edge) -> None:
    with Raw(hasty.server.port) as raw:
        trickle(raw, handshake()[:-2] + b"x: " + b"y" * 500)
        assert raw.status() == 408


@pytest.mark.parametrize("start", [b"content-length: 100000\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n186A0\r\n"])
def test_a_body_that_dribbles_is_408(hasty: Edge, start: bytes) -> None:
    with Raw(hasty.server.port) as raw:
        raw.send(POST + start)
        assert 0.25 < trickle(raw, b"x" * 500) < 1.5
        assert raw.status() == 408


def test_a_body_that_dribbles_after_a_fast_start_is_408(hasty: Edge) -> None:
    with Raw(hasty.server.port) as raw:
        raw.send(POST + b"content-length: 100000\r\n\r\n" + b"x" * 5_000)
        assert 0.5 < trickle(raw, b"x" * 500) < 1.5
        assert raw.status() == 408


def test_a_slow_body_that_keeps_its_rate_is_taken(hasty: Edge) -> None:
    with Raw(hasty.server.port) as raw:
        raw.send(POST + b"content-length: 20000\r\n\r\n")
        began = time.monotonic()
        raw.socket.settimeout(0.05)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                raw.fill()
            raw.send(b"x" * 1_000)
        raw.socket.settimeout(5)
        assert raw.status() == 200
        assert time.monotonic() - began > 2 * SHORT.body_window_s


def test_an_idle_connection_is_closed_before_its_first_request_and_after_one(hasty: Edge) -> None:
    for first in (b"", GET):
        with Raw(hasty.server.port) as raw:
            raw.send(first)
            began = time.monotonic()
            raw.assert_ended()
            assert 0.5 < time.monotonic() - began < 2.0


def test_a_request_that_is_being_answered_has_no_deadline_of_ours(hasty: Edge) -> None:
    with Raw(hasty.server.port) as raw:
        raw.send(GET.replace(b" / ", b" /slow "))
        raw.socket.settimeout(1.0)
        with pytest.raises(TimeoutError):
            raw.fill()


# Two readings of one request.


@pytest.mark.parametrize(
    "fields",
    [
        b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\ncontent-length: 3\r\n",
        b"content-length: 3\r\ncontent-length: 4\r\n",
        b"content-length: 3\r\ncontent-length: 3\r\n",
        b"content-length: 3, 3\r\n",
        b"content-length: +3\r\n",
        b"content-length: -3\r\n",
        b"content-length: 0x3\r\n",
        b"content-length: 99999999999999999999999\r\n",
        b"content-length : 3\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: identity\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding : chunked\r\n",
        b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        b"x: a\r\n b\r\n",
        b"x: a\0b\r\n",
        b"x: a\rb\r\n",
        b"x\xff: a\r\n",
        b": a\r\n",
        b"host: b\r\n",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_400(edge: Edge, fields: bytes) -> None:
    assert answers(edge, POST + fields + b"\r\nabcGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n") == [400]


@pytest.mark.parametrize(
    "chunk", [b"3;\0\r\n", b"g\r\n", b"-1\r\n", b"0x3\r\n", b"fffffffffffffffff\r\n", b"3\r\nabcd\r\n"]
)
def test_a_malformed_chunk_is_400(edge: Edge, chunk: bytes) -> None:
    assert answers(edge, POST + b"transfer-encoding: chunked\r\n\r\n" + chunk) == [400]


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_of_http_1_is_400(edge: Edge, request_: bytes) -> None:
    assert answers(edge, request_) == [400]


def test_an_upgrade_to_something_else_is_answered_as_a_last_ordinary_request(edge: Edge) -> None:
    request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    assert answers(edge, request) == [200]


def test_an_upgrade_behind_an_unanswered_request_does_not_happen(edge: Edge) -> None:
    accepted = len(edge.echoes)
    assert 101 not in answers(edge, GET.replace(b" / ", b" /slow ") + handshake())
    assert len(edge.echoes) == accepted
