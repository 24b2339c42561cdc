"""What raw frames and handshakes get from the real server: RFC 6455, and the limits of docs/protocol.md."""

import asyncio
import ssl
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from contracts.edge import Edge, Raw, certified, connect, handshake, masked, running
from seriatim.gateway.transport.contract import Connection, MessageReceiver, Refusal, UpgradeRequest

TEXT, BINARY, CLOSE, PING, PONG, FIN = 1, 2, 8, 9, 10, 0x80
JSON, MSGPACK = "seriatim.v1.json", "seriatim.v1.msgpack"
EURO = "\N{EURO SIGN}".encode()


@pytest.fixture(scope="module")
def edge() -> Generator[Edge]:
    with running() as running_edge:
        yield running_edge


# Messages.


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 1_000, 65_535, 65_536])
def test_a_message_of_any_allowed_size_comes_back(edge: Edge, size: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, b"x" * size))
        assert raw.frame() == (FIN | TEXT, b"x" * size)


def test_messagepack_travels_in_binary_frames(edge: Edge) -> None:
    with connect(edge, MSGPACK) as raw:
        raw.send(masked(FIN | BINARY, b"\x81\xff"))
        assert raw.frame() == (FIN | BINARY, b"\x81\xff")


def test_many_messages_in_one_segment_come_back_in_order(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(b"".join(masked(FIN | TEXT, b"%d" % number) for number in range(200)))
        assert [raw.frame()[1] for _ in range(200)] == [b"%d" % number for number in range(200)]


def test_a_connection_delivered_byte_by_byte_works(edge: Edge) -> None:
    with Raw(edge.server.port) as raw:
        for byte in handshake() + masked(FIN | TEXT, b"slow") + masked(FIN | TEXT, b"y" * 130):
            raw.send(bytes((byte,)))
        assert raw.status() == 101
        assert (raw.frame()[1], raw.frame()[1]) == (b"slow", b"y" * 130)


@pytest.mark.parametrize("size", [5, 5_000, 60_000])
def test_bytes_that_follow_the_handshake_in_the_same_segment_are_not_lost(edge: Edge, size: int) -> None:
    with Raw(edge.server.port) as raw:
        raw.send(handshake() + masked(FIN | TEXT, b"z" * size) + masked(FIN | TEXT, b"next"))
        assert raw.status() == 101
        assert (raw.frame()[1], raw.frame()[1]) == (b"z" * size, b"next")


# Fragments.


def test_fragments_are_one_message_and_control_frames_may_stand_between(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(TEXT, b"a") + masked(0, b"") + masked(FIN | PING, b"!") + masked(0, b"b") + masked(FIN, b"c"))
        assert raw.frame() == (FIN | PONG, b"!")
        assert raw.frame() == (FIN | TEXT, b"abc")


def test_64_fragments_are_a_message_and_65_are_too_many(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(TEXT, b"x") + masked(0, b"x") * 62 + masked(FIN, b"x"))
        assert raw.frame()[1] == b"x" * 64
        raw.send(masked(TEXT, b"x") + masked(0, b"x") * 63 + masked(FIN, b"x"))
        assert raw.close_code() == 1009


def test_an_assembled_message_has_the_limit_of_a_single_frame(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(TEXT, b"x" * 65_535) + masked(FIN, b"x"))
        assert len(raw.frame()[1]) == 65_536
        raw.send(masked(TEXT, b"x" * 65_536) + masked(FIN, b"x"))
        assert raw.close_code() == 1009


def test_a_continuation_of_nothing_is_refused(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN, b"orphan"))
        assert raw.close_code() == 1002


def test_a_continuation_after_a_finished_message_is_refused(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(TEXT, b"a") + masked(FIN, b"b") + masked(FIN, b"c"))
        assert raw.close_code() == 1002


def test_a_message_inside_a_fragmented_message_is_refused(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(TEXT, b"a") + masked(FIN | TEXT, b"b"))
        assert raw.close_code() == 1002


# Bits, opcodes, masks, lengths.


@pytest.mark.parametrize("bit", [0x40, 0x20, 0x10])
@pytest.mark.parametrize("kind", [FIN | TEXT, TEXT, FIN | PING])
def test_a_reserved_bit_is_refused(edge: Edge, bit: int, kind: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(kind | bit, b"x"))
        assert raw.close_code() == 1002
    assert edge.echoes[-1].got == []


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_a_reserved_opcode_is_refused(edge: Edge, opcode: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | opcode, b"x"))
        assert raw.close_code() == 1002


def test_an_unmasked_frame_is_refused(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(b"\x81\x02hi")
        assert raw.close_code() == 1002


def test_a_frame_above_the_limit_is_refused_by_its_length_alone(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, length=b"\xff" + (65_537).to_bytes(8, "big")))
        assert raw.close_code() == 1009


@pytest.mark.parametrize("length", [2**63, 2**64 - 1])
def test_a_length_with_the_top_bit_is_refused(edge: Edge, length: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, length=b"\xff" + length.to_bytes(8, "big")))
        assert raw.close_code() == 1002


@pytest.mark.parametrize("length", [b"\xfe\x00\x05", b"\xff" + (5).to_bytes(8, "big")])
def test_a_length_that_is_not_the_shortest_is_refused(edge: Edge, length: bytes) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, b"hello", length=length))
        assert raw.close_code() == 1002


# Text and binary.


@pytest.mark.parametrize("split", range(1, 3))
def test_a_character_may_be_split_between_fragments(edge: Edge, split: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(TEXT, EURO[:split]) + masked(FIN, EURO[split:]))
        assert raw.frame()[1] == EURO


@pytest.mark.parametrize("split", range(5))
def test_bad_utf8_is_refused_wherever_it_is_split(edge: Edge, split: int) -> None:
    bad = b"a\xe2\x82z"
    with connect(edge) as raw:
        raw.send(masked(TEXT, bad[:split]) + masked(FIN, bad[split:]))
        assert raw.close_code() == 1007
    assert edge.echoes[-1].got == []


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok\xe2\x82"])
def test_bad_utf8_in_one_frame_is_refused(edge: Edge, bad: bytes) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, bad))
        assert raw.close_code() == 1007


@pytest.mark.parametrize(("subprotocol", "kind"), [(JSON, BINARY), (MSGPACK, TEXT)])
@pytest.mark.parametrize("fin", [0, FIN])
def test_a_frame_of_the_other_type_is_refused(edge: Edge, subprotocol: str, kind: int, fin: int) -> None:
    with connect(edge, subprotocol) as raw:
        raw.send(masked(fin | kind, b"x"))
        assert raw.close_code() == 1003


# Control frames.


def test_a_ping_is_answered_with_its_own_payload(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | PING, b"p" * 125))
        assert raw.frame() == (FIN | PONG, b"p" * 125)


def test_an_unasked_pong_is_ignored(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | PONG, b"?") + masked(FIN | TEXT, b"on"))
        assert raw.frame() == (FIN | TEXT, b"on")


@pytest.mark.parametrize("kind", [CLOSE, PING, PONG])
def test_a_fragmented_control_frame_is_refused(edge: Edge, kind: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(kind, b"\x03\xe8"))
        assert raw.close_code() == 1002


@pytest.mark.parametrize("kind", [CLOSE, PING, PONG])
def test_a_control_frame_above_125_bytes_is_refused(edge: Edge, kind: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | kind, b"\x03\xe8" + b"x" * 124))
        assert raw.close_code() == 1002


def test_the_eleventh_control_frame_of_a_second_closes_with_a_retry_code(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | PING) * 11)
        assert [raw.frame() for _ in range(10)] == [(FIN | PONG, b"")] * 10
        assert raw.close_code() == 4005


# Closing.


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4413, 4999])
def test_a_close_is_echoed(edge: Edge, code: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | CLOSE, code.to_bytes(2, "big") + b"bye"))
        assert raw.close_code() == code
    assert edge.echoes[-1].gone.wait(5)
    assert edge.echoes[-1].noted == ["closed"]


def test_a_close_without_a_code_is_answered_with_1000(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | CLOSE))
        assert raw.close_code() == 1000


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535])
def test_a_code_that_must_not_be_sent_is_refused(edge: Edge, code: int) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | CLOSE, code.to_bytes(2, "big")))
        assert raw.close_code() == 1002


def test_a_close_of_one_byte_is_refused(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | CLOSE, b"\x03"))
        assert raw.close_code() == 1002


def test_a_close_whose_reason_is_bad_utf8_is_refused(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | CLOSE, b"\x03\xe8\xff"))
        assert raw.close_code() == 1007


def test_what_follows_a_close_is_ignored(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | CLOSE, b"\x03\xe8") + masked(FIN | TEXT, b"late"))
        assert raw.close_code() == 1000
    assert edge.echoes[-1].got == []


def test_our_close_sends_one_frame_and_nothing_after_it(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, b"close") + masked(FIN | TEXT, b"late"))
        assert raw.frame() == (FIN | CLOSE, (4000).to_bytes(2, "big") + b"as asked")
        raw.send(masked(FIN | CLOSE, b"\x0f\xa0"))
        raw.assert_ended()
        assert raw.buffer == b""
    assert edge.echoes[-1].got == [b"close"]


def test_a_peer_that_does_not_answer_our_close_is_cut_within_a_second(edge: Edge) -> None:
    with connect(edge) as raw:
        began = time.monotonic()
        raw.send(masked(FIN | TEXT, b"close"))
        assert raw.frame()[0] == FIN | CLOSE
        raw.assert_ended()
        assert 0.5 < time.monotonic() - began < 2.5


def test_a_fault_above_closes_this_connection_with_4003_and_no_other(edge: Edge) -> None:
    with connect(edge) as raw, connect(edge) as other:
        raw.send(masked(FIN | TEXT, b"fail"))
        assert raw.close_code() == 4003
        other.send(masked(FIN | TEXT, b"alive"))
        assert other.frame()[1] == b"alive"


def test_a_connection_that_the_peer_drops_is_closed_once(edge: Edge) -> None:
    with connect(edge):
        pass
    assert edge.echoes[-1].gone.wait(5)
    assert edge.echoes[-1].noted == ["closed"]


def test_nothing_is_written_after_the_parser_closed_by_itself(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, b"before") + b"\x81\x02hi")  # the parser looks ahead: it closes, then delivers
        first, payload = raw.frame()
        assert (first, payload[:2]) == (FIN | CLOSE, (1002).to_bytes(2, "big"))
        raw.assert_ended()
        assert raw.buffer == b""


# Back-pressure.


def test_a_receiver_is_told_when_the_peer_does_not_read_and_when_it_does_again(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, b"flood"))
        echo = edge.echoes[-1]
        assert echo.stuck.wait(5)
        assert edge.call(echo.connection.buffered_bytes) > 0
        raw.send(masked(FIN | TEXT, b"close"))
        while raw.frame()[0] != FIN | CLOSE:
            pass
        assert echo.noted[:2] == ["paused", "resumed"]


def test_a_peer_that_never_reads_is_cut_within_a_second_of_our_close(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, b"flood"))
        echo = edge.echoes[-1]
        assert echo.stuck.wait(5)
        raw.send(b"\x81\x02hi")  # unmasked: the parser itself closes
        assert echo.gone.wait(3)


def test_an_abort_ends_the_connection_at_once(edge: Edge) -> None:
    with connect(edge) as raw:
        raw.send(masked(FIN | TEXT, b"hi"))
        raw.frame()
        edge.call(edge.echoes[-1].connection.abort)
        raw.assert_ended()
    assert edge.echoes[-1].noted == ["closed"]


# Handshakes.


def refused(edge: Edge, request: bytes) -> tuple[int, str]:
    accepted = len(edge.echoes)
    with Raw(edge.server.port) as raw:
        raw.send(request)
        head = raw.head()
        raw.assert_ended()
    assert len(edge.echoes) == accepted
    return int(head.split(" ")[1]), head


@pytest.mark.parametrize("path", ["/", "/v1/ws/", "/v1/wsx", "/v1//ws", "/v1/health", "/V1/WS", "/v1/%77s"])
def test_only_one_path_upgrades(edge: Edge, path: str) -> None:
    assert refused(edge, handshake(path))[0] == 404


def test_a_query_does_not_matter(edge: Edge) -> None:
    with Raw(edge.server.port) as raw:
        raw.send(handshake("/v1/ws?x=1"))
        assert raw.status() == 101


@pytest.mark.parametrize("subprotocol", [None, "", "chat", "seriatim.v2.json", "SERIATIM.V1.JSON"])
def test_no_known_subprotocol_is_400(edge: Edge, subprotocol: str | None) -> None:
    assert refused(edge, handshake(subprotocol=subprotocol))[0] == 400


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(JSON, JSON), (MSGPACK, MSGPACK), (f"x, {MSGPACK},{JSON}", JSON), (f"{MSGPACK} ,y", MSGPACK)],
)
def test_the_subprotocol_is_the_first_of_ours_that_is_offered(edge: Edge, offered: str, chosen: str) -> None:
    with Raw(edge.server.port) as raw:
        raw.send(handshake(subprotocol=offered))
        assert f"sec-websocket-protocol: {chosen}\r\n" in raw.head().lower() + "\r\n"


@pytest.mark.parametrize(
    "origin",
    ["null", "https://evil.example", "https://chat.example.evil.example", "https://chat.example:8443", "", "x"],
)
def test_a_foreign_origin_is_403(edge: Edge, origin: str) -> None:
    assert refused(edge, handshake(origin=origin))[0] == 403


def test_the_origin_of_the_host_asked_for_and_none_at_all_may_connect(edge: Edge) -> None:
    for fields in ({"origin": "https://chat.example"}, {"origin": "http://CHAT.example"}, {}):
        with connect(edge, **fields):
            pass


def test_a_list_of_origins_replaces_the_host_rule() -> None:
    with running(origins=frozenset({"https://web.example"})) as other:
        with connect(other, origin="https://web.example"):
            pass
        assert refused(other, handshake(origin="https://chat.example"))[0] == 403


@pytest.mark.parametrize(
    "key", ["", "short", "AAAAAAAAAAAAAAAAAAAAAA", "!!!!!!!!!!!!!!!!!!!!!!==", "AAAAAAAAAAAAAAAAAAAAAAAA"]
)
def test_a_key_that_is_not_16_bytes_is_400(edge: Edge, key: str) -> None:
    assert refused(edge, handshake(sec_websocket_key=key))[0] == 400


def test_another_version_is_426_and_names_ours(edge: Edge) -> None:
    status, head = refused(edge, handshake(sec_websocket_version="8"))
    assert (status, "sec-websocket-version: 13" in head) == (426, True)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (handshake(leave_out="host"), 400),
        (handshake(content_length="5") + b"hello", 400),
        (handshake().replace(b"GET", b"POST"), 405),
        (handshake().replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
    ],
)
def test_a_malformed_handshake_is_refused(edge: Edge, request_: bytes, status: int) -> None:
    assert refused(edge, request_)[0] == status


def test_the_receiver_learns_who_asks(edge: Edge) -> None:
    with connect(edge, origin="https://chat.example", user_agent="me"):
        request = edge.echoes[-1].request
    assert (request.path, request.address, request.origin) == ("/v1/ws", "127.0.0.1", "https://chat.example")
    assert (request.subprotocol, request.headers["user-agent"]) == (JSON, "me")


def test_the_application_may_refuse_with_status_reason_and_time() -> None:
    def full(_request: UpgradeRequest, _connection: Connection) -> MessageReceiver | Refusal:
        return Refusal(503, "full", 7)

    with running(full) as other, Raw(other.server.port) as raw:
        raw.send(handshake())
        head = raw.head()
        assert head.startswith("HTTP/1.1 503 ")
        assert "retry-after: 7" in head
        raw.assert_ended()
        assert b'"code":"unavailable","detail":"full","retry_after_ms":7000' in raw.buffer


def test_handshakes_beyond_the_rate_are_503_and_say_when_to_come_again() -> None:
    with running(handshakes_per_s=2) as other:
        with connect(other), connect(other):
            status, head = refused(other, handshake())
        assert (status, "retry-after: 1" in head) == (503, True)


# The server around it.


def test_draining_refuses_newcomers_and_stopping_closes_the_rest_with_1012() -> None:
    with running() as other, Raw(other.server.port) as late, connect(other) as raw:
        other.call(other.server.begin_drain)
        late.send(handshake())
        assert late.status() == 503
        with pytest.raises(ConnectionRefusedError):
            Raw(other.server.port)
        raw.send(masked(FIN | TEXT, b"still here"))
        assert raw.frame()[1] == b"still here"
        stopping = other.stop()
        first, payload = raw.frame()
        assert (first, payload[:2]) == (FIN | CLOSE, (1012).to_bytes(2, "big"))
        raw.send(masked(FIN | CLOSE, payload))
        stopping.result(5)


def test_it_works_without_uvloop_too() -> None:
    with running(loop_factory=asyncio.new_event_loop) as other, Raw(other.server.port) as raw:
        raw.send(handshake() + masked(FIN | TEXT, b"a" * 5_000) + masked(FIN | CLOSE, b"\x03\xe8"))
        assert raw.status() == 101
        assert raw.frame() == (FIN | TEXT, b"a" * 5_000)
        assert raw.close_code() == 1000


def test_it_works_over_tls(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    trust = ssl.create_default_context(cafile=certificate)
    trust.check_hostname = False
    with running(tls=(certificate, key)) as other, Raw(other.server.port, trust) as raw:
        raw.send(handshake() + masked(FIN | TEXT, b"secret"))
        assert raw.status() == 101
        assert raw.frame() == (FIN | TEXT, b"secret")
        raw.send(masked(FIN | TEXT, b"z" * 60_000))
        assert raw.frame()[1] == b"z" * 60_000
        raw.send(masked(FIN | CLOSE, b"\x03\xe8"))
        assert raw.close_code() == 1000
