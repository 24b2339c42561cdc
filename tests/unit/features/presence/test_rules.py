from datetime import UTC, datetime, timedelta

import pytest

from seriatim.core.activity import Activity
from seriatim.core.errors import BadRequest
from seriatim.core.ids import UserId
from seriatim.features.presence import rules
from seriatim.features.presence.rules import Chosen, LastSeen
from seriatim.protocol.commands import SetPresence
from seriatim.protocol.fields import ChosenState, LastSeenTo, PresenceState

ADA, BOB = UserId(1), UserId(2)
GONE, INACTIVE, ACTIVE = Activity
AUTO, AWAY, DO_NOT_DISTURB, INVISIBLE = ChosenState
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "gone", "inactive", "active"),
    [
        (AUTO, "offline", "away", "online"),
        (AWAY, "offline", "away", "away"),
        (DO_NOT_DISTURB, "offline", "do_not_disturb", "do_not_disturb"),
        (INVISIBLE, "offline", "offline", "offline"),
    ],
)
def test_what_others_see(state: ChosenState, gone: str, inactive: str, active: str) -> None:
    def seen(activity: Activity) -> PresenceState:
        return rules.seen(ADA, rules.shown(activity, state), Chosen(state), None).state

    assert [seen(GONE), seen(INACTIVE), seen(ACTIVE)] == [gone, inactive, active]


def test_the_text_stands_in_every_state_and_the_time_only_offline() -> None:
    until = NOW + timedelta(hours=1)
    at_work = Chosen(AUTO, "at work", until)
    online = rules.seen(ADA, ACTIVE, at_work, NOW)
    assert (online.text, online.expires_at, online.last_seen_at) == ("at work", until, None)
    offline = rules.seen(ADA, GONE, at_work, NOW)
    assert (offline.text, offline.last_seen_at) == ("at work", NOW)
    assert rules.seen(ADA, ACTIVE, Chosen(AWAY, "", until), None).expires_at is None, "there is no text that could end"


def test_what_was_chosen_ends_at_its_time() -> None:
    chosen = Chosen(DO_NOT_DISTURB, "meeting", NOW)
    assert chosen.at(NOW - timedelta(seconds=1)) == chosen
    assert chosen.at(NOW) == Chosen()


@pytest.mark.parametrize("off", [timedelta(0), timedelta(days=-1), rules.LONGEST + timedelta(seconds=1)])
def test_an_end_in_the_past_or_far_away_is_refused(off: timedelta) -> None:
    with pytest.raises(BadRequest) as refused:
        rules.chosen(SetPresence(id=1, expires_at=NOW + off), NOW)
    assert refused.value.path == "$.expires_at"


def test_last_seen_is_told_to_whom_he_lets_know() -> None:
    contacts = frozenset({BOB})
    everyone, only, nobody = LastSeenTo
    for to, told in ((everyone, [NOW, NOW]), (only, [None, NOW]), (nobody, [None, None])):
        seen = LastSeen(NOW, to, contacts)
        assert [seen.told_to(ADA), seen.told_to(BOB)] == told


def test_who_hides_looks_like_one_who_is_offline_and_tells_nothing() -> None:
    discreet = LastSeen(NOW, LastSeenTo.NOBODY)
    assert rules.hidden(ADA) == rules.seen(ADA, GONE, Chosen(), discreet.told_to(BOB))
