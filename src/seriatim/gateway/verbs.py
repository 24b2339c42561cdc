"""Which feature makes which entry: one verb per command, for sockets and HTTP alike."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from seriatim.features.conversations.invite import invite
from seriatim.features.conversations.join import join
from seriatim.features.conversations.leave import leave
from seriatim.features.conversations.remove import remove
from seriatim.features.conversations.set_role import set_role
from seriatim.features.conversations.set_settings import set_settings
from seriatim.features.messages.delete import delete
from seriatim.features.messages.edit import edit
from seriatim.features.pins.pin import pin
from seriatim.features.pins.unpin import unpin
from seriatim.features.polls.close_poll import close_poll
from seriatim.features.polls.start_poll import start_poll
from seriatim.features.polls.vote import vote
from seriatim.features.reactions.react import react
from seriatim.features.reactions.unreact import unreact
from seriatim.log.draft import Stored
from seriatim.protocol.commands import (
    ClosePoll,
    Command,
    Delete,
    Edit,
    Invite,
    Join,
    Leave,
    Pin,
    React,
    Remove,
    SetRole,
    SetSettings,
    StartPoll,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database

Verb = Callable[[Any, Sender, Database], Awaitable[Stored]]
"""Decides on a change of a conversation and commits it."""
VERBS: Final[Mapping[type[Command], Verb]] = {
    Join: join,
    Leave: leave,
    Invite: invite,
    Remove: remove,
    SetRole: set_role,
    SetSettings: set_settings,
    Edit: edit,
    Delete: delete,
    React: react,
    Unreact: unreact,
    Pin: pin,
    Unpin: unpin,
    StartPoll: start_poll,
    Vote: vote,
    ClosePoll: close_poll,
}
