"""The directory of a single process; several gateways in it stand side by side as several processes would."""

from collections.abc import Collection
from itertools import count

from seriatim.core.activity import Activity
from seriatim.core.clock import Clock
from seriatim.core.ids import UserId
from seriatim.delivery.directory.port import Changed
from seriatim.protocol.limits import LEASE_S, OFFLINE_AFTER_S


class LocalDirectory:
    """What all gateways of this process say, in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.gateways: list[LocalGateway] = []
        """Those that hold a lease."""
        self._names = count(1)

    def join(self, changed: Changed) -> "LocalGateway":
        """Return the door of one more gateway, with a lease from now on."""
        gateway = LocalGateway(self, f"local {next(self._names)}", changed)
        self.renew(gateway)
        return gateway

    def activity(self, user_id: UserId) -> Activity:
        """Return what the most active of the user's devices is, over all gateways that hold a lease."""
        return max((gateway.mine(user_id) for gateway in self.gateways), default=Activity.GONE)

    def tell(self, user_id: UserId, before: Activity) -> None:
        """Tell every gateway how active the user is, unless he was so before."""
        now = self.activity(user_id)
        if now is not before:
            for gateway in self.gateways:
                gateway.changed(user_id, now)

    def renew(self, gateway: "LocalGateway") -> None:
        """Give a gateway a lease, unless it stops; one that had lost it says everything it knows again."""
        if gateway.has_left:
            return
        gateway.leased_until = self._clock.monotonic() + LEASE_S
        if gateway not in self.gateways:
            before = {user_id: self.activity(user_id) for user_id in gateway.users}
            self.gateways.append(gateway)
            for user_id, activity in before.items():
                self.tell(user_id, activity)

    def leave(self, gateway: "LocalGateway") -> None:
        """Let a gateway's lease run out when its users had time to come back elsewhere."""
        gateway.has_left = True
        gateway.leased_until = min(gateway.leased_until, self._clock.monotonic() + OFFLINE_AFTER_S)

    def expire(self) -> None:
        """Take out the gateways whose lease has run out: their users are as active as the others say."""
        now = self._clock.monotonic()
        for gateway in [one for one in self.gateways if one.leased_until < now]:
            before = {user_id: self.activity(user_id) for user_id in gateway.users}
            self.gateways.remove(gateway)
            for user_id, activity in before.items():
                self.tell(user_id, activity)


class LocalGateway:
    """See port.Directory."""

    def __init__(self, directory: LocalDirectory, name: str, changed: Changed) -> None:
        self._directory = directory
        self.name = name
        self.changed = changed
        self.leased_until = 0.0
        self.has_left = False
        self.users: dict[UserId, Activity] = {}
        """What this gateway says; who is gone does not stand here."""
        self.held: set[UserId] = set()

    def put(self, user_id: UserId, activity: Activity) -> None:
        """See port.Directory."""
        before = self._directory.activity(user_id)
        if activity is Activity.GONE:
            self.users.pop(user_id, None)
        else:
            self.users[user_id] = activity
        self._directory.tell(user_id, before)

    def hold(self, user_id: UserId, holds: bool) -> None:
        """See port.Directory."""
        if holds:
            self.held.add(user_id)
        else:
            self.held.discard(user_id)

    def holding(self, user_ids: Collection[UserId]) -> Collection[str]:
        """See port.Directory."""
        others = (one for one in self._directory.gateways if one is not self)
        return [one.name for one in others if not (one.users.keys() | one.held).isdisjoint(user_ids)]

    def mine(self, user_id: UserId) -> Activity:
        """See port.Directory."""
        return self.users.get(user_id, Activity.GONE)

    def all_mine(self) -> Collection[UserId]:
        """See port.Directory."""
        return self.users.keys()

    async def look_up(self, user_ids: Collection[UserId]) -> dict[UserId, Activity]:
        """See port.Directory."""
        return {user_id: self._directory.activity(user_id) for user_id in user_ids}

    def count(self, user_ids: Collection[UserId]) -> int:
        """See port.Directory."""
        return sum(self._directory.activity(user_id) is not Activity.GONE for user_id in user_ids)

    def others(self) -> Collection[str]:
        """See port.Directory."""
        return [one.name for one in self._directory.gateways if one is not self]

    def missed(self) -> None:
        """See port.Directory: nothing is ever missed here."""

    def leave(self) -> None:
        """See port.Directory."""
        self._directory.leave(self)

    def tick(self) -> None:
        """See port.Directory."""
        self._directory.renew(self)
        self._directory.expire()
