"""What HTTP requests say: a command's body, made from its struct so that no field is written twice; a list's cursor."""

import base64
import binascii
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec
from msgspec import NODEFAULT, Struct

from seriatim.core.errors import BadRequest, NotFound
from seriatim.core.ids import MAX_ID, ConversationId
from seriatim.protocol.commands import Command
from seriatim.protocol.fields import WireConversationId

C = TypeVar("C", bound=Command)
K = TypeVar("K")

HTTP_FRAME_ID = 0
"""The `id` of a command that came over HTTP: nobody waits for its echo."""


def tag_of(command: type[Command]) -> str:
    """Return the `type` of a command on the wire: its last path segment over HTTP."""
    return cast("str", command.__struct_config__.tag)


def body_of(command: type[Command]) -> type[Struct]:
    """Return the struct of this command's HTTP body.

    It has the command's fields without `id` and `conversation_id`, which are in the path; `client_id` may also come as
    `Idempotency-Key`, so it is optional here.
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(command):
        if field.name in ("id", "conversation_id"):
            continue
        if field.name == "client_id":
            fields.append((field.name, field.type | None, None))
        elif field.required:
            fields.append((field.name, field.type))
        elif field.default is not NODEFAULT:
            fields.append((field.name, field.type, field.default))
        else:
            fields.append((field.name, field.type, msgspec.field(default_factory=field.default_factory)))
    return msgspec.defstruct(
        f"{command.__name__}Body", fields, module=__name__, namespace={"__doc__": command.__doc__}, kw_only=True
    )


def command_of(
    command: type[C], body: Struct, *, conversation_id: int | None = None, idempotency_key: str | None = None
) -> C:
    """Return the command that an HTTP request means.

    Raises:
        NotFound: the path's number is no conversation's.
        BadRequest: no key in an entry-making command, two different ones, or one that is no UUID.
    """
    named = msgspec.structs.asdict(body)
    if "client_id" in named:
        named["client_id"] = key_of(named["client_id"], idempotency_key)
    if conversation_id is not None:
        named["conversation_id"] = known(conversation_id)
    return command(id=HTTP_FRAME_ID, **named)


def known(number: int) -> ConversationId:
    """Return a number of the path as an id.

    Raises:
        NotFound: no conversation can have it.
    """
    if not 1 <= number <= MAX_ID:
        raise NotFound("no such conversation", path="$.conversation_id")
    return ConversationId(number)


def id_of(number: int, path: str) -> int:
    """Return a number of the path that can be an id.

    Raises:
        NotFound: it can be nobody's.
    """
    if not 1 <= number <= MAX_ID:
        raise NotFound("there is no such thing", path=path)
    return number


def cursor_of(place: tuple[Any, int]) -> str:
    """Return where a page ends as text that a client only hands back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_of(cursor: str, key: type[K]) -> tuple[K, int]:
    """Return the place that this cursor names: the list's key and an id.

    Raises:
        BadRequest: it is none of this list's cursors.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place, number = msgspec.json.decode(text, type=tuple[key, WireConversationId])
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise BadRequest("no cursor of this list", path="$.cursor", reason="cursor") from None
    if isinstance(place, str) and "\0" in place:
        raise BadRequest("no cursor of this list", path="$.cursor", reason="cursor")
    return place, number


def key_of(in_body: UUID | None, in_header: str | None) -> UUID:
    """Return the key of an entry-making request, named in its body or in its head.

    Raises:
        BadRequest: none, two different ones, or one that is no UUID.
    """
    key = in_body
    if in_header is not None:
        try:
            key = UUID(in_header)
        except ValueError:
            raise BadRequest("Idempotency-Key is a UUID", path="$.client_id", reason="key") from None
    if key is None:
        raise BadRequest("name a key: Idempotency-Key or client_id", path="$.client_id", reason="required")
    if in_body is not None and in_body != key:
        raise BadRequest("Idempotency-Key and client_id differ", path="$.client_id", reason="two_keys")
    return key
