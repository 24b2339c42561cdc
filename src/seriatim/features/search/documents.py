"""Entries as the index keeps them; pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from seriatim.protocol.search.words import terms
from seriatim.storage.search.schema import Document, Key, place_of

LINK: Final = "link"
REPLY: Final = "reply"
_SCHEMES: Final = ("http://", "https://")


class Said(NamedTuple):
    """A message or a poll as its row says now."""

    conversation_id: int
    seq: int
    sender_id: int
    created_at: datetime
    body: str | None
    meta: dict[str, Any] | None
    is_reply: bool
    is_deleted: bool


def mark_of_mention(user_id: int) -> str:
    """Return the mark of what mentions this user; 0: everybody."""
    return f"m{user_id}"


def text_of(body: str | None, meta: dict[str, Any] | None) -> str:
    """Return what is searched of a message or a poll: its body, or its question and options."""
    if meta is not None and "question" in meta:
        return "\n".join((meta["question"], *meta["options"]))
    return body or ""


def document_of(said: Said) -> Document | None:
    """Return what the index keeps of it; None: it was deleted."""
    if said.is_deleted:
        return None
    text = text_of(said.body, said.meta)
    marks: list[str] = []
    if "://" in text and any(scheme in text.lower() for scheme in _SCHEMES):
        marks.append(LINK)
    if said.is_reply:
        marks.append(REPLY)
    if said.meta is not None:
        marks += map(mark_of_mention, said.meta.get("mentions", ()))
    return Document(
        conversation=said.conversation_id,
        seq=said.seq,
        place=place_of(said.created_at, said.seq),
        sender=said.sender_id,
        marks=" ".join(marks),
        body=terms(text),
    )


def key_of(said: Said) -> Key:
    """Return where the index keeps it."""
    return Key(place_of(said.created_at, said.seq), said.conversation_id, said.seq)


def documents(all_said: Iterable[Said]) -> list[Document]:
    """Return the documents of those that are not deleted."""
    return [document for document in map(document_of, all_said) if document is not None]
