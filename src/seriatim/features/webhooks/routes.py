"""Webhooks over HTTP: governed in their conversation, called at `/v1/hooks/`."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from litestar import MediaType, Request, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from seriatim.features.webhooks import incoming, outgoing
from seriatim.features.webhooks.incoming import Call, Wish
from seriatim.features.webhooks.outgoing import SigningKey
from seriatim.protocol.answers import Sent
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.http.parameters import Key
from seriatim.protocol.http.requests import id_of, known
from seriatim.protocol.http.webhooks import (
    IncomingWebhookAddress,
    NewIncomingWebhook,
    NewOutgoingWebhook,
    OutgoingWebhookSecret,
    Webhooks,
)
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


class Commands(Protocol):
    """What the server lends a request."""

    def listing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection to read with, or raise RateLimited."""
        ...

    def changing(self, sender: Sender) -> AbstractAsyncContextManager[Connection]:
        """Lend a transaction, or raise RateLimited."""
        ...

    async def send_via(self, command: SendMessage, sender: Sender, via: str) -> Sent:
        """Store a message that is shown under another name, or raise its ChatError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """The parts; `admit` raises RateLimited for a webhook or (not found) an address that calls too often."""

    signing: SigningKey
    called: Callable[[Call, str], Awaitable[Wish]]


Given = NamedDependency[SkipValidation[Commands]]
Parts = NamedDependency[Hooks]
Caller = NamedDependency[Sender]
TAGS: Final = ["webhooks"]
PATH: Final = "/v1/conversations/{conversation_id:int}/webhooks"


@post(
    "/v1/hooks/{webhook_id:int}/{secret:str}",
    operation_id="call_webhook",
    tags=TAGS,
    status_code=200,
    exclude_from_auth=True,
    media_type=MediaType.TEXT,
)
async def call(  # noqa: PLR0917 - Litestar gives them by name
    webhook_id: FromPath[int],
    secret: FromPath[str],
    request: Request[Any, Any, State],
    commands: Given,
    hooks: Parts,
    idempotency_key: Key = None,
) -> str:
    """Leave a message, posted as to Slack: JSON, or a form whose field `payload` is JSON.

    `text`, `username` and the text of `attachments` count. What has the same `Idempotency-Key`, or without one the same
    content within a minute, is said once.
    """
    address = request.client.host if request.client else ""
    content_type = request.headers.get("content-type", "")
    wanted = Call(webhook_id, secret, content_type, await request.body(), idempotency_key)
    wish = await hooks.called(wanted, address)
    await commands.send_via(wish.command, wish.sender, wish.via)
    return "ok"


@get(PATH, operation_id="list_webhooks", tags=TAGS)
async def listed(conversation_id: FromPath[int], commands: Given, sender: Caller) -> Webhooks:
    """Return the webhooks of a conversation, to who may change its settings."""
    place = known(conversation_id)
    async with commands.listing(sender) as connection:
        return await outgoing.listed(connection, sender, place)


@post(f"{PATH}/incoming", operation_id="make_incoming_webhook", tags=TAGS)
async def make_incoming(
    conversation_id: FromPath[int], data: JSONBody[NewIncomingWebhook], commands: Given, sender: Caller
) -> IncomingWebhookAddress:
    """Make an address at which programs leave messages; it is shown only here."""
    place = known(conversation_id)
    async with commands.changing(sender) as connection:
        return await incoming.make(connection, sender, place, data)


@post(f"{PATH}/outgoing", operation_id="make_outgoing_webhook", tags=TAGS)
async def make_outgoing(
    conversation_id: FromPath[int], data: JSONBody[NewOutgoingWebhook], commands: Given, hooks: Parts, sender: Caller
) -> OutgoingWebhookSecret:
    """Have a URL told every message from now on, signed with the secret that is shown here."""
    place = known(conversation_id)
    async with commands.changing(sender) as connection:
        return await outgoing.make(connection, sender, place, data, hooks.signing)


@post(f"{PATH}/{{webhook_id:int}}/enable", operation_id="enable_webhook", tags=TAGS, status_code=204)
async def enable(conversation_id: FromPath[int], webhook_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """Let a URL that was disabled be told again what is said from now on."""
    place, number = known(conversation_id), id_of(webhook_id, "$.webhook_id")
    async with commands.changing(sender) as connection:
        await outgoing.enable(connection, sender, place, number)


@delete(f"{PATH}/{{webhook_id:int}}", operation_id="remove_webhook", tags=TAGS)
async def remove(conversation_id: FromPath[int], webhook_id: FromPath[int], commands: Given, sender: Caller) -> None:
    """End a webhook of either direction."""
    place, number = known(conversation_id), id_of(webhook_id, "$.webhook_id")
    async with commands.changing(sender) as connection:
        await outgoing.remove(connection, sender, place, number)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (call, listed, make_incoming, make_outgoing, enable, remove)
