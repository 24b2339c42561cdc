"""What filters mean for one asker."""

from datetime import UTC, date, datetime

import pytest

from seriatim.core.ids import UserId
from seriatim.features.search.wish import Unfindable, Wish, names_in, wish_of
from seriatim.protocol.search.parse import parse
from seriatim.storage.search.matching import LAST_PLACE, AnyOf, Within
from seriatim.storage.search.schema import first_place

ME, ADA, BOB = UserId(1), UserId(2), UserId(3)
PEOPLE = {"ada": {ADA}, "bob": {BOB}, "3": {BOB}}


def wish(text: str, utc_offset_min: int = 0) -> Wish:
    return wish_of(parse(text, date(2026, 11, 24)), ME, PEOPLE, utc_offset_min)


def midnight(day: int, hour: int = 0) -> int:
    return first_place(datetime(2026, 11, day, hour, tzinfo=UTC))


def test_people_are_me_names_and_ids() -> None:
    assert names_in(parse("from:@Ada in:#Zoo with:3 on:2026", date(2026, 11, 24))) == (["ada", "zoo", "3"], [3])
    assert wish("from:me from:ADA").conditions == [AnyOf("sender", frozenset({ME, ADA}))]
    assert wish("-from:3").conditions == [AnyOf("sender", frozenset({BOB}), excluded=True)]
    assert wish("from:nobody").conditions == [AnyOf("sender", frozenset())]
    assert wish("mentions:me").conditions == [AnyOf("marks", frozenset({"m1", "m0"}))]


def test_days_are_the_askers() -> None:
    assert wish("on:2026-11-24").conditions == [Within(((midnight(24), midnight(25)),))]
    assert wish("before:2026-11-24").conditions == [Within(((0, midnight(24)),))]
    assert wish("after:2026-11-24").conditions == [Within(((midnight(25), LAST_PLACE),))]
    assert wish("-on:2026-11-24 -on:2026-11-20").conditions == [
        Within(((midnight(24), midnight(25)), (midnight(20), midnight(21))), excluded=True)
    ]
    assert wish("on:2026-11-24", 120).conditions == [Within(((midnight(23, 22), midnight(24, 22)),))]


def test_what_only_the_database_knows_is_left_to_it() -> None:
    found = wish("is:pinned -has:reaction is:saved is:unread")
    assert found.rows == {"pinned": True, "reacted": False, "threaded": None, "saved": True}
    assert found.unread is True
    assert found.conditions == []
    for text in ("has:pin -is:pinned", "is:unread -is:unread"):
        with pytest.raises(Unfindable):
            wish(text)


def test_conversations_are_named_by_title_person_or_id() -> None:
    scope = wish("in:ada -in:#Zoo with:bob").scope
    assert (scope["in_titles"], scope["in_people"], scope["is_in"]) == (["ada"], [ADA], True)
    assert (scope["out_titles"], scope["is_out"]) == (["zoo"], True)
    assert (scope["with"], scope["is_without"]) == ([BOB], False)
