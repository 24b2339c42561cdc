"""What comes in at a webhook, pure: a payload as programs post it to Slack becomes a message."""

import re
from typing import Final
from urllib.parse import parse_qs

import msgspec

from seriatim.core.errors import BadRequest
from seriatim.core.names import clean_name
from seriatim.protocol.codec import refusal
from seriatim.protocol.http.webhooks import SlackAttachment, SlackMessage

FORM: Final = "application/x-www-form-urlencoded"
LINK: Final = re.compile(r"<([^<>|\s]+:[^<>|\s]+)(?:\|([^<>|]+))?>")
"""`<https://example.org|its label>`."""
_ESCAPED: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_messages: Final = msgspec.json.Decoder(SlackMessage)


def payload_of(content_type: str, content: bytes) -> SlackMessage:
    """Return what was posted: JSON, or a form whose field `payload` is JSON.

    Raises:
        BadRequest: it is neither.
    """
    try:
        text = content.decode()
        if content_type.partition(";")[0].strip().lower() == FORM:
            payloads = parse_qs(text, strict_parsing=True, max_num_fields=10).get("payload", [])
            if len(payloads) != 1:
                raise BadRequest("a form has one field `payload`, which holds JSON", path="$.payload", reason="payload")
            text = payloads[0]
        return _messages.decode(text)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise BadRequest("this is neither JSON nor a form with a `payload`", path="$", reason="payload") from None


def body_of(message: SlackMessage) -> str:
    """Return all that there is to read of it, attachments below the text; Slack's links become Markdown's.

    Raises:
        BadRequest: nothing.
    """
    parts = [message.text or "", *map(_flat, message.attachments)]
    body = "\n".join(_plain(part) for part in parts if part.strip())
    if not body.strip():
        raise BadRequest("a message has a `text`, or attachments with one", path="$.text", reason="blank")
    return body.replace("\0", "")


def via_of(message: SlackMessage, name: str) -> str:
    """Return the name under which it is shown: its own, or that of the webhook.

    Raises:
        BadRequest: a name that cannot be shown.
    """
    if not message.username:
        return name
    try:
        return clean_name(message.username)
    except BadRequest as error:
        raise BadRequest(error.message, path="$.username", reason=error.reason) from None


def _flat(attachment: SlackAttachment) -> str:
    title = attachment.title or ""
    if title and attachment.title_link:
        title = f"<{attachment.title_link}|{title}>"
    lines = [attachment.pretext or "", title, attachment.text or ""]
    lines += [": ".join(filter(None, (field.title, field.value))) for field in attachment.fields]
    return "\n".join(filter(None, lines)) or attachment.fallback or ""


def _plain(text: str) -> str:
    text = LINK.sub(lambda link: f"[{link[2]}]({link[1]})" if link[2] else link[1], text)
    for escaped, character in _ESCAPED:
        text = text.replace(escaped, character)
    return text
