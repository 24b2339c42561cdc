"""Asking the index, also while another process writes it: newest first, slice by slice, or by relevance."""

import threading
import time
from pathlib import Path
from typing import Final, NamedTuple

import tantivy

from seriatim.storage.search.manifest import Manifest, SliceState, current, read_manifest
from seriatim.storage.search.matching import Bounds, Match, at_or_before, compiled
from seriatim.storage.search.schema import VERSION, Key, open_slice

MORE: Final = 100
"""Found beyond what a page needs: some of it lies outside what the asker may see of a conversation."""
RELEVANT: Final = 500
"""Most hits of one slice that are put in the order of relevance."""


class Hit(NamedTuple):
    """A message that was found; its `key` is where the next page begins."""

    key: Key
    score: float


class Found(NamedTuple):
    """A page of hits. `more`: others may follow after `upto`, whose place no hit has to have.

    Not `complete`: the deadline came before all was looked at, or the index does not hold all yet.
    """

    hits: list[Hit]
    upto: Hit | None
    complete: bool


class _Slice(NamedTuple):
    state: SliceState
    engine: tantivy.Index
    searcher: tantivy.Searcher


class _Generation(NamedTuple):
    folder: Path
    changed_ns: int
    manifest: Manifest
    slices: dict[str, _Slice]


NOTHING: Final = Found([], None, complete=False)


class IndexReader:
    """Answers from the generation that is current, as it was committed last; for any thread.

    It holds no lock that its writer needs, and sees each commit with the next question.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._generation: _Generation | None = None
        self._opening = threading.Lock()

    def newest(self, match: Match, *, limit: int, after: Hit | None, until_s: float) -> Found:
        """Return at most `limit` hits that come after `after`, the newest first; `until_s` is monotonic time.

        Slices are looked at from the newest on until the page is full.
        """
        generation = self._fresh()
        if generation is None:
            return NOTHING
        query = compiled(match)
        hits: list[Hit] = []
        by_age = sorted(generation.slices.values(), key=lambda one: one.state.high, reverse=True)
        for looked in by_age:
            if after is not None and looked.state.low > after.key.place:
                continue
            if len(hits) >= limit and looked.state.high < hits[limit - 1].key.place:
                break
            if time.monotonic() >= until_s:
                # Where slices overlap in time a later page may bring what belongs before: said by `complete`.
                upto = hits[-1] if hits else Hit(Key(looked.state.high, 2**63, 0), 0.0)
                return Found(hits, upto, complete=False)
            hits += _newest_of(looked, query, match.bounds, limit, after)
            hits.sort(reverse=True)
            del hits[limit:]
        upto = hits[-1] if len(hits) == limit else None
        return Found(hits, upto, generation.manifest.whole)

    def relevant(self, match: Match, *, limit: int, after: Hit | None, until_s: float) -> Found:
        """Return at most `limit` hits that come after `after`, the best first; of those alike the newest.

        All slices are looked at, and of each the RELEVANT best hits.
        """
        generation = self._fresh()
        if generation is None:
            return NOTHING
        query = compiled(match)
        hits: list[Hit] = []
        complete = generation.manifest.whole
        for looked in sorted(generation.slices.values(), key=lambda one: one.state.high, reverse=True):
            if time.monotonic() >= until_s:
                complete = False
                break
            found = looked.searcher.search(query, limit=RELEVANT, count=False).hits
            addresses = [address for _, address in found]
            places = looked.searcher.fast_field_values("place", addresses)
            scored = [(int(place or 0), address, score) for place, (score, address) in zip(places, found, strict=True)]
            hits += _visible(looked, scored, match.bounds)
        hits.sort(key=_by_score, reverse=True)
        if after is not None:
            hits = [hit for hit in hits if _by_score(hit) < _by_score(after)]
        page = hits[:limit]
        return Found(page, page[-1] if len(hits) > limit else None, complete)

    def _fresh(self) -> _Generation | None:
        """Return the generation that is current, as it is by now; None: there is none that this program reads."""
        with self._opening:
            folder = current(self._root)
            if folder is None:
                return None
            try:
                changed_ns = (folder / "manifest").stat().st_mtime_ns
            except OSError:
                return self._generation
            held = self._generation
            if held is not None and held.folder == folder and held.changed_ns == changed_ns:
                return held
            manifest = read_manifest(folder)
            if manifest is None or manifest.version != VERSION:
                return None
            known = held.slices if held is not None and held.folder == folder else {}
            try:
                slices = {state.name: _opened(folder, state, known.get(state.name)) for state in manifest.slices}
            except (ValueError, OSError):
                return self._generation  # it goes away just now, or is damaged: its writer sees to it
            self._generation = _Generation(folder, changed_ns, manifest, slices)
            return self._generation


def _opened(folder: Path, state: SliceState, known: _Slice | None) -> _Slice:
    if known is not None and known.state.commits == state.commits:
        return _Slice(state, known.engine, known.searcher)
    index = known.engine if known is not None else open_slice(folder / state.name)
    index.reload()
    return _Slice(state, index, index.searcher())


def _newest_of(looked: _Slice, query: tantivy.Query, bounds: Bounds, wanted: int, after: Hit | None) -> list[Hit]:
    """Return at least `wanted` hits of one slice, if it has so many, the newest first."""
    hits: list[Hit] = []
    limit = wanted + MORE
    last = looked.state.high if after is None else after.key.place
    while True:
        asked = query if last >= looked.state.high else at_or_before(query, last)
        found = looked.searcher.search(asked, limit=limit, order_by_field="place", count=False).hits
        is_full = len(found) == limit
        if is_full:
            # Of those at the last place some may have been cut off: they are looked at again, together.
            found_last = found[-1][0]
            certain = [(place, address) for place, address in found if place > found_last]
            if not certain:
                limit *= 2
                continue
            found, last = certain, found_last
        placed = [(place, address, 0.0) for place, address in found]
        hits += [hit for hit in _visible(looked, placed, bounds) if after is None or hit.key < after.key]
        if not is_full or len(hits) >= wanted:
            return hits


def _visible(looked: _Slice, found: list[tuple[int, tantivy.DocAddress, float]], bounds: Bounds) -> list[Hit]:
    """Return the hits within what may be seen of each conversation."""
    addresses = [address for _, address, _ in found]
    conversations = looked.searcher.fast_field_values("conversation", addresses)
    seqs = looked.searcher.fast_field_values("seq", addresses)
    hits: list[Hit] = []
    for (place, _, score), conversation, seq in zip(found, conversations, seqs, strict=True):
        assert isinstance(conversation, int)
        assert isinstance(seq, int)
        first, last = bounds[conversation]
        if first <= seq <= last:
            hits.append(Hit(Key(place, conversation, seq), score))
    return hits


def _by_score(hit: Hit) -> tuple[float, Key]:
    return hit.score, hit.key
