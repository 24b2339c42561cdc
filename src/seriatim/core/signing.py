"""Signatures of what we call at somebody's address, in the format of Standard Webhooks; pure.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from typing import Final

SHOWN_PREFIX: Final = "whsec_"


def secret_of(key: bytes, number: int) -> bytes:
    """Return the 32 bytes that sign for one receiver; from one of them neither `key` nor another can be found."""
    return hmac.digest(key, b"%d" % number, hashlib.sha256)


def shown(secret: bytes) -> str:
    """Return the secret as its receiver is told it."""
    return SHOWN_PREFIX + base64.b64encode(secret).decode()


def signed(secret: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that prove who sent `body`, when (seconds since 1970), and as which message.

    A receiver refuses what is older than five minutes, and does nothing twice for one `webhook-id`.
    """
    text = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, text, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Seriatim-Webhook/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
