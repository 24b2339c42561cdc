"""How a process is asked to end."""

import asyncio
import signal
from typing import cast

from seriatim.app.processes.handover import Supervised


class Ends:
    """Asked by SIGTERM, SIGINT or SIGHUP to end in its time; asked again, or let go by its supervisor, at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()
        """No time is left for clients to move to another process by themselves."""

    def listen(self, supervised: Supervised | None) -> None:
        """Begin to listen; within a running event loop, in the main thread."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(name, self._ask)
        if supervised is not None:
            supervised.watch(loop.add_reader, self._let_go)

    def _ask(self) -> None:
        if self.asked.is_set():
            self.at_once.set()
        self.asked.set()

    def _let_go(self) -> None:
        asyncio.get_running_loop().remove_reader(0)
        self.at_once.set()
        self.asked.set()


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error that began it: one part failed and took the others with it."""
    first = group.exceptions[0]
    return (
        first_of(cast("BaseExceptionGroup[BaseException]", first)) if isinstance(first, BaseExceptionGroup) else first
    )
