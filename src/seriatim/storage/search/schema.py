"""What the index keeps of a message: who, where, when, and the terms; not the text, which stands in the log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import tantivy

VERSION: Final = 1
"""Of the fields and of the terms: an index of another one is built anew."""
SEQ_BITS: Final = 22
_SEQ_MASK: Final = (1 << SEQ_BITS) - 1
_TOKENIZER: Final = "blanks"


class Document(msgspec.Struct, frozen=True):
    """A message or a poll as it is searched; the fields of the index, in its order."""

    conversation: int
    seq: int
    place: int
    """Its place in time among all: see `place_of`."""
    sender: int
    marks: str
    """What it has and is, with blanks between: see features/search/documents.py."""
    body: str
    """Its terms, with blanks between (protocol/search/words.py)."""


class Key(NamedTuple):
    """The order of all messages, and the identity of one."""

    place: int
    conversation: int
    seq: int


def place_of(at: datetime, seq: int) -> int:
    """Return the place in time of an entry: its millisecond, and by seq within it."""
    return first_place(at) | (seq & _SEQ_MASK)


def first_place(at: datetime) -> int:
    """Return the first place of this millisecond."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000) << SEQ_BITS


def _schema() -> tantivy.Schema:
    return (
        tantivy.SchemaBuilder()
        .add_unsigned_field("conversation", indexed=True, fast=True)
        .add_unsigned_field("seq", indexed=True, fast=True)
        .add_unsigned_field("place", fast=True)
        .add_unsigned_field("sender", indexed=True)
        .add_text_field("marks", tokenizer_name=_TOKENIZER, index_option="basic")
        .add_text_field("body", tokenizer_name=_TOKENIZER, index_option="position")
        .add_bytes_field("cursor", stored=True)
        .build()
    )


SCHEMA: Final = _schema()


def open_slice(folder: Path) -> tantivy.Index:
    """Open the slice in this folder, or make it if the folder is empty; its readers see a commit after `reload`.

    Raises:
        ValueError: what is there is no such index, or is damaged.
        OSError: the folder cannot be used.
    """
    index = tantivy.Index(SCHEMA, path=str(folder))
    index.register_tokenizer(_TOKENIZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")
    index.reload()
    return index


def one(conversation: int, seq: int) -> tantivy.Query:
    """Return the query that finds exactly this document.

    Deleting by a term of an unsigned field silently deletes nothing; by this query it does.
    """
    return tantivy.Query.boolean_query(
        [
            (tantivy.Occur.Must, tantivy.Query.term_query(SCHEMA, "conversation", conversation)),
            (tantivy.Occur.Must, tantivy.Query.term_query(SCHEMA, "seq", seq)),
        ]
    )
