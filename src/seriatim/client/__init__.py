"""The Python SDK: `Client` is one device, always in step with the server's log."""

from seriatim.client.client import Client
from seriatim.client.store import MemoryStore, Store
from seriatim.protocol.answers import SlashCalled
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
    "SlashCalled",
    "State",
    "Store",
    "Visibility",
]
