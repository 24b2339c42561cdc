"""The codec over all bytes and all values: a command or a named error, never anything else; what goes in comes out."""

from collections.abc import Callable
from datetime import UTC
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import inspect

from seriatim.core.errors import BadFrame, BadRequest, TooLarge
from seriatim.core.ids import MAX_ID
from seriatim.protocol.answers import ServerFrame
from seriatim.protocol.codec import JSON, MSGPACK, Codec, server_frame_decoder
from seriatim.protocol.commands import AnyCommand

Values = st.SearchStrategy[Any]
COMMANDS, ANSWERS = get_args(AnyCommand), get_args(ServerFrame)
LONGEST = 5
"""Items of a list and characters of a text: long ones find nothing that short ones do not."""


NO_NUL = r"^[^\x00]*$"


def text_of(kind: Any) -> Values:
    if kind.pattern not in (None, NO_NUL):
        return st.from_regex(kind.pattern.replace("$", r"\Z"))
    characters = st.characters(codec="utf-8", exclude_characters="\0" if kind.pattern else "")
    least = kind.min_length or 0
    return st.text(characters, min_size=least, max_size=max(LONGEST, least))


def number_of(kind: Any) -> Values:
    most = kind.le if kind.lt is None else kind.lt - 1
    return st.integers(kind.ge or 0, MAX_ID if most is None else most)


def list_of(kind: Any) -> Values:
    least = kind.min_length or 0
    return st.lists(values(kind.item_type), min_size=least, max_size=max(LONGEST, least))


def struct_of(kind: Any) -> Values:
    return st.builds(kind.cls, **{field.name: values(field.type) for field in kind.fields})


ALLOWED: dict[type[inspect.Type], Callable[[Any], Values]] = {
    inspect.Metadata: lambda kind: values(kind.type),
    inspect.NoneType: lambda _kind: st.none(),
    inspect.BoolType: lambda _kind: st.booleans(),
    inspect.IntType: number_of,
    inspect.UUIDType: lambda _kind: st.uuids(),
    inspect.DateTimeType: lambda _kind: st.datetimes(timezones=st.just(UTC)),
    inspect.StrType: text_of,
    inspect.EnumType: lambda kind: st.sampled_from(list(kind.cls)),
    inspect.UnionType: lambda kind: st.one_of(*map(values, kind.types)),
    inspect.ListType: list_of,
    inspect.VarTupleType: lambda kind: list_of(kind).map(tuple),
    inspect.DictType: lambda kind: st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=LONGEST),
    inspect.TupleType: lambda kind: st.tuples(*map(values, kind.item_types)),
    inspect.StructType: struct_of,
}


def values(kind: inspect.Type) -> Values:
    """Return the values that a type allows, as msgspec knows it."""
    return ALLOWED[type(kind)](kind)


def made_of(struct: Any) -> Values:
    return values(inspect.type_info(struct))


any_command = st.one_of(*map(made_of, COMMANDS))
codecs = pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])


def decoded(codec: Codec, data: bytes) -> None:
    """Decode, also from the memory the transport lends; only the named errors may come out."""
    outcomes = [outcome(codec, form) for form in (data, memoryview(bytearray(data)))]
    assert outcomes[0] == outcomes[1]


def outcome(codec: Codec, data: bytes | memoryview) -> Any:
    id_ = codec.id_of(data)
    assert id_ is None or type(id_) is int
    try:
        found = codec.decode(data)
    except (BadFrame, BadRequest, TooLarge) as refused:
        error = refused
    else:
        assert all(isinstance(command, COMMANDS) for command in found)
        return found
    assert error.path is None or error.path.startswith("$")
    return type(error), error.message, error.path


@codecs
@given(st.binary(max_size=200))
@example(b"[" * 50_000)
@example(b"\x91" * 50_000)
@example(b'{"type":"ping","x":' + b"[" * 50_000)
@example(b"\x82\xa4type\xa4ping\xa1x" + b"\x91" * 50_000)
@example(b'{"type":"ping","heads":{"\xff":1}}')
@example(b'{"type":"read","id":1,"conversation_id":1e400,"seq":1}')
@example(b'{"type":"read","id":' + b"9" * 5_000 + b"}")
@example(b"\x81\xa4type\xd6\xff\xff\xff\xff\xff")
def test_any_bytes_are_a_command_or_a_named_error(codec: Codec, data: bytes) -> None:
    decoded(codec, data)


@codecs
@given(any_command, st.data())
def test_a_damaged_command_is_a_command_or_a_named_error(codec: Codec, command: Any, data: st.DataObject) -> None:
    frame = bytearray(codec.encode(command))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(frame)))
        end = data.draw(st.integers(start, min(len(frame), start + 4)))
        frame[start:end] = data.draw(st.binary(max_size=4))
    decoded(codec, bytes(frame))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@codecs
@given(any_command, json_values, st.data())
def test_any_value_in_any_field_is_taken_or_refused_by_name(
    codec: Codec, command: Any, value: Any, data: st.DataObject
) -> None:
    frame: dict[str, Any] = msgspec.to_builtins(command, str_keys=True)
    frame[data.draw(st.sampled_from(sorted(frame)))] = value
    decoded(codec, codec.encode(frame))


@codecs
@pytest.mark.parametrize("struct", COMMANDS, ids=lambda struct: struct.__name__)
def test_each_command_comes_out_as_it_went_in(codec: Codec, struct: Any) -> None:
    @given(made_of(struct))
    def round_trip(command: Any) -> None:
        assert codec.decode(codec.encode(command)) == [command]
        assert codec.decode(codec.encode([command, command])) == [command, command]

    round_trip()


@pytest.mark.parametrize("struct", ANSWERS, ids=lambda struct: struct.__name__)
def test_each_answer_comes_out_as_it_went_in(struct: Any) -> None:
    of_messagepack = msgspec.msgpack.Decoder[ServerFrame](ServerFrame)

    @given(made_of(struct))
    def round_trip(answer: Any) -> None:
        assert server_frame_decoder.decode(JSON.encode(answer)) == answer
        assert of_messagepack.decode(MSGPACK.encode(answer)) == answer

    round_trip()
