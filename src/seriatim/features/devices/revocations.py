"""Every gateway's ear for devices that ended: their sockets close and their access tokens count no more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from anyio import Event, move_on_after

from seriatim.core.clock import Clock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import DeviceId, UserId
from seriatim.delivery.broker.shared import Hurry
from seriatim.features.devices import store
from seriatim.features.devices.store import NO_DEVICE
from seriatim.protocol.limits import TOKEN_GRACE_S, TOKEN_LIFE_S
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

EVERY_S = 5.0
SKEW = timedelta(minutes=5)
"""As much may the clocks of two servers differ."""


class Revocations:
    """Read the revocations by a cursor over their transactions, every 5 s, and remember them while tokens live.

    `on_revoked` is called on the loop for each device once, and never for a transaction that was rolled back; with
    NO_DEVICE for a user whose sockets are to connect again. A slow COMMIT is not missed: each reading goes back to the
    oldest transaction that was in flight at the one before.
    Bounds: remembers the devices revoked during one life of an access token.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        on_revoked: Callable[[UserId, DeviceId], None],
        share: Callable[[Hurry], None],
        *,
        every_s: float = EVERY_S,
        token_life_s: float = TOKEN_LIFE_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_revoked = on_revoked
        self._share = share
        self._every_s = every_s
        self._remember = timedelta(seconds=token_life_s + TOKEN_GRACE_S) + SKEW
        self._hurry = Event()
        self._position: int | None = None
        self._ended: dict[DeviceId, datetime] = {}
        self._changed: dict[tuple[UserId, datetime], datetime] = {}

    def revoked(self, device_id: DeviceId) -> bool:
        """Say whether this device is known to have ended while a token of its may still be good."""
        return device_id in self._ended

    def hurry(self) -> None:
        """Have the next reading at once, not at the end of the 5 s, on every gateway."""
        self._hurry.set()
        self._share(Hurry())

    def heard(self, _gateway: str, _hurry: Hurry) -> None:
        """Do so here, when another gateway says that devices have ended."""
        self._hurry.set()

    async def run(self) -> None:
        """Read until cancelled; while the database is unreachable, try on."""
        while True:
            try:
                await self.poll()
            except Unavailable:
                log.warning("revocations_unread", again_after_s=self._every_s)
            with move_on_after(self._every_s):
                await self._hurry.wait()
            self._hurry = Event()

    async def poll(self) -> None:
        """Read once, and tell of everything that was not told of before.

        Raises:
            Unavailable: the database does not answer; the next reading makes up for it.
        """
        forget_before = self._clock.now() - self._remember
        async with self._database.read() as connection:
            position = await store.position(connection)  # first: what commits between the two is read twice, not never
            if self._position is None:
                rows = await store.revoked_lately(connection, forget_before)
            else:
                rows = await store.revoked_since(connection, self._position)
        self._position = position
        for row in (row for row in rows if row.at > forget_before):
            if row.device_id == NO_DEVICE:
                if (row.user_id, row.at) not in self._changed:
                    self._changed[row.user_id, row.at] = row.at
                    self._on_revoked(row.user_id, NO_DEVICE)
            elif row.device_id not in self._ended:
                self._ended[row.device_id] = row.at
                self._on_revoked(row.user_id, row.device_id)
        _forget(self._ended, forget_before)
        _forget(self._changed, forget_before)


K = TypeVar("K")


def _forget(noted: dict[K, datetime], before: datetime) -> None:
    for key in [key for key, at in noted.items() if at <= before]:
        del noted[key]
