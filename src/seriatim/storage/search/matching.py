"""What a search asks for, as the engine's query."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from tantivy import FieldType, Occur, Query

from seriatim.protocol.search.query import Clause, Words
from seriatim.protocol.search.words import Pattern, pattern
from seriatim.storage.search.schema import SCHEMA

TYPO_LETTERS: Final = 4
"""In a shorter word another letter makes another word."""
LAST_PLACE: Final = 2**63 - 1
Bounds = Mapping[int, tuple[int, int]]
"""Conversation -> the first and last seq that may be found there."""


class AnyOf(NamedTuple):
    """A message has one of these senders or marks; or, if `excluded`, none."""

    field: Literal["sender", "marks"]
    values: frozenset[int] | frozenset[str]
    excluded: bool = False


class Within(NamedTuple):
    """A message is in one of these ranges of places, each without its end; or, if `excluded`, in none."""

    ranges: tuple[tuple[int, int], ...]
    excluded: bool = False


class Match(NamedTuple):
    """All of it holds; `typos`: a word may differ in one letter."""

    clauses: Sequence[Clause]
    conditions: Sequence[AnyOf | Within]
    bounds: Bounds
    typos: bool = False


def compiled(match: Match) -> Query:
    """Return the engine's query; the seqs within each conversation are checked on what it finds.

    As ranges in the query 1,000 memberships took 4.3 s.
    """
    parts = [(Occur.Must, _unscored(Query.term_set_query(SCHEMA, "conversation", list(match.bounds))))]
    for clause in match.clauses:
        either = _either(_words(words, typos=match.typos) for words in clause.alternatives)
        parts.append((Occur.MustNot if clause.excluded else Occur.Must, either))
    parts += [
        (Occur.MustNot if condition.excluded else Occur.Must, _unscored(_condition(condition)))
        for condition in match.conditions
    ]
    return Query.boolean_query(parts)


def at_or_before(query: Query, place: int) -> Query:
    """Return what this query finds at this place or before it."""
    within = Query.range_query(SCHEMA, "place", FieldType.Unsigned, None, place)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, _unscored(within))])


def _words(words: Words, *, typos: bool) -> Query:
    found = pattern(words.text, prefix=words.prefix)
    assert found is not None, "the parser leaves out what has no terms"
    if len(found.terms) == 1:
        (term,) = found.terms
        if found.prefix:
            return Query.phrase_prefix_query(SCHEMA, "body", [term])
        if typos and may_have_typos(words, found):
            return Query.fuzzy_term_query(SCHEMA, "body", term, distance=1)
        return Query.term_query(SCHEMA, "body", term)
    placed: list[str | tuple[int, str]] = list(zip(found.offsets, found.terms, strict=True))
    make = Query.phrase_prefix_query if found.prefix else Query.phrase_query
    return make(SCHEMA, "body", placed)


def may_have_typos(words: Words, found: Pattern) -> bool:
    """Say whether another spelling of this word is worth a look."""
    (first, *more) = found.terms
    return not (words.quoted or found.prefix or more) and len(first) >= TYPO_LETTERS and first.isalpha()


def _condition(condition: AnyOf | Within) -> Query:
    if isinstance(condition, AnyOf):
        return Query.term_set_query(SCHEMA, condition.field, list(condition.values))
    return _either(_range(low, end - 1) for low, end in condition.ranges)


def _range(low: int, last: int) -> Query:
    first, last = max(0, low), min(last, LAST_PLACE)
    return Query.range_query(SCHEMA, "place", FieldType.Unsigned, first, last) if first <= last else Query.empty_query()


def _either(queries: Iterable[Query]) -> Query:
    found = list(queries)
    return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Should, query) for query in found])


def _unscored(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)
