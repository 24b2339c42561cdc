"""The client's link, without I/O: the client rules of docs/protocol.md, shared by the SDK and the simulation."""

from seriatim.protocol.link.actions import (
    Acked,
    Action,
    Apply,
    Connect,
    Disconnect,
    Durable,
    Failed,
    Keep,
    Kept,
    OutboxCommand,
    Position,
    Recall,
    Refused,
    SaveToken,
    ScreenChanged,
    Settled,
    State,
    StateChanged,
    Transmit,
    Truncate,
)
from seriatim.protocol.link.conversation import History
from seriatim.protocol.link.held import Held, Identity
from seriatim.protocol.link.link import Link

__all__ = [
    "Acked",
    "Action",
    "Apply",
    "Connect",
    "Disconnect",
    "Durable",
    "Failed",
    "Held",
    "History",
    "Identity",
    "Keep",
    "Kept",
    "Link",
    "OutboxCommand",
    "Position",
    "Recall",
    "Refused",
    "SaveToken",
    "ScreenChanged",
    "Settled",
    "State",
    "StateChanged",
    "Transmit",
    "Truncate",
]
