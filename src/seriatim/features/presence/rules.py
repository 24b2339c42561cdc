"""What others see of somebody: his most active device, what he chose, and whom he lets know (pure)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from seriatim.core.activity import Activity
from seriatim.core.errors import BadRequest
from seriatim.core.ids import UserId
from seriatim.protocol.answers import PresenceRow
from seriatim.protocol.commands import SetPresence
from seriatim.protocol.fields import ChosenState, LastSeenTo, PresenceState

LONGEST = timedelta(days=366)
"""An `expires_at` further away is a mistake."""


class Chosen(NamedTuple):
    """How somebody wants to look, until `expires_at`."""

    state: ChosenState = ChosenState.AUTO
    text: str = ""
    expires_at: datetime | None = None

    def at(self, now: datetime) -> "Chosen":
        """Return what still holds at that time."""
        return Chosen() if self.expires_at is not None and self.expires_at <= now else self


class LastSeen(NamedTuple):
    """When somebody was last here, and who is told."""

    at: datetime | None = None
    to: LastSeenTo = LastSeenTo.EVERYONE
    contacts: frozenset[UserId] = frozenset()
    """Known only where it matters."""

    def told_to(self, viewer: UserId) -> datetime | None:
        """Return the time for one viewer, if he is told."""
        if self.to is LastSeenTo.EVERYONE or (self.to is LastSeenTo.CONTACTS and viewer in self.contacts):
            return self.at
        return None


def chosen(command: SetPresence, now: datetime) -> Chosen:
    """Return what the command chooses.

    Raises:
        BadRequest: it ends in the past, or in more than a year.
    """
    if command.expires_at is not None and not now < command.expires_at <= now + LONGEST:
        raise BadRequest("`expires_at` lies within a year from now", path="$.expires_at", reason="time")
    return Chosen(command.state, command.text, command.expires_at)


def most_active(inactive: Iterable[bool]) -> Activity:
    """Return how active somebody's live sessions are together, by whether nobody looks at each."""
    found = Activity.GONE
    for one in inactive:
        if not one:
            return Activity.ACTIVE
        found = Activity.INACTIVE
    return found


def shown(activity: Activity, state: ChosenState) -> Activity:
    """Return how active somebody is said to be: who is invisible is gone, and nobody else learns better."""
    return Activity.GONE if state is ChosenState.INVISIBLE else activity


def seen(user_id: UserId, activity: Activity, chosen: Chosen, last_seen_at: datetime | None) -> PresenceRow:
    """Return what a viewer is told of somebody who is so active, and was last here then."""
    if activity is Activity.GONE:
        state = PresenceState.OFFLINE
    elif chosen.state is ChosenState.DO_NOT_DISTURB:
        state = PresenceState.DO_NOT_DISTURB
    elif activity is Activity.INACTIVE or chosen.state is ChosenState.AWAY:
        state = PresenceState.AWAY
    else:
        state = PresenceState.ONLINE
    told_at = last_seen_at if state is PresenceState.OFFLINE else None
    return PresenceRow(user_id, state, told_at, chosen.text, chosen.expires_at if chosen.text else None)


def hidden(user_id: UserId) -> PresenceRow:
    """Return what somebody is told of who hides from him: the same as of one who is offline and tells nothing."""
    return PresenceRow(user_id, PresenceState.OFFLINE)
