"""The loops of a process, by who has to run them: every process, a gateway, a worker."""

from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, NamedTuple

Loop = Callable[[], Coroutine[Any, Any, None]]


class Role(StrEnum):
    """What a process is for."""

    ALL = "all"
    GATEWAY = "gateway"
    """Connections: HTTP and WebSockets."""
    WORKER = "worker"
    """What happens without anybody connected: followers, webhooks, what is due, mail, exports."""


class Loops(NamedTuple):
    """What lives as long as the process, each until cancelled."""

    always: tuple[Loop, ...]
    """What writing to the log and telling of it needs."""
    gateway: tuple[Loop, ...]
    """What looks after the sessions here: it belongs where they are."""
    worker: tuple[Loop, ...]
    """What has to happen once, whoever is connected where: with several workers, leases see to that."""

    def of(self, role: Role) -> tuple[Loop, ...]:
        """Return those that a process of this role runs."""
        gateway = self.gateway if role is not Role.WORKER else ()
        worker = self.worker if role is not Role.GATEWAY else ()
        return (*self.always, *gateway, *worker)
