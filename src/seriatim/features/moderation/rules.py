"""The rules of moderation, pure: whose rank suffices, and how long a silence may last."""

from datetime import datetime, timedelta
from typing import Final

from seriatim.core.errors import BadRequest, Forbidden
from seriatim.protocol.fields import RANK, Role

LONGEST_SILENCE: Final = timedelta(days=365)


def outranks(own: Role, theirs: Role) -> None:
    """Let admins silence those below them, and owners everybody.

    Raises:
        Forbidden: the other's rank is not below.
    """
    if own is not Role.OWNER and RANK[theirs] >= RANK[own]:
        raise Forbidden("only an owner silences this member", path="$.user_id")


def silence(until: datetime, now: datetime) -> None:
    """Let a silence end within a year from now.

    Raises:
        BadRequest: `until` is past, or too far away.
    """
    if not now < until <= now + LONGEST_SILENCE:
        raise BadRequest("between now and a year from now", path="$.until", reason="until")
