"""Bytes to commands: every fault is a named error with the field's path."""

import msgspec
import pytest

from seriatim.core.errors import BadFrame, BadRequest, ChatError, TooLarge
from seriatim.core.ids import uuid7
from seriatim.protocol.codec import CODECS, JSON, MSGPACK, Codec, Subprotocol
from seriatim.protocol.commands import SendMessage

KEY = str(uuid7())


def send(**changed: object) -> dict[str, object]:
    return {"type": "send", "id": 1, "conversation_id": 5, "client_id": KEY, "body": "hi"} | changed


@pytest.mark.parametrize("subprotocol", Subprotocol)
def test_a_frame_is_one_command_in_both_subprotocols(subprotocol: Subprotocol) -> None:
    codec = CODECS[subprotocol]
    [command] = codec.decode(codec.encode(send()))
    assert isinstance(command, SendMessage)
    assert command.body == "hi"


@pytest.mark.parametrize(
    ("frame", "error", "path"),
    [
        (send(type="nonsense"), BadFrame, "$.type"),
        ({"id": 1}, BadFrame, "$"),
        ([], BadFrame, None),
        ([send()] * 65, BadFrame, None),
        (5, BadFrame, "$"),
        (send(body=None), BadRequest, "$.body"),
        (send(body=""), BadRequest, "$.body"),
        (send(body="a\0b"), BadRequest, "$.body"),
        (send(body="x" * 16_385), TooLarge, "$.body"),
        (send(conversation_id=0), BadRequest, "$.conversation_id"),
        (send(conversation_id=2**53), BadRequest, "$.conversation_id"),
        (send(client_id="x"), BadRequest, "$.client_id"),
        ({k: v for k, v in send().items() if k != "body"}, BadRequest, "$.body"),
        ([send(), send(body=7)], BadRequest, "$[1].body"),
        ([send(), 7], BadFrame, "$[1]"),
        ([[send()]], BadFrame, "$[0]"),
        ({"type": "ping", "heads": {"x": 1}}, BadRequest, "$.heads"),
    ],
)
def test_a_fault_is_named_with_its_place(frame: object, error: type[ChatError], path: str | None) -> None:
    for codec in (JSON, MSGPACK):
        with pytest.raises(error) as refused:
            codec.decode(codec.encode(frame))
        assert type(refused.value) is error
        if path is not None:
            assert (refused.value.path or "").replace("[...]", "[1]") == path


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"type":"send"', b"nul", b'"\\ud800"'])
@pytest.mark.parametrize("codec", [JSON, MSGPACK])
def test_bytes_that_are_no_frame_are_refused_by_name(codec: Codec, data: bytes) -> None:
    with pytest.raises((BadFrame, BadRequest)):
        codec.decode(data)


def test_unknown_fields_are_ignored_for_they_belong_to_a_later_version() -> None:
    [command] = JSON.decode(JSON.encode(send(later={"deep": [1]})))
    assert isinstance(command, SendMessage)


def test_bad_utf8_in_an_unknown_field_is_found_although_the_decoder_skips_it() -> None:
    text = msgspec.json.encode(send(later="MARK")).replace(b"MARK", b"\xff")
    with pytest.raises(BadFrame):
        JSON.decode(text)


@pytest.mark.parametrize("later", ["MARK", {"MARK": 1}, [{"x": ["MARK"]}]])
def test_bad_utf8_in_unknown_fields_of_messagepack_goes_nowhere(later: object) -> None:
    for frame in (send(later=later), send(MARK=later)):
        [command] = MSGPACK.decode(MSGPACK.encode(frame).replace(b"MARK", b"\xff\xfe\xff\xfe"))
        assert command == MSGPACK.decode(MSGPACK.encode(send()))[0]
        assert b"\xff\xfe" not in MSGPACK.encode(command)


HELLO = {"type": "hello", "token": "MARK", "device_id": 1, "client": {"name": "t", "version": "1"}}


@pytest.mark.parametrize(
    "frame",
    [
        send(body="MARK"),
        send(type="MARK"),
        HELLO,
        HELLO | {"token": "t", "client": {"name": "MARK", "version": "1"}},
        {"type": "create", "id": 1, "client_id": KEY, "kind": "group", "title": "MARK"},
        {"type": "create", "id": 1, "client_id": KEY, "kind": "MARK"},
        {"type": "set_settings", "id": 1, "client_id": KEY, "conversation_id": 5, "topic": "MARK"},
    ],
)
def test_bad_utf8_in_a_field_of_messagepack_that_is_kept_is_refused(frame: object) -> None:
    assert MSGPACK.decode(MSGPACK.encode(HELLO))
    with pytest.raises((BadFrame, BadRequest)):
        MSGPACK.decode(MSGPACK.encode(frame).replace(b"MARK", b"\xff\xfe\xff\xfe"))


def test_the_id_of_a_refused_frame_is_found() -> None:
    assert JSON.id_of(msgspec.json.encode(send(id=9, body=7))) == 9
    assert MSGPACK.id_of(msgspec.msgpack.encode(send(id=9, body=7))) == 9
    assert JSON.id_of(b"{") is None
