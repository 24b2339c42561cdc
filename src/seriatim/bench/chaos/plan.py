"""What a chaos run does: how much, with whom, and which commands it starts; all of it follows from the seed."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec


class Group(msgspec.Struct, frozen=True):
    """A conversation to be made; members are places in the list of users, the first one owns it."""

    members: list[int]
    churns: bool
    """People come and go meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Which faults there are, and how often; a pair is a range of seconds, None: never."""

    gateway_every_s: tuple[float, float] | None = (3.0, 6.0)
    gateway_kill_share: float = 0.75
    """The others only stop it for a while."""
    postmaster_share: float = 0.15
    client_every_s: tuple[float, float] | None = (4.0, 9.0)
    client_kill_share: float = 0.6
    stop_s: tuple[float, float] = (1.0, 3.0)
    network_every_s: tuple[float, float] | None = (0.3, 1.0)
    least_gateway_kills: int = 2
    least_postmaster_kills: int = 1
    least_crash_points: int = 0
    """How often the gateway must die by itself, as only an entry that kills its own process does. The talk goes on
    until then, and ends there: `messages` is the most."""
    ack_drop_share: float = 0.3
    """Of the network's faults."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run."""

    messages: int
    seed: int
    processes: int = 4
    devices_per_process: int = 15
    pairs: int = 30
    groups: tuple[int, ...] = (3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 8, 8, 10, 12, 20, 50)
    think_s: float = 0.02
    """A device's longest pause between two bursts."""
    settle_s: float = 120.0
    faults: Faults = field(default_factory=Faults)
    server: tuple[str, ...] = (str(Path(sys.executable).with_name("seriatim")),)
    client: tuple[str, ...] = (sys.executable, "-m", "seriatim.bench.chaos.worker")
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def devices(self) -> int:
        """All devices; every third user has two."""
        return self.processes * self.devices_per_process

    def owners(self) -> list[int]:
        """Return the user (by place) of each device (by place): some have two devices, in different processes."""
        users = [place % max(2, self.devices * 3 // 4) for place in range(self.devices)]
        Random(self.seed).shuffle(users)  # noqa: S311 - a plan, no secret
        return users

    def name(self, user: int) -> str:
        """Return the name of a user (by place)."""
        return f"user-{self.seed}-{user}"

    def conversations(self) -> list[Group]:
        """Return the conversations to make."""
        random = Random(self.seed + 1)  # noqa: S311
        users = sorted(set(self.owners()))
        sizes = [2] * self.pairs + [min(size, len(users)) for size in self.groups]
        made = [Group(random.sample(users, size), size > 2 and random.random() < 0.5) for size in sizes]  # noqa: PLR2004
        if self.groups and not any(group.churns for group in made):
            made[-1] = Group(made[-1].members, churns=True)
        return made


class WorldDevice(msgspec.Struct, frozen=True):
    """A device of the run; its store is `devices/<device_id>.db`."""

    device_id: int
    user_id: int
    process: int


class WorldConversation(msgspec.Struct, frozen=True):
    """A conversation of the run, as it began."""

    conversation_id: int
    owner_device: int
    size: int
    churns: bool


class World(msgspec.Struct, frozen=True):
    """What the client processes are told."""

    seed: int
    messages: int
    processes: int
    think_s: float
    devices: list[WorldDevice]
    conversations: list[WorldConversation]

    def store(self, folder: Path, device_id: int) -> Path:
        """Return the file of a device."""
        return folder / "devices" / f"{device_id}.db"


def enough(folder: Path) -> Path:
    """Return the file whose being there ends the talk."""
    return folder / "enough"
