"""The AsyncAPI document of the WebSocket, made from the wire structs: what a session takes and what it sends (pure)."""

import inspect
from collections.abc import Iterable
from typing import Any, cast, get_args

import msgspec

from seriatim.protocol.answers import Compared, Error, Ok, Page, Pong, Sent, ServerFrame, Slashed, Welcome
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.codes import CloseCode, may_reconnect
from seriatim.protocol.commands import AnyCommand, Command, Compare, EntryCommand, Fetch, Hello, Ping, Slash

ADDRESS = "/v1/ws"
SCHEMAS = "#/components/schemas/{name}"
DESCRIPTION = (
    "One WebSocket per device. The first frame is `hello` with an access token from `POST /v1/auth/log-in`. Every "
    "frame is one object with `type`; a client may put up to 64 of them into one message as an array. What is said "
    "here as JSON is the same in MessagePack, by the subprotocol chosen."
)
Frame = type[msgspec.Struct]
COMMANDS: tuple[Frame, ...] = get_args(AnyCommand)
SERVER_FRAMES: tuple[Frame, ...] = get_args(ServerFrame)


def answer_of(command: Frame) -> Frame | None:
    """Return the frame that answers this command when it is not refused; None: nothing does."""
    if issubclass(command, EntryCommand):
        return Sent
    special: dict[Frame, Frame] = {Hello: Welcome, Ping: Pong, Fetch: Page, Compare: Compared, Slash: Slashed}
    return special.get(command, Ok if issubclass(command, Command) else None)


def asyncapi(version: str) -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of this version of the server; the same structs give the same document."""
    _, schemas = msgspec.json.schema_components([*COMMANDS, *SERVER_FRAMES], ref_template=SCHEMAS)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Seriatim", "version": version, "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {
            "session": {
                "address": ADDRESS,
                "description": _closing(),
                "messages": {
                    name_of(frame): {"$ref": f"#/components/messages/{name_of(frame)}"} for frame in _frames()
                },
                "bindings": {"ws": {"method": "GET", "headers": _handshake()}},
            }
        },
        "operations": {
            **{f"on_{tag_of(command)}": _taken(command) for command in COMMANDS},
            **{f"send_{tag_of(frame)}": _sent(frame) for frame in SERVER_FRAMES if frame not in _replies()},
        },
        "components": {
            "schemas": schemas,
            "messages": {name_of(frame): _message(frame) for frame in _frames()},
        },
    }


def tag_of(frame: Frame) -> str:
    """Return the `type` of a frame."""
    return cast("str", frame.__struct_config__.tag)


def name_of(frame: Frame) -> str:
    """Return the name of a frame's message: its `type`; where both sides say one, the server's ends in `_told`."""
    both = frame in SERVER_FRAMES and tag_of(frame) in map(tag_of, COMMANDS)
    return f"{tag_of(frame)}_told" if both else tag_of(frame)


def _frames() -> Iterable[Frame]:
    return (*COMMANDS, *SERVER_FRAMES)


def _replies() -> set[Frame | None]:
    return {Error, *map(answer_of, COMMANDS)}


def _message(frame: Frame) -> dict[str, Any]:
    return {
        "name": tag_of(frame),
        "summary": inspect.cleandoc(frame.__doc__ or "").partition("\n")[0],
        "payload": {"$ref": SCHEMAS.format(name=frame.__name__)},
    }


def _taken(command: Frame) -> dict[str, Any]:
    """Return the operation by which the server receives a command, and what it answers."""
    operation = {"action": "receive", **_on_the_session([command])}
    answer = answer_of(command)
    if answer is not None:
        operation["reply"] = _on_the_session([answer, Error])
    return operation


def _sent(frame: Frame) -> dict[str, Any]:
    return {"action": "send", **_on_the_session([frame])}


def _on_the_session(frames: list[Frame]) -> dict[str, Any]:
    return {
        "channel": {"$ref": "#/channels/session"},
        "messages": [{"$ref": f"#/channels/session/messages/{name_of(frame)}"} for frame in frames],
    }


def _handshake() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"Sec-WebSocket-Protocol": {"type": "string", "enum": [name.value for name in Subprotocol]}},
        "required": ["Sec-WebSocket-Protocol"],
    }


def _closing() -> str:
    def listed(*, again: bool) -> str:
        return ", ".join(f"{code.value} {code.name.lower()}" for code in CloseCode if may_reconnect(code) is again)

    return f"Close codes: {listed(again=True)}: connect again. {listed(again=False)}: change something first."
