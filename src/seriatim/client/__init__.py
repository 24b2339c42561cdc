"""The Python SDK: `Client` is one device, always in step with the server's log."""

from seriatim.client.client import Client
from seriatim.client.memory import MemoryStore
from seriatim.client.store import Store
from seriatim.protocol.entries import Entry, MessageSent, PollStarted
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.link import History, State

__all__ = [
    "Client",
    "ConversationKind",
    "Entry",
    "History",
    "MemoryStore",
    "MessageSent",
    "PollStarted",
    "Role",
    "State",
    "Store",
    "Visibility",
]
