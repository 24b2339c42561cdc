"""The archive of an export while it is made: a zip in a temporary file, which goes with its process."""

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

from seriatim.features.export.page import HEAD, TAIL
from seriatim.protocol.own.export import EXPORT_BYTES

UNPACKED_BYTES: Final = 500 * 1024 * 1024
"""Most of lines and page together, before they are packed."""


class TooMuch(Exception):
    """The archive would pass its bounds."""


class Archive:
    """Takes lines and the page's parts; it blocks, so it is used in threads.

    Raises, from every method:
        OSError: the disk is full.
    """

    def __init__(self) -> None:
        self._files = ExitStack()
        self._file = self._files.enter_context(TemporaryFile())  # noqa: SIM115 - closed with the archive
        self._page = self._files.enter_context(TemporaryFile())  # noqa: SIM115 - closed with the archive
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)
        # A zip has one open entry at a time: the page waits in a file of its own.
        self._lines = self._zip.open("export.jsonl", "w")
        self._page.write(HEAD.encode())
        self._unpacked = 0

    def add(self, parts: Sequence[tuple[bytes, bytes]]) -> None:
        """Add lines, each with its part of the page.

        Raises:
            TooMuch.
        """
        for line, part in parts:
            self._lines.write(line)
            self._page.write(part)
            self._unpacked += len(line) + len(part)
        if self._unpacked > UNPACKED_BYTES or self._file.tell() > EXPORT_BYTES:
            raise TooMuch

    def finish(self) -> int:
        """Write the rest, and return the size of the zip in bytes.

        Raises:
            TooMuch.
        """
        self._lines.close()
        self._page.write(TAIL.encode())
        self._page.seek(0)
        with self._zip.open("export.html", "w") as page:
            shutil.copyfileobj(self._page, page)
        self._zip.close()
        size = self._file.seek(0, 2)
        if size > EXPORT_BYTES:
            raise TooMuch
        self._file.seek(0)
        return size

    def read(self, size: int) -> bytes:
        """Return the next bytes of the finished zip; none at its end."""
        return self._file.read(size)

    def close(self) -> None:
        """Let the files go."""
        self._lines.close()
        self._zip.close()
        self._files.close()
