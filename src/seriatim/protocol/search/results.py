"""What a search answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from seriatim.core.ids import ConversationId, UserId

SEARCH_HITS: Final = 50
"""Most hits of a page."""
SEARCH_WITHIN_S: Final = 2.0
"""What was found by then is told; the answer says that it is not complete."""
SEARCHES_IN_FLIGHT: Final = 2
"""Unanswered searches of one user."""


class SearchSort(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


Range = Annotated[tuple[int, int], Meta(description="first code point, and the one after the last")]


class SearchHit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message or a poll that was found. `snippet` is plain text, `marked` what in it was looked for."""

    conversation_id: ConversationId
    seq: int
    sender_id: UserId
    created_at: datetime
    thread_seq: int | None = None
    snippet: str
    marked: list[Range] = []


class SearchResults(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of hits; `cursor` asks for the next one, which may be empty, and is absent on the last."""

    hits: list[SearchHit]
    cursor: str | None = None
    complete: bool
    """False: not all was looked at, because two seconds were over or the index is not whole yet."""
    respelled: bool = False
    """Nothing was found as it is written: these hits differ from it in one letter of a word."""
