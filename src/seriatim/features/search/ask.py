"""Asking: read what the asker may read, look in the index within that, and tell what the rows found say now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

import msgspec
from anyio import CapacityLimiter, current_time, to_thread

from seriatim.core.buckets import Buckets
from seriatim.core.clock import Clock
from seriatim.core.errors import RateLimited
from seriatim.core.ids import ConversationId, UserId
from seriatim.features.search import store
from seriatim.features.search.documents import text_of
from seriatim.features.search.wish import ROWS_UNASKED, Unfindable, Wish, names_in, wish_of
from seriatim.protocol.limits import Rates
from seriatim.protocol.search.parse import parse
from seriatim.protocol.search.query import Query
from seriatim.protocol.search.results import (
    SEARCH_HITS,
    SEARCH_WITHIN_S,
    SEARCHES_IN_FLIGHT,
    SearchHit,
    SearchResults,
    SearchSort,
)
from seriatim.protocol.search.snippets import snippet
from seriatim.protocol.search.words import pattern
from seriatim.storage.postgres.database import Database
from seriatim.storage.search.matching import AnyOf, Match, may_have_typos
from seriatim.storage.search.reading import Found, Hit, IndexReader
from seriatim.storage.search.schema import Key

AT_ONCE: Final = 4
"""Searches of one process that look in the index at the same time."""
SIFTED: Final = 1_000
"""Hits that are looked up at once where the database has to say which of them are meant."""


class Asked(NamedTuple):
    """A search as it was asked; `after` is where the page before ended."""

    user_id: UserId
    query: str
    conversation_id: ConversationId | None
    sort: SearchSort
    limit: int
    after: "After | None"
    utc_offset_min: int


class After(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the cursor, opened."""

    place: int
    conversation: int
    seq: int
    score: float
    respelled: bool


class Answer(NamedTuple):
    """A page, and where it ended unless it was the last."""

    results: SearchResults
    after: After | None


@dataclass
class Searching:
    """The parts. Bounds: 4 searches at once, 2 of one user, and each two seconds."""

    database: Database
    reader: IndexReader
    rates: Rates
    clock: Clock
    by_user: Buckets = field(default_factory=Buckets)
    in_flight: Counter[UserId] = field(default_factory=Counter[UserId])
    at_once: CapacityLimiter = field(default_factory=partial(CapacityLimiter, AT_ONCE))

    async def search(self, asked: Asked) -> Answer:
        """Return a page of what the asker may read (promise I1): also what he read and then left, as it was then.

        A name that nobody has, and a conversation that he may not know of, find nothing.

        Raises:
            BadQuery: with its position.
            RateLimited: 5 a second, burst 10; two at once.
            Unavailable: the database is away.
        """
        self.by_user.require(asked.user_id, self.rates.search, self.clock.monotonic())
        if self.in_flight[asked.user_id] >= SEARCHES_IN_FLIGHT:
            raise RateLimited("too many searches at once", reason="searches_in_flight", retry_after_ms=100)
        self.in_flight[asked.user_id] += 1
        try:
            return await self._search(asked)
        finally:
            self.in_flight[asked.user_id] -= 1
            if not self.in_flight[asked.user_id]:
                del self.in_flight[asked.user_id]

    async def _search(self, asked: Asked) -> Answer:
        until_s = current_time() + SEARCH_WITHIN_S
        query = parse(asked.query, (self.clock.now() + timedelta(minutes=asked.utc_offset_min)).date())
        try:
            wish, places = await self._scope(asked, query)
        except Unfindable:
            return Answer(SearchResults(hits=[], complete=True), None)
        bounds: dict[int, tuple[int, int]] = {
            place.conversation_id: (place.first_seq, place.last_seq) for place in places
        }
        match = Match(query.clauses, wish.conditions, bounds, typos=asked.after is not None and asked.after.respelled)
        answer = await self._page(asked, wish, match, until_s)
        if answer.results.hits or asked.after is not None or not _may_be_respelled(query):
            return answer
        respelled = await self._page(asked, wish, match._replace(typos=True), until_s)
        return respelled if respelled.results.hits else answer

    async def _scope(self, asked: Asked, query: Query) -> tuple[Wish, list[store.Place]]:
        names, ids = names_in(query)
        async with self.database.read() as connection:
            people = await store.people(connection, names, ids) if names else {}
            wish = wish_of(query, asked.user_id, people, asked.utc_offset_min)
            places = await store.scope(
                connection, user_id=asked.user_id, conversation_id=asked.conversation_id, **wish.scope
            )
        if wish.unread is None:
            return wish, places
        if wish.unread:
            wish.conditions.append(AnyOf("sender", frozenset({int(asked.user_id)}), excluded=True))
        return wish, [_unread(place, place.read_seq, wish.unread) for place in places if place.read_seq is not None]

    async def _page(self, asked: Asked, wish: Wish, match: Match, until_s: float) -> Answer:
        if not match.bounds:
            return Answer(SearchResults(hits=[], complete=True), None)
        sifts = wish.rows != ROWS_UNASKED
        look = self.reader.newest if asked.sort is SearchSort.NEWEST else self.reader.relevant
        after = None if asked.after is None else _hit(asked.after)
        told: list[SearchHit] = []
        while True:
            found: Found = await to_thread.run_sync(
                partial(look, match, limit=SIFTED if sifts else asked.limit, after=after, until_s=until_s),
                limiter=self.at_once,
            )
            for hit, row in await self._rows(asked.user_id, wish, match, found.hits):
                told.append(_told(row, match))
                if len(told) == asked.limit:
                    end = hit if hit != found.hits[-1] else found.upto
                    return _answer(told, end, match, complete=found.complete)
            after = found.upto
            # A page may be shorter than was asked for, when what was found is gone by now, but not empty.
            if after is None or not found.complete or (told and not sifts):
                return _answer(told, after, match, complete=found.complete)
            if current_time() >= until_s:
                return _answer(told, after, match, complete=False)

    async def _rows(
        self, user_id: UserId, wish: Wish, match: Match, hits: Sequence[Hit]
    ) -> list[tuple[Hit, store.Row]]:
        if not hits:
            return []
        async with self.database.read() as connection:
            rows = await store.hits(
                connection,
                user_id=user_id,
                conversation_ids=[hit.key.conversation for hit in hits],
                seqs=[hit.key.seq for hit in hits],
                last_seqs=[match.bounds[hit.key.conversation][1] for hit in hits],
                **wish.rows,
            )
        return [(hits[row.place - 1], row) for row in rows]


def _unread(place: store.Place, read_seq: int, unread: bool) -> store.Place:
    if unread:
        return place._replace(first_seq=max(place.first_seq, read_seq + 1))
    return place._replace(last_seq=min(place.last_seq, read_seq))


def _told(row: store.Row, match: Match) -> SearchHit:
    shown = snippet(text_of(row.body, row.meta), match.clauses, typos=match.typos)
    return SearchHit(
        conversation_id=row.conversation_id,
        seq=row.seq,
        sender_id=row.sender_id,
        created_at=row.created_at,
        thread_seq=row.thread_seq,
        snippet=shown.text,
        marked=shown.ranges,
    )


def _answer(told: list[SearchHit], end: Hit | None, match: Match, *, complete: bool) -> Answer:
    results = SearchResults(hits=told, complete=complete, respelled=match.typos)
    return Answer(results, None if end is None else After(*end.key, end.score, match.typos))


def _hit(after: After) -> Hit:
    return Hit(Key(after.place, after.conversation, after.seq), after.score)


def _may_be_respelled(query: Query) -> bool:
    words = (words for clause in query.clauses if not clause.excluded for words in clause.alternatives)
    return any(may_have_typos(one, found) for one in words if (found := pattern(one.text, prefix=one.prefix)))


assert SIFTED > SEARCH_HITS
