"""What a link starts from: whose device it is, and what its store holds."""

import msgspec

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.commands import ClientName
from seriatim.protocol.link.actions import Kept, Position


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whose device this is, and which program runs on it."""

    user_id: UserId
    device_id: DeviceId
    client: ClientName


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a device holds when it starts, read from its store."""

    epoch: str | None = None
    token: str | None = None
    positions: dict[ConversationId, Position] = {}
    outbox: list[Kept] = []
    """In the order in which the commands were kept."""
