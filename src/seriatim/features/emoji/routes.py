"""A server's own emoji over HTTP."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.core.errors import NotFound
from seriatim.features.emoji import emoji, store
from seriatim.features.emoji.rules import NAME, EmojiPolicy
from seriatim.protocol.http.emoji import CustomEmoji, CustomEmojis, NewEmoji
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

FOR_EVER: Final = "public, max-age=31536000, immutable"
PICTURE_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Whoever opens a picture by itself opens nothing that could run."""


class Commands(Protocol):
    """What the server lends a request."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...

    def changing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...


@dataclass(frozen=True, kw_only=True)
class EmojiKeeping:
    """The parts; `admit` raises RateLimited for an address that asks for too many pictures."""

    policy: EmojiPolicy
    admit: Callable[[str], None]


Given = NamedDependency[SkipValidation[Commands]]
Keeping = NamedDependency[EmojiKeeping]
Caller = NamedDependency[Sender]
TAGS: Final = ["emoji"]


@get("/v1/emoji", operation_id="list_emoji", tags=TAGS)
async def listed(
    request: Request[Sender, Any, State], commands: Given, emoji_keeping: Keeping, sender: Caller
) -> Response[CustomEmojis]:
    """Return the emoji of this server, in the order of their names; 304 to who has this very list (`If-None-Match`)."""
    async with commands.listing(sender) as connection:
        found = await emoji.listed(connection, sender, emoji_keeping.policy)
    etag = f'"{hashlib.sha256(msgspec.json.encode(found)).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if etag in request.headers.get("if-none-match", ""):
        return cast("Response[CustomEmojis]", Response(None, status_code=304, headers=headers))
    return Response(found, headers=headers)


@post("/v1/emoji", operation_id="add_emoji", tags=TAGS)
async def add(data: JSONBody[NewEmoji], commands: Given, emoji_keeping: Keeping, sender: Caller) -> CustomEmoji:
    """Add an emoji: an admin of the server, or everybody where it says so."""
    async with commands.changing(sender) as connection:
        return await emoji.add(connection, sender, data, emoji_keeping.policy)


@delete("/v1/emoji/{name:str}", operation_id="remove_emoji", tags=TAGS)
async def remove(name: FromPath[str], commands: Given, emoji_keeping: Keeping, sender: Caller) -> None:
    """Remove an emoji; what was written with it stays as text."""
    async with commands.changing(sender) as connection:
        await emoji.remove(connection, sender, name, emoji_keeping.policy)


@get(
    "/v1/emoji/{name:str}/{digest:str}",
    operation_id="emoji_picture",
    tags=TAGS,
    exclude_from_auth=True,
    media_type="image/*",
)
async def picture(
    name: FromPath[str],
    digest: FromPath[str],
    request: Request[Any, Any, State],
    database: NamedDependency[Database],
    emoji_keeping: Keeping,
) -> Response[bytes]:
    """Return the picture of an emoji, for an `img`: no token, but only at the `path` that the list tells."""
    emoji_keeping.admit(request.client.host if request.client else "")
    kept = None
    if NAME.fullmatch(name) is not None and digest.isascii() and digest.isalnum():
        async with database.read() as connection:
            kept = await store.picture(connection, name, digest)
    if kept is None:
        raise NotFound("no such emoji", path="$.name")
    headers = {"Cache-Control": FOR_EVER, "Content-Security-Policy": PICTURE_POLICY}
    return Response(kept.content, media_type=kept.media_type, headers=headers)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (listed, add, remove, picture)
"""What the HTTP application registers; it gives them `sender`, `commands`, `database` and `emoji_keeping`."""
