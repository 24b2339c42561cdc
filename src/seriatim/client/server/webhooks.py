"""Webhooks of a conversation: addresses where programs leave messages, URLs that are told them; part of a Client."""

from seriatim.client.http import Http
from seriatim.core.ids import ConversationId
from seriatim.protocol.http.webhooks import (
    IncomingWebhookAddress,
    NewIncomingWebhook,
    NewOutgoingWebhook,
    OutgoingWebhookSecret,
    Webhooks,
)


class Hooks:
    """For who may change the settings of the conversation; everything is asked over HTTP.

    Raises, from everything:
        ChatError: the server refused; Unavailable: it could not be reached, try again.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def all(self, conversation_id: ConversationId) -> Webhooks:
        """Return the webhooks of both directions, the oldest first."""
        return await self._http.ask("GET", _path(conversation_id), Webhooks)

    async def make_incoming(self, conversation_id: ConversationId, name: str) -> IncomingWebhookAddress:
        """Make an address at which programs leave messages, shown under `name`; it is told only here."""
        path, wish = f"{_path(conversation_id)}/incoming", NewIncomingWebhook(name=name)
        return await self._http.ask("POST", path, IncomingWebhookAddress, body=wish)

    async def make_outgoing(self, conversation_id: ConversationId, name: str, url: str) -> OutgoingWebhookSecret:
        """Have a URL told every message from now on, signed with the secret that is told only here.

        Raises:
            BadRequest, Forbidden: the URL is none, or leads to an address that is not public.
        """
        path, wish = f"{_path(conversation_id)}/outgoing", NewOutgoingWebhook(name=name, url=url)
        return await self._http.ask("POST", path, OutgoingWebhookSecret, body=wish)

    async def enable(self, conversation_id: ConversationId, webhook_id: int) -> None:
        """Let a URL that was disabled be told again what is said from now on."""
        await self._http.ask("POST", f"{_path(conversation_id)}/{webhook_id}/enable", type(None))

    async def remove(self, conversation_id: ConversationId, webhook_id: int) -> None:
        """End a webhook of either direction."""
        await self._http.ask("DELETE", f"{_path(conversation_id)}/{webhook_id}", type(None))


def _path(conversation_id: ConversationId) -> str:
    return f"/v1/conversations/{conversation_id}/webhooks"
