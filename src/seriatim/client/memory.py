"""A store that is gone when its process ends: for tests, and for programs that may start anew every time."""

from seriatim.client.store import Store


class MemoryStore(Store):
    """The same store, in memory: the same SQL, nothing on disk."""

    def __init__(self) -> None:
        super().__init__(":memory:")
