"""How active somebody's devices are: what a gateway tells the directory, and what presence is made of."""

from enum import IntEnum


class Activity(IntEnum):
    """Rising: the most active device counts."""

    GONE = 0
    """None is connected, or he wants to look so."""
    INACTIVE = 1
    """Connected, and nobody looks."""
    ACTIVE = 2
