"""Writing one generation of the index: every change once, however often and wherever the writer dies.

The place in the log up to which all is in (the cursor) is a document of its own in the newest slice, so the same commit
stores both. Changes of older slices are committed before it, and leave the same behind when they are made again.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import tantivy

from seriatim.storage.search.manifest import Manifest, SliceState, read_manifest, write_manifest
from seriatim.storage.search.schema import SCHEMA, VERSION, Document, Key, one, open_slice

SLICE_DOCUMENTS: Final = 1_000_000
"""A slice is closed when it holds so many: common words are looked up in the newest ones only."""
NEWEST_HEAP_BYTES: Final = 64_000_000
OLDER_HEAP_BYTES: Final = 15_000_000
"""Of the one older slice that is changed at a time; the least that the engine takes."""
_NOBODY: Final = 0
"""The conversation of the cursor's document: no message's."""


class IndexUnusable(Exception):
    """What is in the folder cannot be used: it is damaged, of another version, or of another log."""


class Change(msgspec.Struct, frozen=True):
    """A message that was changed: `document` is what it says now, None if it was deleted."""

    key: Key
    document: Document | None


class _Slice:
    """One slice that is written: its index, and a writer once it is needed."""

    def __init__(self, folder: Path, state: SliceState, heap_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.state = state
        self.index = open_slice(folder)
        self._heap_bytes = heap_bytes
        self._writer: tantivy.IndexWriter | None = None

    @property
    def writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self.index.writer(heap_size=self._heap_bytes, num_threads=1)
        return self._writer

    @property
    def is_changed(self) -> bool:
        return self._writer is not None

    def add(self, document: Document) -> None:
        # A document made of keywords kills the writer when it has unsigned fields; JSON is also the faster way.
        self.writer.add_json(msgspec.json.encode(document).decode())
        self.state.low = min(self.state.low, document.place)
        self.state.high = max(self.state.high, document.place)

    def commit(self) -> None:
        self.writer.commit()
        self.state.commits += 1
        self.index.reload()

    def close(self) -> None:
        """Let the writer go; what was not committed is lost."""
        if self._writer is not None:
            self._writer.rollback()
            self._writer.wait_merging_threads()
            self._writer = None


def count_in(folder: Path, manifest: Manifest) -> int:
    """Return how many messages are in this generation, whoever writes it.

    Raises:
        ValueError, OSError: it is damaged.
    """
    return sum(_count(open_slice(folder / state.name).searcher()) for state in manifest.slices)


class IndexWriter:
    """Writes a generation; one at a time (the engine locks each slice). Bounds: 80 MB, and what the engine maps.

    Not for several threads at once.
    """

    def __init__(self, folder: Path, epoch: str, *, slice_documents: int = SLICE_DOCUMENTS) -> None:
        """Open the generation in this folder, or begin it if the folder is empty.

        Raises:
            IndexUnusable: it cannot be used; the message says why.
            OSError: the folder cannot be used.
        """
        self.folder = folder
        self._slice_documents = slice_documents
        folder.mkdir(parents=True, exist_ok=True)
        manifest = read_manifest(folder)
        if manifest is None:
            if any(folder.iterdir()):
                raise IndexUnusable("its manifest is missing or damaged")
            manifest = Manifest(version=VERSION, epoch=epoch)
        if manifest.version != VERSION:
            raise IndexUnusable(f"it is of version {manifest.version}, this program writes {VERSION}")
        if manifest.epoch != epoch:
            raise IndexUnusable("it is of another log")
        self.manifest = manifest
        try:
            self._older = [self._slice(state, OLDER_HEAP_BYTES) for state in manifest.slices[:-1]]
            self._newest = self._slice(manifest.slices[-1], NEWEST_HEAP_BYTES) if manifest.slices else self._begin()
            self._look_anew()
        except ValueError as error:
            raise IndexUnusable(str(error)) from None

    @property
    def cursor(self) -> bytes | None:
        """Up to where in the log all is in: what the last commit said; None before the first."""
        for one_slice in (self._newest, *reversed(self._older)):
            searcher = one_slice.index.searcher()
            found = searcher.search(tantivy.Query.term_query(SCHEMA, "conversation", _NOBODY), limit=1, count=False)
            if found.hits:
                return bytes(searcher.doc(found.hits[0][1])["cursor"][0])
        return None

    @property
    def count(self) -> int:
        """How many messages were in it at the last commit."""
        return sum(_count(one_slice.index.searcher()) for one_slice in (*self._older, self._newest))

    def add(self, documents: Sequence[Document]) -> None:
        """Add messages that are not in it."""
        for document in documents:
            self._newest.add(document)

    def change(self, changes: Sequence[Change]) -> None:
        """Make messages say what they say now, in whichever slice they are; each is named once."""
        for change in sorted(changes, key=lambda change: change.key):
            gone = one(change.key.conversation, change.key.seq)
            slices = (*self._older, self._newest)
            holders = [held for held in slices if held.state.low <= change.key.place <= held.state.high]
            for holder in holders:
                if holder is not self._newest and not holder.is_changed:
                    self._commit_older()  # one at a time is open
                holder.writer.delete_documents_by_query(gone)
            if change.document is not None:
                (holders[-1] if holders else self._newest).add(change.document)

    def commit(self, cursor: bytes, *, whole: bool) -> None:
        """Store everything up to this cursor; readers see it from now on. `whole`: it is the end of the log."""
        self._commit_older()
        self._newest.writer.delete_documents_by_query(tantivy.Query.term_query(SCHEMA, "conversation", _NOBODY))
        self._newest.writer.add_document(
            tantivy.Document.from_dict(  # pyright: ignore[reportUnknownMemberType]
                {"conversation": _NOBODY, "seq": 0, "place": 0, "cursor": cursor}, SCHEMA
            )
        )
        self._newest.commit()
        self.manifest.whole = self.manifest.whole or whole
        if self._newest.index.searcher().num_docs > self._slice_documents:
            self._newest.close()
            self._older.append(self._newest)
            self._newest = self._begin()
        write_manifest(self.folder, self.manifest)

    def close(self) -> None:
        """Let the folder go; what was not committed is not in it."""
        for one_slice in (*self._older, self._newest):
            with contextlib.suppress(ValueError):  # a writer that failed before
                one_slice.close()

    def _commit_older(self) -> None:
        for older in self._older:
            if older.is_changed:
                older.commit()
                older.close()

    def _begin(self) -> _Slice:
        state = SliceState(name=f"{len(self.manifest.slices):04}")
        self.manifest.slices.append(state)
        begun = self._slice(state, NEWEST_HEAP_BYTES)
        write_manifest(self.folder, self.manifest)
        return begun

    def _slice(self, state: SliceState, heap_bytes: int) -> _Slice:
        if state.commits and not (self.folder / state.name / "meta.json").is_file():
            raise IndexUnusable(f"its slice {state.name} is missing")
        return _Slice(self.folder / state.name, state, heap_bytes)

    def _look_anew(self) -> None:
        """Note what the newest slice holds: a writer that died told the manifest less."""
        state, searcher = self._newest.state, self._newest.index.searcher()
        state.commits += 1
        everything = tantivy.Query.all_query()
        for order in (tantivy.Order.Asc, tantivy.Order.Desc):
            found = searcher.search(everything, limit=2, order_by_field="place", order=order, count=False)
            places = [place for place, _ in found.hits if place]  # the cursor's document is at 0
            state.low, state.high = min([state.low, *places]), max([state.high, *places])
        write_manifest(self.folder, self.manifest)


def _count(searcher: tantivy.Searcher) -> int:
    cursors = tantivy.Query.term_query(SCHEMA, "conversation", _NOBODY)
    return searcher.num_docs - len(searcher.search(cursors, limit=1, count=False).hits)
