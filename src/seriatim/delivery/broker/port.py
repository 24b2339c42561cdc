"""The broker port: hints from the gateway that committed an entry to all gateways that may hold its readers."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from seriatim.core.ids import DeviceId, UserId
from seriatim.core.trace import Trace
from seriatim.delivery.broker.shared import Shared
from seriatim.protocol.answers import Heads, SelfChanged, SlashCalled
from seriatim.protocol.entries import Entry

TOLD_AGAIN = 0
"""Who is here now may have come after an old entry: its audience is looked up, with what each may read (promise I1)."""


class Hint(msgspec.Struct, gc=False):
    """News of one committed entry of the log of `epoch`; it may be lost, repeated or late, for the log is the truth.

    `roster_version` is the conversation's from this entry on: a gateway that knows another one looks it up. Of an entry
    that is told again it is `TOLD_AGAIN`, which no gateway knows.
    """

    epoch: str
    entry: Entry
    roster_version: int
    trace: Trace | None = None
    """Of a sampled send, on the gateway that took it."""


OwnFrame = SelfChanged | Heads | SlashCalled
"""What a user's own sessions are told besides entries."""


class Told(msgspec.Struct, array_like=True, frozen=True):
    """A frame for one user's own sessions, except those of one device; like a hint it may be lost."""

    user_id: UserId
    frame: OwnFrame
    but: DeviceId | None = None


class Broker(Protocol):
    """Carries news to every gateway, this one first: at most once, in the order of each publisher."""

    gateway: str
    """This gateway's name among those of one log; another one after each start."""

    @property
    def why_away(self) -> str | None:
        """Why this gateway does not hear the others, in words; None: it does, or is alone."""
        ...

    def publish(self, hints: list[Hint]) -> None:
        """Pass hints on without waiting; after COMMIT only."""
        ...

    def tell(self, told: Told) -> None:
        """Pass a user's own news on without waiting."""
        ...

    def share(self, shared: Shared) -> None:
        """Pass on to the other gateways, not to this one; it is dropped before hints and told frames are."""
        ...

    async def drain(self) -> None:
        """Return once all that was passed on has left this gateway, or was dropped."""
        ...

    async def check(self) -> None:
        """Look at the start whether what carries the news can do that; one that is away may come.

        Raises:
            UnfitServer: it never can; the message says what would be right.
        """
        ...

    async def run(self) -> None:
        """Carry what is published elsewhere until cancelled."""
        ...


class Receives(NamedTuple):
    """What a gateway does with what arrives, its own news included."""

    hints: Callable[[list[Hint]], None]
    told: Callable[[Told], None]
    missed: Callable[[], None] = lambda: None
    """Called when news of other gateways may have been lost: whatever moved is looked up in the log."""
    shared: Callable[[str, Shared], None] = lambda _gateway, _shared: None
    """Called with what another gateway, of this name, shares."""
