"""Bytes to one typed command and back, in both subprotocols; every fault comes out as a named error.

Any bytes give a command or BadFrame/BadRequest (property test): msgspec raises DecodeError, UnicodeDecodeError and
RecursionError, and skips unknown fields unchecked. A text frame has to be UTF-8 as a whole (RFC 6455 section 8.1), so
all of it is checked first. A binary one has not: the strings of MessagePack that are kept are checked, and what is
skipped goes nowhere.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol, cast

import msgspec

from seriatim.core.errors import BadFrame, BadRequest, ChatError, TooLarge
from seriatim.protocol.answers import Error, ServerFrame
from seriatim.protocol.commands import AnyCommand
from seriatim.protocol.limits import LIMITS


class Subprotocol(StrEnum):
    """What `Sec-WebSocket-Protocol` may name; the order is the server's preference."""

    JSON = "seriatim.v1.json"
    MSGPACK = "seriatim.v1.msgpack"


class Codec(Protocol):
    """One subprotocol: text frames for JSON, binary ones for MessagePack."""

    binary: bool

    def decode(self, data: bytes | memoryview, /) -> list[AnyCommand]:
        """Return the commands of one WebSocket message, in order.

        Raises:
            BadFrame: not a frame, or not an array of 1 to 64 frames.
            BadRequest: a frame with an invalid field; `path` says which.
        """
        ...

    def id_of(self, data: bytes | memoryview, /) -> int | None:
        """Return the `id` of a frame that was refused, so that its sender knows which; None where there is none."""
        ...

    def encode(self, frame: Any, /) -> bytes:
        """Return the bytes of one server frame."""
        ...


class _Numbered(msgspec.Struct, frozen=True):
    id: int | None = None


class _Json:
    binary = False

    def __init__(self) -> None:
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyCommand | list[AnyCommand])
        self._numbered = msgspec.json.Decoder(_Numbered)
        self.encode = msgspec.json.Encoder().encode

    def id_of(self, data: bytes | memoryview) -> int | None:
        return _id_of(self._numbered.decode, data)

    def decode(self, data: bytes | memoryview) -> list[AnyCommand]:
        try:
            found = self._decoder.decode(str(data, "utf-8"))
        except UnicodeDecodeError:
            raise BadFrame("the text is not valid UTF-8") from None
        except RecursionError:
            raise BadFrame("the frame is nested too deeply") from None
        except msgspec.ValidationError as error:
            raise _refusal(error) from None
        except msgspec.DecodeError:
            raise BadFrame("the text is not JSON") from None
        return _as_list(found)


class _MessagePack:
    binary = True

    def __init__(self) -> None:
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(AnyCommand | list[AnyCommand])
        self._numbered = msgspec.msgpack.Decoder(_Numbered)
        self.encode = msgspec.msgpack.Encoder().encode

    def id_of(self, data: bytes | memoryview) -> int | None:
        return _id_of(self._numbered.decode, data)

    def decode(self, data: bytes | memoryview) -> list[AnyCommand]:
        try:
            found = self._decoder.decode(data)
        except UnicodeDecodeError:
            raise BadFrame("a string is not valid UTF-8") from None
        except RecursionError:
            raise BadFrame("the frame is nested too deeply") from None
        except msgspec.ValidationError as error:
            raise _refusal(error) from None
        except msgspec.DecodeError:
            raise BadFrame("the bytes are not MessagePack") from None
        return _as_list(found)


def _id_of(decode: Callable[[bytes | memoryview], _Numbered], data: bytes | memoryview) -> int | None:
    try:
        return decode(data).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _as_list(found: Any) -> list[AnyCommand]:
    if type(found) is not list:
        return [found]
    frames = cast("list[AnyCommand]", found)
    if not frames:
        raise BadFrame("an array of frames holds at least one")
    if len(frames) > LIMITS.frames_per_message:
        raise BadFrame(f"an array of frames holds at most {LIMITS.frames_per_message}")
    return frames


def refusal(error: msgspec.ValidationError) -> ChatError:
    """Turn msgspec's words ("Expected `str`, got `int` - at `$.body`") into our error with the field's path."""
    text = str(error)
    message, _, rest = text.partition(" - at `")
    path = rest.rstrip("`").rpartition("`")[2] or "$"  # of a wrong key: "key` in `$.heads`"
    if path.endswith(".type") or "missing required field `type`" in message:
        return BadFrame(f"unknown frame type: {message}", path=path)
    one_of_many = path.startswith("$[") and "." not in path and message.startswith("Expected `object`")
    if one_of_many or message.startswith("Expected `object | array`"):
        return BadFrame("a frame is an object, or an array of objects", path=path)
    if path.endswith(".body") and f"length <= {LIMITS.body_bytes}" in message:
        return TooLarge(message, path=path, reason="body_bytes")
    if "missing required field `" in message:
        path = f"{path}.{message.split('`')[-2]}"
    return BadRequest(message, path=path)


_refusal = refusal
JSON: Codec = _Json()
MSGPACK: Codec = _MessagePack()
CODECS: dict[Subprotocol, Codec] = {Subprotocol.JSON: JSON, Subprotocol.MSGPACK: MSGPACK}


def error_frame(error: ChatError, id_: int | None = None, *, fatal: bool = False) -> Error:
    """Return the `error` frame of a refusal."""
    return Error(
        id=id_,
        code=error.code,
        message=error.message,
        path=error.path,
        reason=error.reason,
        retry_after_ms=error.retry_after_ms,
        fatal=fatal,
    )


server_frame_decoder: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)
"""For clients: unknown fields are ignored, an unknown `type` or `kind` raises ValidationError."""
