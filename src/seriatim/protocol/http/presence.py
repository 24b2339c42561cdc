"""Presence over HTTP: what the caller chose, and whom he lets know when he was last here."""

from datetime import datetime

import msgspec

from seriatim.protocol.fields import ChosenState, LastSeenTo


class MyPresence(msgspec.Struct, frozen=True, kw_only=True):
    """How the caller wants to look to others."""

    state: ChosenState
    text: str
    expires_at: datetime | None
    last_seen_to: LastSeenTo
