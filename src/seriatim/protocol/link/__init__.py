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
    OutboxCommand,
    Position,
    Recall,
    Refused,
    SaveToken,
    State,
    StateChanged,
    Transmit,
    Truncate,
)
from seriatim.protocol.link.conversation import History
from seriatim.protocol.link.link import Held, Identity, Link

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
    "Link",
    "OutboxCommand",
    "Position",
    "Recall",
    "Refused",
    "SaveToken",
    "State",
    "StateChanged",
    "Transmit",
    "Truncate",
]
