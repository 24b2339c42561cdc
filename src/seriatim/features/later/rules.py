"""What a time in the future may be (pure)."""

from datetime import datetime, timedelta

from seriatim.core.errors import BadRequest
from seriatim.protocol.limits import SCHEDULE_DAYS


def check_time(at: datetime, now: datetime, path: str) -> None:
    """Refuse a time that has passed or is too far.

    Raises:
        BadRequest: with this path.
    """
    if not now < at <= now + timedelta(days=SCHEDULE_DAYS):
        raise BadRequest(f"a time within {SCHEDULE_DAYS} days from now", path=path, reason="time")
