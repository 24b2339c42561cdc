"""The directory port: what each gateway says of its users' devices, true for as long as the gateway lives."""

from collections.abc import Callable, Collection
from typing import Protocol

from seriatim.core.activity import Activity
from seriatim.core.ids import UserId

Changed = Callable[[UserId, Activity], None]
"""What a gateway does with the news that somebody's activity, over all gateways, is now this."""


class Directory(Protocol):
    """One gateway's door to the directory.

    What a gateway says holds under its lease: when it is not heard of for `LEASE_S`, its users are as active as the
    other gateways say, at once. News may be lost or late; who begins to watch somebody looks him up.
    """

    def put(self, user_id: UserId, activity: Activity) -> None:
        """Say how active the user's devices on this gateway are; the same again changes nothing."""
        ...

    def hold(self, user_id: UserId, holds: bool) -> None:
        """Say whether this gateway has sessions of the user's, also of one who looks gone; for `holding` alone."""
        ...

    def holding(self, user_ids: Collection[UserId]) -> Collection[str]:
        """Return the other gateways that may have sessions of any of these users."""
        ...

    def mine(self, user_id: UserId) -> Activity:
        """Return what this gateway said of the user last."""
        ...

    def all_mine(self) -> Collection[UserId]:
        """Return everybody of whom this gateway said that he is connected."""
        ...

    async def look_up(self, user_ids: Collection[UserId]) -> dict[UserId, Activity]:
        """Return how active these users are over all gateways; those that are gone may be left out."""
        ...

    def count(self, user_ids: Collection[UserId]) -> int:
        """Return how many of these users are connected, as far as this gateway knows."""
        ...

    def others(self) -> Collection[str]:
        """Return the names of the other gateways that are known to live."""
        ...

    def missed(self) -> None:
        """Make up for what other gateways may have said unheard."""
        ...

    def leave(self) -> None:
        """Say that this gateway stops: what it said holds for as long as its users have to come back elsewhere."""
        ...

    def tick(self) -> None:
        """Renew this gateway's lease and notice those that ran out; called every second or oftener."""
        ...
