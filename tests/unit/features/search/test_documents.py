"""What the index keeps of messages and polls."""

from datetime import UTC, datetime
from typing import Any

from seriatim.features.search.documents import Said, document_of, documents, key_of, text_of

AT = datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC)


def said(body: str | None, meta: dict[str, Any] | None = None, **more: bool) -> Said:
    return Said(5, 9, 7, AT, body, meta, **{"is_reply": False, "is_deleted": False, **more})


def test_a_message_is_kept_as_terms_and_marks() -> None:
    found = document_of(said("See HTTPS://a.example", {"mentions": [3, 0]}, is_reply=True))
    assert found is not None
    assert (found.conversation, found.seq, found.sender) == (5, 9, 7)
    assert found.body.split() == ["see", "https", "a", "example"]
    assert found.marks.split() == ["link", "reply", "m3", "m0"]
    assert found.place == key_of(said("x")).place


def test_a_poll_is_kept_by_its_question_and_options_and_what_was_deleted_not_at_all() -> None:
    poll = {"question": "Lunch?", "options": ["Soup", "None"]}
    assert text_of(None, poll) == text_of("", poll) == "Lunch?\nSoup\nNone"
    assert document_of(said("gone", is_deleted=True)) is None
    assert len(documents([said("a"), said("b", is_deleted=True)])) == 1


def test_places_are_in_the_order_of_time_and_then_of_seq() -> None:
    one = said("a")
    later = one._replace(created_at=AT.replace(microsecond=501_000), seq=1)
    assert key_of(one) < key_of(one._replace(seq=10)) < key_of(later)
