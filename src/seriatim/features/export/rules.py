"""Links to an export: what they say and how they are proved; pure."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from seriatim.core.errors import Gone, NotFound
from seriatim.core.ids import UserId

LINK_LIFE: Final = timedelta(minutes=15)
_TOKEN: Final = re.compile(r"([0-9]{1,16})\.([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)


def token_of(key: bytes, user_id: UserId, until: datetime) -> str:
    """Return what fetches this user's export until then, whoever holds it."""
    said = f"{user_id}.{int(until.timestamp())}"
    return f"{said}.{_proof(key, said)}"


def holder(token: str, key: bytes, now: datetime) -> UserId:
    """Return whose export a token fetches.

    Raises:
        NotFound: it was not made here.
        Gone: it was, and its time is over.
    """
    match = _TOKEN.fullmatch(token)
    if match is None or not hmac.compare_digest(match[3], _proof(key, f"{match[1]}.{match[2]}")):
        raise NotFound("there is nothing at this address", path="$.token")
    if int(match[2]) <= now.timestamp():
        raise Gone("this link was good for 15 minutes; ask for another", path="$.token")
    return UserId(int(match[1]))


def _proof(key: bytes, said: str) -> str:
    return hmac.digest(key, said.encode(), hashlib.sha256).hex()
