"""Publishing: each committed entry becomes one hint; a retried send is published again."""

from collections.abc import Sequence
from typing import Protocol

from seriatim.core.ids import DeviceId, UserId
from seriatim.core.trace import Hop, passed
from seriatim.delivery.broker.port import TOLD_AGAIN, Broker, Hint, OwnFrame, Told
from seriatim.log.draft import Stored

_PUBLISH = Hop.PUBLISH


class Tell(Protocol):
    """Brings news of a user's own to his live sessions, on whichever gateway, except those of one device."""

    def __call__(self, user_id: UserId, frame: OwnFrame, *, but: DeviceId | None = None) -> None:
        """Tell them without waiting."""
        ...


class Publisher:
    """Tells the gateways of committed entries, in the order of their commit on this process."""

    def __init__(self, broker: Broker, epoch: str) -> None:
        self._broker = broker
        self.epoch = epoch
        """Incarnation of the log that these entries belong to."""

    def publish(self, stored: Sequence[Stored]) -> None:
        """Publish entries whose transaction is committed: COMMIT, then publish, then ack (promise L5)."""
        epoch = self.epoch
        hints: list[Hint] = []
        for one in stored:
            if one.trace is not None:
                one.trace.note(_PUBLISH)
            version = TOLD_AGAIN if one.duplicate else one.roster_version
            hints.append(Hint(epoch, one.entry, version, one.trace))
        passed(None, _PUBLISH)
        self._broker.publish(hints)

    async def drain(self) -> None:
        """Return once the other gateways were told of all that was published."""
        await self._broker.drain()

    def tell(self, user_id: UserId, frame: OwnFrame, *, but: DeviceId | None = None) -> None:
        """See Tell."""
        self._broker.tell(Told(user_id, frame, but))
