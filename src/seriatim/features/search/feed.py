"""Feeding one generation of the index from the log, in order, with the cursor that the index itself keeps."""

from threading import Lock
from typing import Final

import msgspec
from anyio import current_time, to_thread

from seriatim.features.search import store
from seriatim.features.search.documents import document_of, documents, key_of
from seriatim.log.follow import BEGINNING, Cursor
from seriatim.storage.postgres.database import Database
from seriatim.storage.search.schema import Document
from seriatim.storage.search.writing import Change, IndexWriter

BATCH_ENTRIES: Final = 1_000
COMMIT_EVERY_S: Final = 2.0
"""While there is more to read; at the end of the log everything is committed at once."""


class Feed:
    """A generation of the index on its way to the end of the log. Bounds: `batch` entries a step, one at a time."""

    def __init__(
        self,
        database: Database,
        writer: IndexWriter,
        *,
        batch: int = BATCH_ENTRIES,
        commit_every_s: float = COMMIT_EVERY_S,
    ) -> None:
        self._database = database
        self._batch = batch
        self._commit_every_s = commit_every_s
        self.writer = writer
        kept = writer.cursor
        self._cursor = BEGINNING if kept is None else msgspec.json.decode(kept, type=Cursor)
        self._is_changed = False
        self._committed_at = current_time()
        self._writing = Lock()
        """Cancelling a task does not stop its thread."""

    @property
    def is_whole(self) -> bool:
        """Whether it has once held all that there was."""
        return self.writer.manifest.whole

    async def step(self) -> bool:
        """Take in the next entries, and say whether more may follow.

        Raises:
            Unavailable: the database is away; nothing is lost.
            ValueError, OSError: the index cannot be written; it has to be opened or built anew.
        """
        async with self._database.read() as connection:
            batch = await store.since(connection, self._cursor, self._batch)
            changed = await store.now(connection, list(batch.changed)) if batch.changed else []
        if batch.entries:
            changes = [Change(key_of(said), document_of(said)) for said in changed]
            added = await to_thread.run_sync(documents, batch.said)
            await to_thread.run_sync(self._take, added, changes)
            self._cursor = batch.cursor
            self._is_changed = self._is_changed or bool(added or changes)
        more = batch.entries == self._batch
        is_due = current_time() >= self._committed_at + self._commit_every_s if more else not self.is_whole
        if is_due or (self._is_changed and not more):
            await to_thread.run_sync(self._commit, not more)
            self._is_changed = False
            self._committed_at = current_time()
        return more

    def count(self) -> int:
        """Return how many messages are in it."""
        with self._writing:
            return self.writer.count

    def close(self) -> None:
        """Let the index go, once a step that was cancelled is done; what was not committed is read again."""
        with self._writing:
            self.writer.close()

    def _take(self, added: list[Document], changes: list[Change]) -> None:
        with self._writing:
            self.writer.add(added)
            self.writer.change(changes)

    def _commit(self, whole: bool) -> None:
        with self._writing:
            self.writer.commit(msgspec.json.encode(self._cursor), whole=whole)
