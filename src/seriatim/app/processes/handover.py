"""Between a supervisor and a process that it started: what that one is given, and what it tells.

The supervisor names role and places in one variable. It holds the other end of the process's standard input: when that
ends, the supervisor is gone, or wants everything to end. The first line on standard output is `ready`, or says why the
process cannot start.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager

import msgspec

from seriatim.app.settings import Settings
from seriatim.app.streams.loops import Role

VARIABLE = "SERIATIM_HANDOVER"
READY = b"ready"
_INPUT, _OUTPUT, _LOG = 0, 1, 2


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is, and where it finds the others."""

    name: str
    """In the log."""
    role: Role
    listener: int | None
    """Descriptor of the listening socket; a worker has none."""
    database_url: str | None
    """The database that the supervisor runs; None: the one that the settings name."""
    broker_url: str

    def environment(self) -> dict[str, str]:
        """Return the environment of the process that is started with this."""
        return {**os.environ, VARIABLE: msgspec.json.encode(self).decode()}

    def applied_to(self, settings: Settings) -> Settings:
        """Return the settings as they are for this process."""
        return msgspec.structs.replace(
            settings,
            role=self.role,
            processes=1,
            database_url=self.database_url or settings.database_url,
            broker_url=self.broker_url,
        )


class Supervised:
    """The supervisor, as the process sees it."""

    def __init__(self, handover: Handover) -> None:
        self.handover = handover
        self._was_told = False

    def ready(self) -> None:
        """Tell that this process serves."""
        self._tell(READY)

    @contextmanager
    def telling(self) -> Generator[None]:
        """Tell why the block failed, unless the process had been ready before."""
        try:
            yield
        except Exception as error:
            self._tell(" ".join(str(error).split()).encode() or type(error).__name__.encode())
            raise

    def _tell(self, line: bytes) -> None:
        if self._was_told:
            return
        self._was_told = True
        os.write(_OUTPUT, line + b"\n")
        os.dup2(_LOG, _OUTPUT)  # nobody reads further: what is printed by accident must not fill the pipe

    def watch(self, watch: Callable[[int, Callable[[], None]], object], gone: Callable[[], None]) -> None:
        """Have `watch` (an event loop's `add_reader`) call `gone` once the supervisor lets go."""
        watch(_INPUT, gone)


def inherited() -> Supervised | None:
    """Return the supervisor of this process; None: it was started by somebody else."""
    given = os.environ.pop(VARIABLE, None)
    return None if given is None else Supervised(msgspec.json.decode(given, type=Handover))
