"""A user's own over HTTP: `/v1/me/settings`, `/v1/me/saved`, `/v1/me/mentions`, `/v1/me/unreads`."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final, Literal, Protocol

from litestar import delete, get, patch, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.features.own import saved, store
from seriatim.features.own.settings import change_settings
from seriatim.log.own.seen import seen
from seriatim.log.own.unreads import unreads_page, with_entries
from seriatim.protocol.http.own import Mention, Mentions, SavedMessage, SavedMessages, Unreads
from seriatim.protocol.http.parameters import ListCursor, PageSize
from seriatim.protocol.http.requests import cursor_of, known, place_of
from seriatim.protocol.own.changes import OwnSettings, Tell
from seriatim.protocol.own.settings import ChangeSettings, Settings
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What lends connections to routes, at the rates of their user."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read a page of a list with, or raise RateLimited."""
        ...

    def changing(self, sender: Sender, rate: Literal["own"]) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...


Running = NamedDependency[SkipValidation[Commands]]
Telling = NamedDependency[SkipValidation[Tell]]
Caller = NamedDependency[Sender]


@get("/v1/me/settings", operation_id="get_settings", tags=["own"])
async def get_settings(sender: Caller, commands: Running) -> Settings:
    """Return the caller's settings."""
    async with commands.listing(sender) as connection:
        return await store.settings(connection, sender.user_id)


@patch("/v1/me/settings", operation_id="change_settings", tags=["own"])
async def patch_settings(data: JSONBody[ChangeSettings], sender: Caller, commands: Running, tell: Telling) -> Settings:
    """Change the settings named; absent ones stay."""
    async with commands.changing(sender, "own") as connection:
        settings = await change_settings(connection, data, sender)
    tell(sender.user_id, OwnSettings(settings=settings), sender.device_id)
    return settings


@put("/v1/me/saved/{conversation_id:int}/{seq:int}", operation_id="save_message", status_code=204, tags=["own"])
async def save_message(
    conversation_id: FromPath[int], seq: FromPath[int], sender: Caller, commands: Running, tell: Telling
) -> None:
    """Keep a message at hand, for the caller only."""
    place = known(conversation_id)
    async with commands.changing(sender, "own") as connection:
        change = await saved.save(connection, place, seq, sender)
    tell(sender.user_id, change, sender.device_id)


@delete("/v1/me/saved/{conversation_id:int}/{seq:int}", operation_id="unsave_message", status_code=204, tags=["own"])
async def unsave_message(
    conversation_id: FromPath[int], seq: FromPath[int], sender: Caller, commands: Running, tell: Telling
) -> None:
    """Keep a message at hand no more."""
    place = known(conversation_id)
    async with commands.changing(sender, "own") as connection:
        change = await saved.unsave(connection, place, seq, sender)
    tell(sender.user_id, change, sender.device_id)


@get("/v1/me/saved", operation_id="list_saved", tags=["own"])
async def list_saved(
    sender: Caller, commands: Running, cursor: ListCursor = None, limit: PageSize = 50
) -> SavedMessages:
    """Return the caller's saved messages, the latest saved first."""
    after = _after(cursor)
    async with commands.listing(sender) as connection:
        rows = await store.saved_page(connection, sender.user_id, after, limit + 1)
        page = rows[:limit]
        entries = await seen(connection, sender.user_id, [row[:2] for row in page])
    return SavedMessages(
        saved=[
            SavedMessage(conversation_id=row[0], seq=row[1], saved_at=row.at, entry=entries.get(row[:2]))
            for row in page
        ],
        cursor=_more(rows, limit),
    )


@get("/v1/me/mentions", operation_id="list_mentions", tags=["own"])
async def list_mentions(sender: Caller, commands: Running, cursor: ListCursor = None, limit: PageSize = 50) -> Mentions:
    """Return the messages that mention the caller, by himself or with everybody, read or not, the latest first."""
    after = _after(cursor)
    async with commands.listing(sender) as connection:
        rows = await store.mentions_page(connection, sender.user_id, after, limit + 1)
        page = rows[:limit]
        entries = await seen(connection, sender.user_id, [row[:2] for row in page])
    return Mentions(
        mentions=[
            Mention(conversation_id=row[0], seq=row[1], mentioned_at=row.at, entry=entries.get(row[:2])) for row in page
        ],
        cursor=_more(rows, limit),
    )


@get("/v1/me/unreads", operation_id="list_unreads", tags=["own"])
async def list_unreads(sender: Caller, commands: Running, cursor: ListCursor = None, limit: PageSize = 50) -> Unreads:
    """Return the conversations with unread messages that are neither muted nor hidden, each with the first of them.

    The last message first. Unread replies of threads are in `/v1/me/threads?only_unread=true`.
    """
    after = store.NEWEST[:2] if cursor is None else place_of(cursor, datetime)
    async with commands.listing(sender) as connection:
        found = await unreads_page(connection, sender.user_id, after, limit + 1)
        unreads = await with_entries(connection, sender.user_id, found[:limit])
    return Unreads(unreads=unreads, cursor=cursor_of(found[limit - 1].place) if len(found) > limit else None)


def _after(cursor: str | None) -> store.ListPlace:
    if cursor is None:
        return store.NEWEST
    (at, conversation_id), seq = place_of(cursor, tuple[datetime, int])
    return (at, conversation_id, seq)


def _more(rows: list[store.Listed], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return cursor_of(((last.at, last.conversation_id), last.seq))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    get_settings,
    patch_settings,
    save_message,
    unsave_message,
    list_saved,
    list_mentions,
    list_unreads,
)
"""What the HTTP application registers; it gives them `sender`, `commands` and `tell`."""
