"""Every frame of version 1 that was ever recorded still decodes to what it meant; no struct is without a recording."""

from pathlib import Path
from typing import Any, cast, get_args

import msgspec
import pytest

from protocol.meanings import ANSWERS, COMMANDS
from seriatim.protocol.answers import Event, SelfChanged, ServerFrame
from seriatim.protocol.codec import JSON, MSGPACK, server_frame_decoder
from seriatim.protocol.commands import AnyCommand
from seriatim.protocol.entries import ENTRY_TYPES

RECORDED = Path(__file__).parent / "v1"
SERVER_FRAMES = {
    "json": server_frame_decoder.decode,
    "msgpack": msgspec.msgpack.Decoder[ServerFrame](ServerFrame).decode,
}
CODECS = {"json": JSON, "msgpack": MSGPACK}
LATER = {"later": {"deep": [1, None, "x"]}}
"""What a newer version may add to any frame."""


def test_meanings_and_recordings_belong_together() -> None:
    names = {f"command-{name}" for name in COMMANDS} | {f"answer-{name}" for name in ANSWERS}
    for suffix in CODECS:
        assert {path.stem for path in RECORDED.glob(f"*.{suffix}")} == names


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_recorded_command_means_what_it_meant(name: str, suffix: str) -> None:
    data = (RECORDED / f"command-{name}.{suffix}").read_bytes()
    assert CODECS[suffix].decode(data) == [COMMANDS[name]]


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_answer_means_what_it_meant(name: str, suffix: str) -> None:
    data = (RECORDED / f"answer-{name}.{suffix}").read_bytes()
    assert SERVER_FRAMES[suffix](data) == ANSWERS[name]


@pytest.mark.parametrize("suffix", CODECS)
def test_fields_of_a_later_version_change_no_meaning(suffix: str) -> None:
    codec = msgspec.json if suffix == "json" else msgspec.msgpack
    for name, meaning in COMMANDS.items():
        frame: dict[str, Any] = codec.decode((RECORDED / f"command-{name}.{suffix}").read_bytes())
        assert CODECS[suffix].decode(codec.encode(frame | LATER)) == [meaning]
    for name, meaning in ANSWERS.items():
        frame = codec.decode((RECORDED / f"answer-{name}.{suffix}").read_bytes())
        assert SERVER_FRAMES[suffix](codec.encode(frame | LATER)) == meaning


def test_every_frame_and_every_kind_of_entry_is_recorded() -> None:
    assert {type(command) for command in COMMANDS.values()} == set(get_args(AnyCommand))
    assert {type(answer) for answer in ANSWERS.values()} == set(get_args(ServerFrame))
    entries = [answer.entry for answer in ANSWERS.values() if isinstance(answer, Event)]
    assert {type(entry) for entry in entries} == set(ENTRY_TYPES)
    own = [answer.what for answer in ANSWERS.values() if isinstance(answer, SelfChanged)]
    assert {type(what) for what in own} == set(get_args(SelfChanged.__annotations__["what"]))


@pytest.mark.parametrize("made", [*COMMANDS.items(), *ANSWERS.items()], ids=lambda made: made[0])
def test_every_field_is_recorded_with_a_value_of_its_own(made: tuple[str, Any]) -> None:
    """Of each type, some recording fills each field with what is not its default: else its name could change unseen."""
    kind = cast("type[Any]", type(made[1]))
    siblings: list[Any] = [frame for frame in (*COMMANDS.values(), *ANSWERS.values()) if type(frame) is kind]
    for field in msgspec.structs.fields(kind):
        if not field.required:
            default = field.default_factory() if callable(field.default_factory) else field.default
            assert any(getattr(frame, field.name) != default for frame in siblings), field.name
