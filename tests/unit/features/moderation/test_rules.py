"""Whose rank suffices to silence, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from seriatim.core.errors import BadRequest, Forbidden
from seriatim.features.moderation.rules import LONGEST_SILENCE, outranks, silence
from seriatim.protocol.fields import Role

GUEST, MEMBER, ADMIN, OWNER = Role
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def test_admins_silence_those_below_and_owners_everybody() -> None:
    for theirs in (GUEST, MEMBER):
        outranks(ADMIN, theirs)
    for theirs in Role:
        outranks(OWNER, theirs)
    for theirs in (ADMIN, OWNER):
        with pytest.raises(Forbidden):
            outranks(ADMIN, theirs)


def test_a_silence_ends_after_now_and_within_a_year() -> None:
    for until in (NOW + MOMENT, NOW + LONGEST_SILENCE):
        silence(until, NOW)
    for until in (NOW, NOW - MOMENT, NOW + LONGEST_SILENCE + MOMENT):
        with pytest.raises(BadRequest):
            silence(until, NOW)
