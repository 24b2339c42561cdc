"""What an address may be, and who may end a digest without logging in; pure."""

import hashlib
import hmac
import re
from typing import Final

from seriatim.core.errors import BadRequest
from seriatim.core.ids import MAX_ID, UserId

ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*",
    re.ASCII,
)
"""Source: HTML, "valid email address". Other letters are written as their mail server writes them in ASCII."""


def check_address(address: str) -> None:
    """Refuse what is no address, or what a header would decode to another one (RFC 2047): that could hold line ends.

    Raises:
        BadRequest: at `$.address`, reason `address`.
    """
    if ADDRESS.fullmatch(address) is None or "=?" in address:
        raise BadRequest("an address looks like ada@example.org", path="$.address", reason="address")


def address_key(address: str) -> str:
    """Return what makes two addresses one."""
    return address.lower()


def unsubscribe_token(key: bytes, user_id: UserId, address: str) -> str:
    """Return what ends the digest to this address of his: it is in every digest, and good as long as the address."""
    return f"{user_id}.{_proof(key, user_id, address)}"


def subscriber(token: str) -> UserId | None:
    """Return whom a token says it is about."""
    number = token.partition(".")[0]
    good = number.isascii() and number.isdigit() and 1 <= int(number[:17]) <= MAX_ID
    return UserId(int(number[:17])) if good else None


def proves(token: str, key: bytes, user_id: UserId, address: str) -> bool:
    """Say whether a token was made for this address of his."""
    expected = unsubscribe_token(key, user_id, address)
    return hmac.compare_digest(token.encode(), expected.encode())


def _proof(key: bytes, user_id: UserId, address: str) -> str:
    return hmac.new(key, f"{user_id} {address_key(address)}".encode(), hashlib.sha256).hexdigest()
