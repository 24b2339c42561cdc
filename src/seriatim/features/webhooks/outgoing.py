"""URLs that are told what is said in a conversation: made, listed, removed and enabled again by who governs it."""

from typing import NamedTuple

from seriatim.core.errors import BadRequest, Conflict, NotFound
from seriatim.core.ids import ConversationId, random_id
from seriatim.core.names import clean_name
from seriatim.core.signing import secret_of, shown
from seriatim.features.webhooks import store
from seriatim.features.webhooks.deliveries.follow import FOLLOWER
from seriatim.log.access import Action, authorize
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.http.webhooks import WEBHOOKS, NewOutgoingWebhook, OutgoingWebhookSecret, Webhooks
from seriatim.protocol.sender import Sender
from seriatim.storage.egress import Refused, check_url
from seriatim.storage.postgres.database import Connection


class SigningKey(NamedTuple):
    """From which the secret of each receiver is made; nothing of it is in the database."""

    key: bytes


async def make(
    connection: Connection,
    sender: Sender,
    conversation_id: ConversationId,
    wish: NewOutgoingWebhook,
    signing: SigningKey,
) -> OutgoingWebhookSecret:
    """Have a URL told every message from now on. Where it leads is seen at each delivery, for names change.

    Raises:
        NotFound, Forbidden: the sender may not change this conversation's settings.
        BadRequest: the name cannot be shown; this is no URL that is called.
        Conflict: `full`: there are 20.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.SET_SETTINGS)
    name, webhook_id = clean_name(wish.name), random_id()
    try:
        check_url(wish.url)
    except Refused as refused:
        raise BadRequest(refused.message, path="$.url", reason=refused.reason) from None
    last_seq = await store.lock(connection, conversation_id)
    if await store.count(connection, store.COUNT_OUTGOING, conversation_id) >= WEBHOOKS:
        raise Conflict(f"at most {WEBHOOKS} webhooks", reason="full")
    await store.add_outgoing(
        connection,
        webhook_id,
        conversation_id,
        name=name,
        url=wish.url,
        created_by=sender.user_id,
        first_seq=last_seq + 1,
        follower=FOLLOWER,
    )
    details = {"webhook_id": webhook_id, "name": name, "direction": "outgoing", "url": wish.url}
    await audited(connection, sender.user_id, Act.MAKE_WEBHOOK, conversation_id, details=details)
    return OutgoingWebhookSecret(webhook_id=webhook_id, secret=shown(secret_of(signing.key, webhook_id)))


async def listed(connection: Connection, sender: Sender, conversation_id: ConversationId) -> Webhooks:
    """Return a conversation's webhooks.

    Raises:
        NotFound, Forbidden: the sender may not change this conversation's settings.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.SET_SETTINGS)
    return Webhooks(
        incoming=await store.incoming(connection, conversation_id),
        outgoing=await store.outgoing(connection, conversation_id),
    )


async def remove(connection: Connection, sender: Sender, conversation_id: ConversationId, webhook_id: int) -> None:
    """End a webhook of either direction; nothing that waits for it is delivered any more.

    Raises:
        NotFound, Forbidden: the sender may not change this conversation's settings, or it has no such webhook.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.SET_SETTINGS)
    name = await store.remove(connection, conversation_id, webhook_id)
    if name is None:
        raise _missing()
    details = {"webhook_id": webhook_id, "name": name}
    await audited(connection, sender.user_id, Act.REMOVE_WEBHOOK, conversation_id, details=details)


async def enable(connection: Connection, sender: Sender, conversation_id: ConversationId, webhook_id: int) -> None:
    """Let a URL that was disabled be told again what is said from now on.

    Raises:
        NotFound, Forbidden: the sender may not change this conversation's settings, or it has no such webhook that
            is disabled.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.SET_SETTINGS)
    first_seq = await store.lock(connection, conversation_id) + 1
    name = await store.enable(connection, conversation_id, webhook_id, first_seq=first_seq, follower=FOLLOWER)
    if name is None:
        raise _missing()
    details = {"webhook_id": webhook_id, "name": name, "enabled": True}
    await audited(connection, sender.user_id, Act.MAKE_WEBHOOK, conversation_id, details=details)


def _missing() -> NotFound:
    return NotFound("there is no such webhook here", path="$.webhook_id")
