"""The index by itself: what was committed is found, in slices, page by page, and nothing of what was not."""

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from seriatim.protocol.search.parse import parse
from seriatim.protocol.search.words import terms
from seriatim.storage.search.manifest import CURRENT, replace
from seriatim.storage.search.matching import AnyOf, Match, Within
from seriatim.storage.search.reading import Hit, IndexReader
from seriatim.storage.search.schema import Document, Key, first_place, place_of
from seriatim.storage.search.writing import Change, IndexUnusable, IndexWriter

EVERYTHING = (1, 10**9)


def at(minute: int) -> datetime:
    return datetime(2026, 11, 24, 12, minute % 60, minute // 60, tzinfo=UTC)


def said(seq: int, body: str, *, conversation: int = 1, sender: int = 7, marks: str = "", minute: int = 0) -> Document:
    return Document(conversation, seq, place_of(at(minute), seq), sender, marks, terms(body))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    replace(tmp_path / CURRENT, b"first")
    return tmp_path


def writer_of(root: Path, epoch: str = "e", slice_documents: int = 3) -> IndexWriter:
    return IndexWriter(root / "first", epoch, slice_documents=slice_documents)


def match(query: str, conversations: tuple[int, ...] = (1,), **more: object) -> Match:
    return Match(parse(query, date(2026, 11, 24)).clauses, (), dict.fromkeys(conversations, EVERYTHING), **more)  # type: ignore[arg-type]


def newest(reader: IndexReader, asked: Match, limit: int = 50) -> list[tuple[int, int]]:
    found = reader.newest(asked, limit=limit, after=None, until_s=time.monotonic() + 9)
    return [(hit.key.conversation, hit.key.seq) for hit in found.hits]


def test_what_is_committed_is_found_and_nothing_else(root: Path) -> None:
    writer, reader = writer_of(root), IndexReader(root)
    writer.add([said(1, "the red fox"), said(2, "a red herring", conversation=2)])
    assert newest(reader, match("red")) == []
    writer.commit(b"1", whole=True)
    assert newest(reader, match("red")) == [(1, 1)]
    assert newest(reader, match("red", (1, 2))) == [(2, 2), (1, 1)]
    writer.add([said(3, "red again")])
    writer.close()
    writer = writer_of(root)
    assert writer.cursor == b"1"
    assert newest(reader, match("red")) == [(1, 1)], "what was not committed died with its writer"
    writer.close()


@pytest.mark.parametrize(
    ("query", "seqs"),
    [
        ("fox", [4, 1]),
        ("red fox", [4, 1]),
        ('"red fox"', [1]),
        ("fox -red", []),
        ("herring OR cat", [3, 2]),
        ("herr*", [2]),
        ('"the red f*"', []),
        ("-red", [3]),
        ("FÓX", [4, 1]),
        ("herrin", []),
        ("snake_case", [3]),
        ("case_snake", []),
        ("京都", [5]),
        ("都", [5]),
        ("東京都", [5]),
        ("都京", []),
    ],
)
def test_words_phrases_beginnings_and_exclusions(root: Path, query: str, seqs: list[int]) -> None:
    writer = writer_of(root, slice_documents=2)
    bodies = ["The red fox", "a red herring", "the snake_case cat", "fox, not red", "red 東京都"]
    for seq, body in enumerate(bodies, start=1):
        writer.add([said(seq, body, minute=seq)])
        writer.commit(b"", whole=True)
    assert [seq for _, seq in newest(IndexReader(root), match(query))] == seqs
    writer.close()


def test_another_spelling_is_found_when_it_is_asked_for(root: Path) -> None:
    writer = writer_of(root)
    writer.add([said(1, "did you receive it"), said(2, "a cat")])
    writer.commit(b"", whole=True)
    reader = IndexReader(root)
    assert newest(reader, match("recieve")) == []
    assert newest(reader, match("recieve", typos=True)) == [(1, 1)]
    assert newest(reader, match("cot", typos=True)) == [], "short words are meant as they are"
    assert newest(reader, match('"recieve"', typos=True)) == []
    writer.close()


def test_pages_join_to_the_whole_whatever_the_slices_and_the_limit(root: Path) -> None:
    writer, reader = writer_of(root, slice_documents=40), IndexReader(root)
    documents = [
        said(seq, "word", conversation=conversation, minute=minute)
        for minute, seq, conversation in ((number // 30, number // 3 + 1, number % 3 + 1) for number in range(300))
    ]
    for index in range(0, 300, 20):
        writer.add(documents[index : index + 20])
        writer.commit(b"", whole=True)
    assert len(writer.manifest.slices) > 3
    bounds = {1: (1, 10**9), 2: (20, 60), 3: (99, 98)}
    asked = Match(parse("word", date(2026, 11, 24)).clauses, (), bounds)
    expected = sorted(
        (Key(one.place, one.conversation, one.seq) for one in documents if within(bounds, one)), reverse=True
    )
    for limit in (1, 7, 200):
        pages: list[Key] = []
        after: Hit | None = None
        while True:
            found = reader.newest(asked, limit=limit, after=after, until_s=time.monotonic() + 9)
            pages += [hit.key for hit in found.hits]
            if found.upto is None:
                break
            after = found.upto
        assert pages == expected
    writer.close()


def within(bounds: dict[int, tuple[int, int]], one: Document) -> bool:
    first, last = bounds[one.conversation]
    return first <= one.seq <= last


def test_more_messages_of_one_millisecond_than_a_look_takes_are_all_found(root: Path) -> None:
    writer, reader = writer_of(root, slice_documents=10**6), IndexReader(root)
    writer.add([said(1, "word", conversation=number) for number in range(1, 401)])
    writer.commit(b"", whole=True)
    asked = Match(parse("word", date(2026, 11, 24)).clauses, (), dict.fromkeys(range(1, 401), EVERYTHING))
    after, seen = None, 0
    while True:
        found = reader.newest(asked, limit=50, after=after, until_s=time.monotonic() + 9)
        seen += len(found.hits)
        if found.upto is None:
            break
        after = found.upto
    assert seen == 400
    writer.close()


def test_a_changed_message_says_the_new_and_a_deleted_one_nothing_also_in_an_older_slice(root: Path) -> None:
    writer, reader = writer_of(root, slice_documents=2), IndexReader(root)
    for seq in range(1, 8):
        writer.add([said(seq, f"old words {seq}", minute=seq)])
        writer.commit(b"", whole=True)
    assert len(writer.manifest.slices) > 2
    one, two, seven = (said(seq, "new", minute=seq) for seq in (1, 2, 7))
    changes = [
        Change(Key(one.place, 1, 1), one),
        Change(Key(two.place, 1, 2), None),
        Change(Key(seven.place, 1, 7), seven),
    ]
    for _again in range(2):  # the same change made again leaves the same behind
        writer.change(changes)
        writer.commit(b"x", whole=True)
        assert [seq for _, seq in newest(reader, match("old"))] == [6, 5, 4, 3]
        assert [seq for _, seq in newest(reader, match("new"))] == [7, 1]
        assert writer.count == 6
    writer.close()


def test_senders_marks_and_times_are_conditions(root: Path) -> None:
    writer, reader = writer_of(root), IndexReader(root)
    writer.add(
        [said(1, "a", sender=7, marks="link"), said(2, "a", sender=8, minute=5), said(3, "a", sender=9, minute=9)]
    )
    writer.commit(b"", whole=True)

    def found(*conditions: AnyOf | Within) -> list[int]:
        return [seq for _, seq in newest(reader, Match((), conditions, {1: EVERYTHING}))]

    assert found() == [3, 2, 1]
    assert found(AnyOf("sender", frozenset({7, 9}))) == [3, 1]
    assert found(AnyOf("sender", frozenset({7, 9}), excluded=True)) == [2]
    assert found(AnyOf("sender", frozenset[int]())) == []
    assert found(AnyOf("marks", frozenset({"link"}))) == [1]
    assert found(Within(((first_place(at(0)), first_place(at(9))),))) == [2, 1]
    assert found(Within(((first_place(at(5)), first_place(at(9))),), excluded=True)) == [3, 1]
    assert found(Within(((5, 5),))) == []
    writer.close()


def test_relevance_puts_what_fits_best_first_and_pages(root: Path) -> None:
    writer, reader = writer_of(root, slice_documents=2), IndexReader(root)
    bodies = ["ship ship ship", "a ship among many other words here", "no such thing", "ship it"]
    for seq, body in enumerate(bodies, start=1):
        writer.add([said(seq, body, minute=seq)])
        writer.commit(b"", whole=True)
    until_s = time.monotonic() + 9
    whole = reader.relevant(match("ship"), limit=9, after=None, until_s=until_s)
    assert {hit.key.seq for hit in whole.hits} == {1, 2, 4}
    first = reader.relevant(match("ship"), limit=2, after=None, until_s=until_s)
    second = reader.relevant(match("ship"), limit=2, after=first.upto, until_s=until_s)
    assert first.hits + second.hits == whole.hits
    assert second.upto is None
    writer.close()


def test_what_came_before_the_deadline_is_told_with_the_place_to_go_on_from(root: Path) -> None:
    writer, reader = writer_of(root), IndexReader(root)
    writer.add([said(1, "word")])
    writer.commit(b"", whole=True)
    late = reader.newest(match("word"), limit=9, after=None, until_s=0)
    assert (late.hits, late.complete) == ([], False)
    rest = reader.newest(match("word"), limit=9, after=late.upto, until_s=time.monotonic() + 9)
    assert len(rest.hits) == 1
    writer.close()


def test_an_index_of_another_log_or_a_damaged_one_is_not_used(root: Path) -> None:
    writer = writer_of(root)
    writer.add([said(1, "word")])
    writer.commit(b"", whole=True)
    writer.close()
    with pytest.raises(IndexUnusable, match="another log"):
        writer_of(root, epoch="f")
    meta = root / "first" / "0000" / "meta.json"
    content = meta.read_bytes()
    meta.write_bytes(b"{")
    with pytest.raises(IndexUnusable):
        writer_of(root)
    meta.unlink()
    with pytest.raises(IndexUnusable, match="missing"):
        writer_of(root)
    meta.write_bytes(content)
    (root / "first" / "manifest").write_bytes(b"")
    with pytest.raises(IndexUnusable, match="manifest"):
        writer_of(root)


def test_without_an_index_nothing_is_found_and_that_is_said(tmp_path: Path) -> None:
    found = IndexReader(tmp_path).newest(match("word"), limit=9, after=None, until_s=time.monotonic() + 9)
    assert (found.hits, found.complete) == ([], False)


def test_slices_that_overlap_in_time_are_one_order(root: Path) -> None:
    """A slow commit brings an older message into a newer slice."""
    writer, reader = writer_of(root, slice_documents=2), IndexReader(root)
    for seqs in ((1, 2, 7), (3, 4, 8), (5, 6, 9)):
        writer.add([said(seq, "word", minute=seq) for seq in seqs])
        writer.commit(b"", whole=True)
    for limit in (1, 2, 5):
        found = reader.newest(match("word"), limit=limit, after=None, until_s=time.monotonic() + 9)
        assert [hit.key.seq for hit in found.hits] == [9, 8, 7, 6, 5][:limit]
    writer.close()
