"""The roster cache: a stale list is seen, not guessed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery.rosters import RosterCache
from seriatim.protocol.entries import ConversationCreated, MemberAdded, MemberLeft, MessageSent, RoleChanged
from seriatim.protocol.fields import ConversationKind, Role, Visibility

HERE = ConversationId(7)
ADA, BOB, CYD, DAN = UserId(1), UserId(2), UserId(3), UserId(4)
COMMON: dict[str, Any] = {
    "conversation_id": HERE,
    "sender_id": ADA,
    "device_id": DeviceId(1),
    "client_id": UUID(int=1),
    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
}


def message(seq: int) -> MessageSent:
    return MessageSent(**COMMON, seq=seq, ordinal=seq, body="x")


CREATED = ConversationCreated(
    **COMMON,
    seq=1,
    roster_version=1,
    conversation_kind=ConversationKind.GROUP,
    visibility=Visibility.PRIVATE,
    members=[ADA, BOB],
)


def test_an_unknown_conversation_has_to_be_looked_up() -> None:
    assert RosterCache().audience(message(5), 1) is None


def test_a_new_conversation_brings_its_roster() -> None:
    cache = RosterCache()
    assert cache.audience(CREATED, 1) == {ADA, BOB}
    assert cache.audience(message(2), 1) == {ADA, BOB}


def test_a_newcomer_hears_of_it_and_of_what_follows() -> None:
    cache = RosterCache()
    cache.audience(CREATED, 1)
    added = MemberAdded(**COMMON, seq=2, roster_version=2, user_id=CYD, role=Role.MEMBER)
    assert cache.audience(added, 2) == {ADA, BOB, CYD}
    assert cache.audience(message(3), 2) == {ADA, BOB, CYD}


def test_all_of_several_newcomers_hear_of_it_and_of_what_follows() -> None:
    cache = RosterCache()
    cache.audience(CREATED, 1)
    added = MemberAdded(**COMMON, seq=2, roster_version=2, user_id=CYD, user_ids=[CYD, DAN], role=Role.MEMBER)
    assert cache.audience(added, 2) == {ADA, BOB, CYD, DAN}
    assert cache.audience(message(3), 2) == {ADA, BOB, CYD, DAN}


@pytest.mark.promise("I1")
def test_whoever_left_hears_that_he_left_and_nothing_after_it() -> None:
    cache = RosterCache()
    cache.audience(CREATED, 1)
    left = MemberLeft(**COMMON, seq=2, roster_version=2, user_id=BOB)
    assert cache.audience(left, 2) == {ADA, BOB}
    assert cache.audience(message(3), 2) == {ADA}
    assert cache.audience(left, 2) == {ADA, BOB}, "a repeated hint tells him again"


@pytest.mark.promise("I1")
def test_a_roster_of_another_version_is_not_used() -> None:
    cache = RosterCache()
    cache.audience(CREATED, 1)
    assert cache.audience(message(9), 3) is None, "two changes were missed"
    assert cache.audience(message(9), 0) is None, "the event is older than the roster"
    role = RoleChanged(**COMMON, seq=9, roster_version=3, user_id=BOB, role=Role.ADMIN)
    assert cache.audience(role, 3) is None


def test_a_newer_roster_is_never_replaced_by_an_older_one() -> None:
    cache = RosterCache()
    cache.keep(HERE, 5, frozenset({ADA}))
    cache.keep(HERE, 4, frozenset({ADA, BOB}))
    assert cache.audience(message(9), 5) == {ADA}


def test_the_least_recently_used_rosters_go_when_members_are_too_many() -> None:
    cache = RosterCache(cached_members=4)
    cache.keep(HERE, 1, frozenset({ADA, BOB}))
    cache.keep(ConversationId(2), 1, frozenset({ADA, BOB}))
    assert cache.audience(message(2), 1) == {ADA, BOB}
    cache.keep(ConversationId(3), 1, frozenset({ADA}))
    assert list(cache._rosters) == [HERE, ConversationId(3)]
    cache.keep(ConversationId(4), 1, frozenset({ADA, BOB, CYD}))
    assert list(cache._rosters) == [ConversationId(3), ConversationId(4)]
