"""Who writes the index, and which generation is asked: the old one answers until a new one holds everything."""

import fcntl
import shutil
from pathlib import Path
from typing import IO, Final

from seriatim.core.ids import uuid7
from seriatim.storage.search.manifest import CURRENT, Manifest, current, read_manifest, replace
from seriatim.storage.search.schema import VERSION
from seriatim.storage.search.writing import IndexUnusable, IndexWriter, count_in

WISH: Final = "rebuild"
"""A file of this name asks whoever writes for a new generation."""


class Keeper:
    """The folder of the index, for the one process that writes it; locks go with their process, however it dies."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock: IO[bytes] | None = None

    def hold(self) -> bool:
        """Take the folder for this process; False: another one has it."""
        if self._lock is not None:
            return True
        self._root.mkdir(parents=True, exist_ok=True)
        file = (self._root / "lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._lock = file
        return True

    def release(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def open(self, epoch: str) -> tuple[IndexWriter, str | None]:
        """Open the current generation, or begin one that is asked at once, and say why if there was another.

        Raises:
            OSError: the folder cannot be used.
        """
        folder = current(self._root)
        if folder is None:
            return self._begin_current(epoch), None
        try:
            return IndexWriter(folder, epoch), None
        except IndexUnusable as error:
            return self._begin_current(epoch), str(error)

    def begin(self, epoch: str) -> IndexWriter:
        """Begin another generation; it is not asked before `switch`."""
        return IndexWriter(self._root / uuid7().hex, epoch)

    def switch(self, writer: IndexWriter) -> None:
        """Have this generation asked from now on, and delete every other one."""
        replace(self._root / CURRENT, writer.folder.name.encode())
        for other in self._root.iterdir():
            if other.is_dir() and other != writer.folder:
                shutil.rmtree(other, ignore_errors=True)

    @property
    def is_wished(self) -> bool:
        """Whether somebody asked for a new generation."""
        return (self._root / WISH).exists()

    def wish_is_heard(self) -> None:
        """Forget that somebody asked."""
        (self._root / WISH).unlink(missing_ok=True)

    def _begin_current(self, epoch: str) -> IndexWriter:
        writer = self.begin(epoch)
        self.switch(writer)
        return writer


def wish(root: Path) -> None:
    """Ask whoever writes the index for a new generation."""
    root.mkdir(parents=True, exist_ok=True)
    (root / WISH).touch()


def is_held(root: Path) -> bool:
    """Say whether a process writes the index just now."""
    if not root.is_dir():
        return False
    keeper = Keeper(root)
    free = keeper.hold()
    keeper.release()
    return not free


class Standing:
    """What lies in the folder, for its operator."""

    def __init__(self, root: Path) -> None:
        self.is_wished = (root / WISH).exists()
        folder = current(root)
        self._folder = folder
        self.generation = None if folder is None else folder.name
        self.manifest: Manifest | None = None if folder is None else read_manifest(folder)
        self.is_usable = self.manifest is not None and self.manifest.version == VERSION
        self.bytes = 0 if folder is None else sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def count(self) -> int:
        """Return how many messages are in it, as of the last commit."""
        return 0 if self._folder is None or self.manifest is None else count_in(self._folder, self.manifest)
