"""What can be asked of messages besides their entries: who reacted, what is pinned, what they said before."""

from datetime import datetime

import msgspec

from seriatim.core.ids import UserId
from seriatim.protocol.entries import Entry


class Reactor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who put an emoji on a message, by the entry `seq`."""

    emoji: str
    user_id: UserId
    name: str
    seq: int


class Reactors(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of reactions by emoji and user id; `cursor` asks for the next one and is absent on the last."""

    reactors: list[Reactor]
    cursor: str | None = None


class Pins(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of pinned messages and polls, the last pin first; `cursor` asks for the next one."""

    entries: list[Entry]
    cursor: str | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What a message said from the entry `seq` on: its own, or an edit."""

    seq: int
    body: str
    created_at: datetime


class Versions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of what a message said, the oldest first; `cursor` asks for the next one and is absent on the last."""

    versions: list[Version]
    cursor: str | None = None


class Voter(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who voted in a poll that is not anonymous."""

    user_id: UserId
    name: str
    options: list[int]


class Voters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of voters by user id; `cursor` asks for the next one and is absent on the last."""

    voters: list[Voter]
    cursor: str | None = None
