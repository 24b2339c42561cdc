"""Exports over HTTP: `/v1/me/export`, the link to it, and `/v1/conversations/{id}/export`."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final, Literal, Protocol

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.response import Stream

from seriatim.core.buckets import Buckets
from seriatim.core.clock import Clock
from seriatim.core.errors import Conflict, Gone, RateLimited, Unavailable
from seriatim.core.ids import UserId
from seriatim.features.export import read
from seriatim.features.export.archive import store
from seriatim.features.export.archive.store import Found
from seriatim.features.export.page import page
from seriatim.features.export.rules import LINK_LIFE, holder, token_of
from seriatim.protocol.http.requests import known
from seriatim.protocol.limits import Rates
from seriatim.protocol.own.export import Export, ExportState
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

TAGS: Final = ["export"]
CHUNK_BYTES: Final = 64 * 1024
FULL_RETRY_MS: Final = 3_600_000


class Commands(Protocol):
    """What the server lends a request, at the rates of its user."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...

    def reading(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection for one page of a long answer, after the wait that its rate asks for."""
        ...

    def changing(self, sender: Sender, rate: Literal["own"]) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...

    def charge(self, rate: Literal["export"], sender: Sender) -> None:
        """Take a token, or raise RateLimited."""
        ...


@dataclass(frozen=True)
class ExportKeeping:
    """The parts; `key` proves that a link was made here."""

    database: Database
    clock: Clock
    rates: Rates
    key: bytes
    by_user: Buckets = field(default_factory=Buckets)


Running = NamedDependency[SkipValidation[Commands]]
Keeping = NamedDependency[ExportKeeping]
Caller = NamedDependency[Sender]
Format = Annotated[Literal["jsonl", "html"], QueryParameter(description="one JSON object a line, or a page to read")]


@post("/v1/me/export", operation_id="ask_export", tags=TAGS, status_code=202)
async def ask_export(commands: Running, sender: Caller, export_keeping: Keeping) -> Export:
    """Have all that the caller may read and what is kept of him alone made into an archive, once a day."""
    async with commands.changing(sender, "own") as connection:
        asked = await store.ask(connection, sender.user_id)
        found = await store.find(connection, sender.user_id)
    if not asked:
        raise _refusal(found)
    return _told(found, sender.user_id, export_keeping)


@get("/v1/me/export", operation_id="get_export", tags=TAGS)
async def get_export(commands: Running, sender: Caller, export_keeping: Keeping) -> Export:
    """Tell how far the caller's export is; with a link for 15 minutes, once it is done."""
    async with commands.listing(sender) as connection:
        found = await store.find(connection, sender.user_id)
    return _told(found, sender.user_id, export_keeping)


@get(
    "/v1/exports/{token:str}",
    operation_id="download_export",
    tags=TAGS,
    exclude_from_auth=True,
    media_type="application/zip",
)
async def download_export(token: FromPath[str], export_keeping: Keeping) -> Stream:
    """Return the archive to whoever holds the link."""
    user_id = holder(token, export_keeping.key, export_keeping.clock.now())
    export_keeping.by_user.require(user_id, export_keeping.rates.export, export_keeping.clock.monotonic())
    async with export_keeping.database.read() as connection:
        found = await store.find(connection, user_id)
    if found is None or found.state is not ExportState.DONE:
        raise Gone("this export is kept no more", path="$.token")
    return Stream(
        _pieces(export_keeping.database, user_id, found),
        media_type="application/zip",
        headers=_attachment("seriatim-export.zip") | {"Content-Length": str(found.bytes)},
    )


@get(
    "/v1/conversations/{conversation_id:int}/export",
    operation_id="export_conversation",
    tags=TAGS,
    media_type="application/octet-stream",
)
async def export_conversation(
    conversation_id: FromPath[int],
    commands: Running,
    sender: Caller,
    format: Format = "jsonl",  # noqa: A002 - the name in the address
) -> Stream:
    """Return a conversation as far as the caller may read it, oldest first; an answer that breaks off is not whole."""
    place = known(conversation_id)
    commands.charge("export", sender)
    reading = partial(commands.reading, sender)
    lines = read.readable(reading, sender.user_id, place)
    chunks = _chunks(page(lines, reading) if format == "html" else _encoded(lines))
    first = await anext(chunks)  # what refuses refuses before the answer begins
    return Stream(
        _joined(first, chunks),
        media_type="application/octet-stream",
        headers=_attachment(f"conversation-{place}.{format}"),
    )


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (ask_export, get_export, download_export, export_conversation)
"""What the HTTP application registers; it gives them `sender`, `commands` and `export_keeping`."""


def _refusal(found: Found | None) -> Exception:
    if found is None:
        return RateLimited("many exports are kept just now", reason="exports_kept", retry_after_ms=FULL_RETRY_MS)
    if found.state in (ExportState.WAITING, ExportState.RUNNING):
        return Conflict("an export is under way", reason="export_running")
    return RateLimited("one export a day", reason="export_daily", retry_after_ms=found.again_ms)


def _told(found: Found | None, user_id: UserId, keeping: ExportKeeping) -> Export:
    if found is None:
        return Export(state=ExportState.NONE)
    told: dict[str, Any] = {"state": found.state, "asked_at": found.asked_at, "reason": found.reason}
    if found.state is ExportState.DONE:
        until = (keeping.clock.now() + LINK_LIFE).replace(microsecond=0)
        path = f"/v1/exports/{token_of(keeping.key, user_id, until)}"
        told |= {"bytes": found.bytes, "path": path, "path_until": until}
    return Export(**told)


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


async def _pieces(database: Database, user_id: UserId, found: Found) -> AsyncIterator[bytes]:
    left, number = found.bytes or 0, 0
    while left > 0:
        async with database.read() as connection:
            content = await store.piece(connection, user_id, found.asked_at, number)
        if content is None:
            raise Unavailable("the export was deleted meanwhile")  # cuts the answer: its length was told
        yield content
        left -= len(content)
        number += 1


async def _encoded(lines: AsyncIterator[read.Line]) -> AsyncIterator[bytes]:
    async for line in lines:
        yield read.encoded(line)


async def _chunks(parts: AsyncIterator[str] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    chunk = bytearray()
    async for part in parts:
        chunk += part.encode() if isinstance(part, str) else part
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
