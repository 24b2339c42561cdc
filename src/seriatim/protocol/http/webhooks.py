"""What HTTP carries of webhooks: messages that come in at an address, and entries that go out to one."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import Name
from seriatim.protocol.http.bots import Url

WEBHOOKS: Final = 20
"""Most webhooks of a conversation in one direction."""


class NewIncomingWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address at which programs leave messages; `name` is shown with them."""

    name: Name


class IncomingWebhookAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where to leave messages, as a path of this server; whoever knows it may. It is shown only here."""

    webhook_id: int
    path: str


class IncomingWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address at which programs leave messages, in the name of who made it."""

    webhook_id: int
    name: str
    created_by: UserId
    created_at: datetime


class NewOutgoingWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that is told every message from now on."""

    name: Name
    url: Url


class OutgoingWebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What signs the deliveries (Standard Webhooks, `whsec_...`)."""

    webhook_id: int
    secret: str


class OutgoingWebhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A URL that is told every message; once disabled nothing waits for it."""

    webhook_id: int
    name: str
    url: str
    created_by: UserId
    created_at: datetime
    failure_count: int = 0
    """Deliveries that failed since the last one that did not."""
    disabled_at: datetime | None = None
    disabled_for: str | None = None
    """Why it gets nothing any more: `failures`, `gone` or `backlog`."""


class Webhooks(msgspec.Struct, frozen=True, kw_only=True):
    """The webhooks of a conversation, the oldest first."""

    incoming: list[IncomingWebhook]
    outgoing: list[OutgoingWebhook]


class SlackField(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an attachment."""

    title: str = ""
    value: str = ""


class SlackAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """What Slack shows as a box; of it the text counts."""

    pretext: str | None = None
    title: str | None = None
    title_link: str | None = None
    text: str | None = None
    fallback: str | None = None
    fields: Annotated[list[SlackField], Meta(max_length=100)] = []


class SlackMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What programs post to a webhook of Slack's, and to ours; everything else in it is ignored."""

    text: str | None = None
    username: str | None = None
    attachments: Annotated[list[SlackAttachment], Meta(max_length=100)] = []


class DeliveredEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is told: the entry as it stands in the log."""

    webhook_id: int
    conversation_id: ConversationId
    entry: Entry


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a delivery: what kind of entry, when it was numbered, and the entry (Standard Webhooks)."""

    type: str
    timestamp: datetime
    data: DeliveredEntry
