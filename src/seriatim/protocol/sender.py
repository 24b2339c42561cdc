"""Who speaks: the authenticated author of a command, as rules and features see him."""

from enum import StrEnum
from typing import NamedTuple

from seriatim.core.ids import DeviceId, UserId


class Scope(StrEnum):
    """What a bot's token is good for."""

    READ = "read"
    """Entries, lists and people; a socket, which is told events."""
    SEND = "send"
    """Messages and polls, and what may become of one's own."""
    REACT = "react"
    """Reactions and votes."""
    MANAGE = "manage"
    """Conversations: making, joining, leaving, people, roles, settings, pins."""


class Sender(NamedTuple):
    """A user on one of his devices; the access token has been verified. `scopes`: of a bot, what its token is for."""

    user_id: UserId
    device_id: DeviceId
    scopes: frozenset[Scope] | None = None
