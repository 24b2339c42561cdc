"""Which handshakes pass, decided without a socket."""

import time

import pytest

from seriatim.gateway.transport.contract import Connection, MessageReceiver, Refusal, UpgradeRequest
from seriatim.gateway.transport.upgrade import LONGEST_RETRY_S, Doorway, Handshake, Upgraded

GOOD = {
    b"host": b"chat.example",
    b"sec-websocket-version": b"13",
    b"sec-websocket-key": b"AAAAAAAAAAAAAAAAAAAAAA==",
    b"sec-websocket-protocol": b"seriatim.v1.json",
}


class Receiver:
    def received(self, payload: bytes | memoryview) -> None: ...
    def paused(self) -> None: ...
    def resumed(self) -> None: ...
    def ending(self) -> None: ...

    def closed(self) -> None: ...


def accept(_request: UpgradeRequest, _connection: Connection) -> MessageReceiver | Refusal:
    return Receiver()


def asked(**fields: str) -> Handshake:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return Handshake("GET", "1.1", "/v1/ws", list({**GOOD, **named}.items()), "192.0.2.1")


def status(decided: Upgraded | Refusal) -> int:
    return decided.status if isinstance(decided, Refusal) else 101


def test_a_good_handshake_is_accepted_with_its_key() -> None:
    decided = Doorway(accept).decide(asked())
    assert isinstance(decided, Upgraded)
    assert (decided.key, decided.listener.address) == ("AAAAAAAAAAAAAAAAAAAAAA==", "192.0.2.1")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"path": "/v1/other"}, 404),
        ({"method": "HEAD"}, 405),
        ({"http_version": "1.0"}, 400),
        ({"fields": asked(sec_websocket_version="7").fields}, 426),
        ({"fields": asked(sec_websocket_key="AAAA").fields}, 400),
        ({"fields": asked(transfer_encoding="chunked").fields}, 400),
        ({"fields": asked(sec_websocket_protocol="other").fields}, 400),
        ({"fields": asked(origin="null").fields}, 403),
        ({"fields": [*asked(origin="https://chat.example").fields, (b"origin", b"https://evil.example")]}, 403),
    ],
)
def test_a_bad_handshake_is_refused(change: dict[str, object], expected: int) -> None:
    assert status(Doorway(accept).decide(asked()._replace(**change))) == expected  # pyright: ignore[reportArgumentType]


def test_a_refused_origin_costs_no_handshake() -> None:
    doorway = Doorway(accept, handshakes_per_s=1)
    assert status(doorway.decide(asked(origin="null"))) == 403
    assert status(doorway.decide(asked())) == 101
    assert doorway.decide(asked()) == Refusal(503, "too many handshakes at once", 1)


def test_a_crowd_is_told_to_come_one_after_another_as_fast_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    doorway = Doorway(accept, handshakes_per_s=2)
    decided = [doorway.decide(asked()) for _ in range(8)]
    assert [status(one) for one in decided] == [101, 101, *[503] * 6]
    assert [one.retry_after_s for one in decided if isinstance(one, Refusal)] == [1, 1, 2, 2, 3, 3]
    now += 2.0  # those of the first two seconds have their places, and are as many as come in a second
    assert [status(doorway.decide(asked())) for _ in range(3)] == [101, 101, 503]
    assert doorway.decide(asked()) == Refusal(503, "too many handshakes at once", 2)
    for _ in range(1_000):
        last = doorway.decide(asked())
    assert isinstance(last, Refusal)
    assert last.retry_after_s == LONGEST_RETRY_S


def test_a_server_that_restarts_takes_nobody() -> None:
    doorway = Doorway(accept)
    doorway.draining = True
    assert doorway.decide(asked()) == Refusal(503, "this server restarts", 1)


def test_repeated_fields_are_one_list() -> None:
    seen: list[UpgradeRequest] = []

    def note(request: UpgradeRequest, _connection: Connection) -> Refusal:
        seen.append(request)
        return Refusal(429, "no")

    fields = [*asked(sec_websocket_protocol="a").fields, (b"Sec-WebSocket-Protocol", b"seriatim.v1.msgpack")]
    assert Doorway(note).decide(asked()._replace(fields=fields)) == Refusal(429, "no")
    assert (seen[0].subprotocol, seen[0].headers["sec-websocket-protocol"]) == (
        "seriatim.v1.msgpack",
        "a, seriatim.v1.msgpack",
    )
